/// Reads the entries of a manifest from their bytes, without a tree of values between: hundreds of files have ten thousands of
/// counts and bounds, and each build and each query reads them.
///
/// Fields are found by Iceberg's ids in whatever order the writer has them; others are passed by.
/// - SeeAlso: <https://iceberg.apache.org/spec/#manifests>
struct EntryReader {
    /// As the writer has them.
    let fields: [AvroSchema.Field]
    /// The manifest's line in its list, whose numbers entries inherit.
    let listed: ManifestFile
    /// Of the partition's values.
    let types: [IcebergType]
    /// The statistics that are kept; the others are passed by.
    var kept = KeptStatistics.all

    func entry(_ decoder: inout AvroDecoder) throws(IcebergError) -> ManifestEntry {
        var status: Int64?
        var snapshotID: Int64?
        var sequence: Int64?
        var fileSequence: Int64?
        var file: DataFile?
        for field in fields {
            switch field.id {
            case 0: status = try decoder.number(field.schema)
            case 1: snapshotID = try decoder.number(field.schema)
            case 3: sequence = try decoder.number(field.schema)
            case 4: fileSequence = try decoder.number(field.schema)
            case 2:
                let schema = try decoder.branch(of: field.schema)
                if case .record(let fields) = schema {
                    file = try self.file(fields, &decoder)
                } else {
                    try decoder.skip(schema)
                }
            default: try decoder.skip(field.schema)
            }
        }
        guard let number = status else { throw Self.missing(0) }
        guard let status = ManifestEntry.Status(rawValue: number), let file else {
            throw .metadata(place: listed.path, reason: "an entry has no file, or a status that is not known")
        }
        // What an added file leaves out is its manifest's; files of format version 1 have no numbers and are the oldest.
        let inherited = status == .added ? listed.sequenceNumber : 0
        return ManifestEntry(
            status: status, snapshotID: snapshotID ?? listed.addedSnapshotID, sequenceNumber: sequence ?? inherited,
            fileSequenceNumber: fileSequence ?? inherited, file: file)
    }

    private func file(
        _ fields: [AvroSchema.Field], _ decoder: inout AvroDecoder
    ) throws(IcebergError) -> DataFile {
        var file = DataFile(path: "", partition: [], recordCount: 0, sizeInBytes: 0)
        var path: String?
        var format: String?
        var content: Int64?
        var recordCount: Int64?
        var size: Int64?
        var partition: [AvroValue] = []
        for field in fields {
            let schema = field.schema
            switch field.id {
            case 134: content = try decoder.number(schema)
            case 100: path = try decoder.text(schema)
            case 101: format = try decoder.text(schema)
            case 102: partition = try decoder.read(schema).record ?? []
            case 103: recordCount = try decoder.number(schema)
            case 104: size = try decoder.number(schema)
            case 108: file.columnSizes = try decoder.numbers(schema, of: kept.sizes)
            case 109: file.valueCounts = try decoder.numbers(schema, of: kept.values)
            case 110: file.nullCounts = try decoder.numbers(schema, of: kept.values)
            case 137: file.nanCounts = try decoder.numbers(schema, of: kept.values)
            case 125: file.lowerBounds = try decoder.bounds(schema, of: kept.values)
            case 128: file.upperBounds = try decoder.bounds(schema, of: kept.values)
            case 132: file.splitOffsets = try decoder.read(schema).array?.compactMap(\.long) ?? []
            case 135:
                file.equalityIDs =
                    try decoder.read(schema).array?.compactMap { $0.long.flatMap { Int32(exactly: $0) } } ?? []
            case 140: file.sortOrderID = try decoder.number(schema).flatMap { Int32(exactly: $0) }
            case 143: file.referencedPath = try decoder.text(schema)
            default: try decoder.skip(schema)
            }
        }
        guard let path else { throw Self.missing(100) }
        guard let recordCount else { throw Self.missing(103) }
        guard let size else { throw Self.missing(104) }
        guard let content = DataFile.Content(rawValue: content ?? 0) else {
            throw .unsupported("a file of content \(content ?? 0)")
        }
        guard let format else { throw Self.missing(101) }
        (file.path, file.format, file.content) = (path, format, content)
        (file.recordCount, file.sizeInBytes) = (recordCount, size)
        file.partition = types.indices.map {
            $0 < partition.count ? IcebergValue(partition[$0], as: types[$0]) : nil
        }
        return file
    }

    private static func missing(_ id: Int32) -> IcebergError {
        .metadata(place: "field \(id) of a manifest", reason: "it is missing")
    }
}

extension AvroDecoder {
    /// A whole number; nil for a null, or for another type.
    fileprivate mutating func number(_ schema: AvroSchema) throws(IcebergError) -> Int64? {
        let type = try branch(of: schema)
        if type.isWhole { return try long() }
        try skip(type)
        return nil
    }

    /// A text; nil for a null, or for another type.
    fileprivate mutating func text(_ schema: AvroSchema) throws(IcebergError) -> String? {
        try read(schema).string
    }

    /// A map of numbers by numbers, which is an array of pairs.
    /// - Parameter kept: the keys that are wanted; nil for all.
    fileprivate mutating func numbers(
        _ schema: AvroSchema, of kept: [Int32]?
    ) throws(IcebergError) -> [Int32: Int64] {
        var result: [Int32: Int64] = [:]
        let type = try branch(of: schema)
        guard let pair = type.pair, pair.value.isWhole else {
            for (key, value) in try pairs(type) where kept?.contains(key) ?? true { result[key] = value.long }
            return result
        }
        while case let count = try blockCount(), count > 0 {
            result.reserveCapacity(result.count + min(count, kept?.count ?? Self.reserved))
            for _ in 0..<count {
                let key = Int32(truncatingIfNeeded: try long())
                let value = try long()
                if kept?.contains(key) ?? true { result[key] = value }
            }
        }
        return result
    }

    /// A map of bytes by numbers.
    fileprivate mutating func bounds(
        _ schema: AvroSchema, of kept: [Int32]?
    ) throws(IcebergError) -> [Int32: [UInt8]] {
        var result: [Int32: [UInt8]] = [:]
        let type = try branch(of: schema)
        guard let pair = type.pair, pair.value == .bytes else {
            for (key, value) in try pairs(type) where kept?.contains(key) ?? true { result[key] = value.bytes }
            return result
        }
        while case let count = try blockCount(), count > 0 {
            result.reserveCapacity(result.count + min(count, kept?.count ?? Self.reserved))
            for _ in 0..<count {
                let key = Int32(truncatingIfNeeded: try long())
                if kept?.contains(key) ?? true { result[key] = try sized() } else { try skip(.bytes) }
            }
        }
        return result
    }

    /// The pairs of an array whose shape is not the usual one.
    private mutating func pairs(_ type: AvroSchema) throws(IcebergError) -> [(key: Int32, value: AvroValue)] {
        try (read(type).array ?? []).compactMap { pair in
            guard let pair = pair.record, pair.count == 2, let key = pair[0].long else { return nil }
            return (Int32(truncatingIfNeeded: key), pair[1])
        }
    }

    /// Room that a damaged count may cost at most.
    private static let reserved = 4096
}

extension AvroSchema {
    fileprivate var isWhole: Bool {
        switch self {
        case .int, .long: true
        default: false
        }
    }

    /// The types of a map's key, a whole number, and value; nil if an array has other items.
    fileprivate var pair: (key: AvroSchema, value: AvroSchema)? {
        guard case .array(.record(let fields)) = self, fields.count == 2, fields[0].schema.isWhole else { return nil }
        return (fields[0].schema, fields[1].schema)
    }
}
