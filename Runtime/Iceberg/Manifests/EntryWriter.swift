/// Writes the entries of a manifest in the form of ``ManifestSchema``.
struct EntryWriter {
    /// Of the partition's fields.
    private let partition: [AvroSchema.Field]
    private let types: [IcebergType]

    /// - Parameters:
    ///   - schema: of an entry.
    ///   - types: of the partition's values.
    init(schema: AvroSchema, types: [IcebergType]) {
        self.types = types
        partition = schema.field(2)?.field(102)?.fields ?? []
    }

    func write(_ entry: ManifestEntry, to block: inout AvroEncoder) {
        block.write(entry.status.rawValue)
        block.write(optional: entry.snapshotID)
        // The numbers of an added file are not known before the commit; readers take its manifest's.
        let isAdded = entry.status == .added
        block.write(optional: isAdded ? nil : entry.sequenceNumber)
        block.write(optional: isAdded ? nil : entry.fileSequenceNumber)
        write(entry.file, to: &block)
    }

    private func write(_ file: DataFile, to block: inout AvroEncoder) {
        block.write(file.content.rawValue)
        block.write(sized: file.path.utf8)
        block.write(sized: file.format.utf8)
        for (place, field) in partition.enumerated() {
            let value = place < file.partition.count ? file.partition[place] : nil
            block.write(value?.avro(as: types[place]) ?? .null, field.schema)
        }
        block.write(file.recordCount)
        block.write(file.sizeInBytes)
        for counts in [file.columnSizes, file.valueCounts, file.nullCounts, file.nanCounts] {
            Self.write(counts, to: &block) { block, value in block.write(value) }
        }
        for bounds in [file.lowerBounds, file.upperBounds] {
            Self.write(bounds, to: &block) { block, value in block.write(sized: value) }
        }
        block.write(optional: nil)  // key_metadata
        Self.write(file.splitOffsets, to: &block)
        Self.write(file.equalityIDs.map { Int64($0) }, to: &block)
        block.write(optional: file.sortOrderID.map { Int64($0) })
        block.write(Int64(file.referencedPath == nil ? 0 : 1))
        if let path = file.referencedPath { block.write(sized: path.utf8) }
    }

    /// A map by numbers: null if it is empty, else an array of pairs in the keys' order.
    private static func write<Value>(
        _ map: [Int32: Value], to block: inout AvroEncoder, _ write: (inout AvroEncoder, Value) -> Void
    ) {
        guard !map.isEmpty else { return block.write(optional: nil) }
        block.write(1)
        block.write(Int64(map.count))
        for (key, value) in map.sorted(by: { $0.key < $1.key }) {
            block.write(Int64(key))
            write(&block, value)
        }
        block.write(0)
    }

    /// A list: null if it is empty.
    private static func write(_ values: [Int64], to block: inout AvroEncoder) {
        guard !values.isEmpty else { return block.write(optional: nil) }
        block.write(1)
        block.write(Int64(values.count))
        for value in values { block.write(value) }
        block.write(0)
    }
}

extension AvroEncoder {
    /// A number that may be null, in a union with null before it.
    fileprivate mutating func write(optional value: Int64?) {
        write(Int64(value == nil ? 0 : 1))
        if let value { write(value) }
    }
}

extension AvroSchema {
    /// Of a record.
    fileprivate var fields: [Field] { if case .record(let fields) = self { fields } else { [] } }

    /// The type of a record's field with Iceberg's id.
    fileprivate func field(_ id: Int32) -> AvroSchema? { fields.first { $0.id == id }?.schema }
}
