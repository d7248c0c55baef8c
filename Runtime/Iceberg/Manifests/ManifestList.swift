/// A line of a manifest list: a manifest, and what it holds.
/// - SeeAlso: <https://iceberg.apache.org/spec/#manifest-lists>
public struct ManifestFile: Sendable, Hashable {
    public enum Content: Int64, Sendable {
        case data = 0, deletes
    }

    /// What the values of one partition field are in a manifest.
    public struct FieldSummary: Sendable, Hashable {
        public var containsNull: Bool
        public var containsNaN: Bool?
        public var lowerBound: [UInt8]?
        public var upperBound: [UInt8]?
    }

    /// Files or rows by the status of their entries.
    public struct Counts: Sendable, Hashable {
        public var added: Int64 = 0
        public var existing: Int64 = 0
        public var deleted: Int64 = 0
    }

    public var path: String
    public var sizeInBytes: Int64
    public var specID: Int32
    public var content: Content
    public var sequenceNumber: Int64
    public var minimumSequenceNumber: Int64
    public var addedSnapshotID: Int64
    public var files = Counts()
    public var rows = Counts()
    public var partitions: [FieldSummary]

    /// The line of a manifest that is written for a snapshot.
    public init(
        path: String, sizeInBytes: Int64, entries: [ManifestEntry], spec: PartitionSpec, sequenceNumber: Int64,
        snapshotID: Int64, content: Content = .data
    ) {
        self.path = path
        self.sizeInBytes = sizeInBytes
        specID = spec.id
        self.content = content
        self.sequenceNumber = sequenceNumber
        addedSnapshotID = snapshotID
        minimumSequenceNumber = sequenceNumber
        partitions = spec.fields.map { _ in FieldSummary(containsNull: false, containsNaN: false) }
        var bounds = [(lower: IcebergValue, upper: IcebergValue)?](repeating: nil, count: spec.fields.count)
        for entry in entries {
            switch entry.status {
            case .added: files.added += 1; rows.added += entry.file.recordCount
            case .existing: files.existing += 1; rows.existing += entry.file.recordCount
            case .deleted: files.deleted += 1; rows.deleted += entry.file.recordCount
            }
            if entry.status == .existing { minimumSequenceNumber = min(minimumSequenceNumber, entry.sequenceNumber) }
            for (place, value) in entry.file.partition.enumerated() {
                guard let value else {
                    partitions[place].containsNull = true
                    continue
                }
                if value.isNaN {
                    partitions[place].containsNaN = true
                    continue
                }
                let (lower, upper) = bounds[place] ?? (value, value)
                bounds[place] = (value < lower ? value : lower, upper < value ? value : upper)
            }
        }
        for (place, bound) in bounds.enumerated() {
            partitions[place].lowerBound = bound?.lower.serialized
            partitions[place].upperBound = bound?.upper.serialized
        }
    }

    private init(_ record: AvroRecord) throws(IcebergError) {
        path = try record.string(500)
        sizeInBytes = try record.long(501)
        specID = Int32(truncatingIfNeeded: try record.long(502))
        guard let content = Content(rawValue: record[517]?.long ?? 0) else {
            throw .unsupported("a manifest of content \(record[517]?.long ?? 0)")
        }
        self.content = content
        sequenceNumber = record[515]?.long ?? 0
        minimumSequenceNumber = record[516]?.long ?? 0
        addedSnapshotID = record[503]?.long ?? 0
        files = Counts(added: record[504]?.long ?? 0, existing: record[505]?.long ?? 0, deleted: record[506]?.long ?? 0)
        rows = Counts(added: record[512]?.long ?? 0, existing: record[513]?.long ?? 0, deleted: record[514]?.long ?? 0)
        partitions = (record[507]?.array ?? []).compactMap { element in
            guard let values = element.record, values.count >= 4, case .boolean(let containsNull) = values[0] else {
                return nil
            }
            let containsNaN: Bool? = if case .boolean(let value) = values[1] { value } else { nil }
            return FieldSummary(
                containsNull: containsNull, containsNaN: containsNaN, lowerBound: values[2].bytes,
                upperBound: values[3].bytes)
        }
    }

    /// Reads a manifest list.
    public static func list(_ bytes: [UInt8]) throws(IcebergError) -> [ManifestFile] {
        let file = try AvroFile(bytes)
        let places = FieldPlaces(file.fields)
        var manifests: [ManifestFile] = []
        for values in file.records { manifests.append(try ManifestFile(AvroRecord(values, places))) }
        return manifests
    }

    /// The bytes of a manifest list.
    public static func bytes(
        of manifests: [ManifestFile], snapshotID: Int64, parentID: Int64?, sequenceNumber: Int64, sync: [UInt8]
    ) throws(IcebergError) -> [UInt8] {
        try AvroFile.bytes(
            schema: ManifestSchema.list,
            metadata: [
                ("snapshot-id", "\(snapshotID)"), ("parent-snapshot-id", parentID.map { "\($0)" } ?? "null"),
                ("sequence-number", "\(sequenceNumber)"), ("format-version", "2"),
            ],
            records: manifests.map(\.avro), sync: sync)
    }

    private var avro: AvroValue {
        let summaries = partitions.map { summary -> AvroValue in
            .record([
                .boolean(summary.containsNull), summary.containsNaN.map { .boolean($0) } ?? .null,
                summary.lowerBound.map { .bytes($0) } ?? .null, summary.upperBound.map { .bytes($0) } ?? .null,
            ])
        }
        return .record([
            .string(path), .long(sizeInBytes), .long(Int64(specID)), .long(content.rawValue), .long(sequenceNumber),
            .long(minimumSequenceNumber), .long(addedSnapshotID), .long(files.added), .long(files.existing),
            .long(files.deleted), .long(rows.added), .long(rows.existing), .long(rows.deleted), .array(summaries),
            .null,
        ])
    }
}

extension IcebergValue: Comparable {
    /// The order that bounds have; values of one type are compared, text by its bytes.
    public static func < (left: IcebergValue, right: IcebergValue) -> Bool {
        switch (left, right) {
        case (.boolean(let left), .boolean(let right)): !left && right
        case (.int(let left), .int(let right)): left < right
        case (.long(let left), .long(let right)): left < right
        case (.int(let left), .long(let right)): Int64(left) < right
        case (.long(let left), .int(let right)): left < Int64(right)
        case (.float(let left), .float(let right)): left < right
        case (.double(let left), .double(let right)): left < right
        case (.decimal(let left), .decimal(let right)): left < right
        case (.string(let left), .string(let right)): left.utf8.lexicographicallyPrecedes(right.utf8)
        case (.bytes(let left), .bytes(let right)): left.lexicographicallyPrecedes(right)
        default: false
        }
    }

    var isNaN: Bool {
        switch self {
        case .float(let value): value.isNaN
        case .double(let value): value.isNaN
        default: false
        }
    }
}
