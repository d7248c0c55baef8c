internal import JSON

/// A file that lists files of a table, all of one partition spec.
/// - SeeAlso: <https://iceberg.apache.org/spec/#manifests>
public struct Manifest: Sendable {
    public let spec: PartitionSpec
    public let entries: [ManifestEntry]

    /// Reads a manifest.
    /// - Parameters:
    ///   - listed: the manifest's line in its list, whose numbers entries inherit.
    ///   - types: of the partition's values.
    public init(_ bytes: [UInt8], listed: ManifestFile, spec: PartitionSpec, schema: IcebergSchema) throws(IcebergError)
    {
        let file = try AvroFile(bytes)
        let places = FieldPlaces(file.fields)
        let types = try spec.types(in: schema)
        var entries: [ManifestEntry] = []
        entries.reserveCapacity(file.records.count)
        for values in file.records {
            entries.append(try ManifestEntry(AvroRecord(values, places), listed: listed, types: types))
        }
        self.spec = spec
        self.entries = entries
    }

    /// The bytes of a manifest.
    /// - Parameter schema: the table's schema when the manifest is written.
    public static func bytes(
        _ entries: [ManifestEntry], spec: PartitionSpec, schema: IcebergSchema, content: ManifestFile.Content = .data,
        sync: [UInt8]
    ) throws(IcebergError) -> [UInt8] {
        let types = try spec.types(in: schema)
        return try AvroFile.bytes(
            schema: ManifestSchema.entry(spec, types: types),
            metadata: [
                ("schema", schema.json.text), ("schema-id", "\(schema.id)"),
                ("partition-spec", JSON.array(spec.fields.map(\.json)).text), ("partition-spec-id", "\(spec.id)"),
                ("format-version", "2"), ("content", content == .data ? "data" : "deletes"),
            ],
            records: entries.map { $0.avro(types: types) }, sync: sync)
    }
}

extension ManifestEntry {
    fileprivate init(_ record: AvroRecord, listed: ManifestFile, types: [IcebergType]) throws(IcebergError) {
        guard let status = Status(rawValue: try record.long(0)), let file = record.record(2) else {
            throw .metadata(place: listed.path, reason: "an entry has no file, or a status that is not known")
        }
        // What an added file leaves out is its manifest's; files of format version 1 have no numbers and are the oldest.
        let inherited = status == .added ? listed.sequenceNumber : 0
        let sequence = record[3]?.long ?? inherited
        self.init(
            status: status, snapshotID: record[1]?.long ?? listed.addedSnapshotID, sequenceNumber: sequence,
            fileSequenceNumber: record[4]?.long ?? inherited, file: try DataFile(file, types: types))
    }

    fileprivate func avro(types: [IcebergType]) -> AvroValue {
        // The numbers of an added file are not known before the commit; readers take its manifest's.
        let isAdded = status == .added
        return .record([
            .long(status.rawValue), .long(snapshotID), isAdded ? .null : .long(sequenceNumber),
            isAdded ? .null : .long(fileSequenceNumber), file.avro(types: types),
        ])
    }
}

extension DataFile {
    fileprivate init(_ record: AvroRecord, types: [IcebergType]) throws(IcebergError) {
        self.init(
            path: try record.string(100), partition: [], recordCount: try record.long(103),
            sizeInBytes: try record.long(104))
        guard let content = Content(rawValue: record[134]?.long ?? 0) else {
            throw .unsupported("a file of content \(record[134]?.long ?? 0)")
        }
        self.content = content
        format = try record.string(101)
        let values = record.values(of: 102)
        partition = types.indices.map { $0 < values.count ? IcebergValue(values[$0], as: types[$0]) : nil }
        columnSizes = record.longs(108)
        valueCounts = record.longs(109)
        nullCounts = record.longs(110)
        nanCounts = record.longs(137)
        lowerBounds = record.bytes(125)
        upperBounds = record.bytes(128)
        splitOffsets = (record[132]?.array ?? []).compactMap(\.long)
        equalityIDs = (record[135]?.array ?? []).compactMap { $0.long.flatMap { Int32(exactly: $0) } }
        sortOrderID = record[140]?.long.flatMap { Int32(exactly: $0) }
        referencedPath = record[143]?.string
    }

    fileprivate func avro(types: [IcebergType]) -> AvroValue {
        let values = zip(partition, types).map { value, type in value?.avro(as: type) ?? AvroValue.null }
        return .record([
            .long(content.rawValue), .string(path), .string(format), .record(values), .long(recordCount),
            .long(sizeInBytes), Self.map(columnSizes), Self.map(valueCounts), Self.map(nullCounts), Self.map(nanCounts),
            Self.map(lowerBounds), Self.map(upperBounds), .null,
            splitOffsets.isEmpty ? .null : .array(splitOffsets.map { .long($0) }),
            equalityIDs.isEmpty ? .null : .array(equalityIDs.map { .long(Int64($0)) }),
            sortOrderID.map { .long(Int64($0)) } ?? .null, referencedPath.map { .string($0) } ?? .null,
        ])
    }

    private static func map(_ values: [Int32: Int64]) -> AvroValue {
        pairs(values.mapValues { .long($0) })
    }

    private static func map(_ values: [Int32: [UInt8]]) -> AvroValue {
        pairs(values.mapValues { .bytes($0) })
    }

    private static func pairs(_ values: [Int32: AvroValue]) -> AvroValue {
        guard !values.isEmpty else { return .null }
        return .array(values.sorted { $0.key < $1.key }.map { .record([.long(Int64($0.key)), $0.value]) })
    }
}
