internal import EmulatorCore
internal import JSON
internal import Time

/// A version of an object, or a delete marker, in the index. Its bytes are found by `sequence`.
struct StoredObject: Sendable {
    var sequence: Int64 = 0
    var key: String
    /// `null` if it was written while versioning was not enabled.
    var version: String
    var isLatest = true
    var isDeleteMarker = false
    /// In bytes.
    var size: Int
    /// Without quotation marks.
    var etag: String
    /// Milliseconds since 1970.
    var modified: Int64
    var headers = ObjectHeaders()
    var tags = TagSet()
    var checksum: Checksum?
    /// The number of parts of a multipart object; 0 for other objects.
    var partCount = 0

    static let nullVersion = "null"

    var quotedETag: String { "\"\(etag)\"" }
    var lastModified: Timestamp { Timestamp(milliseconds: modified) }
    var storageClass: String { headers["x-amz-storage-class"] ?? "STANDARD" }

    fileprivate static let columns = """
        sequence, key, version, is_latest, is_delete_marker, size, etag, modified, headers, tags, checksum_algorithm, \
        checksum, checksum_scope, part_count
        """

    init(_ row: borrowing Row) {
        sequence = row.integer(0)
        key = row.text(1)
        version = row.text(2)
        isLatest = row.int(3) == 1
        isDeleteMarker = row.int(4) == 1
        size = row.int(5)
        etag = row.text(6)
        modified = row.integer(7)
        headers = ObjectHeaders(stored: row.text(8))
        tags = TagSet(stored: row.text(9))
        if let algorithm = row.textOrNil(10).flatMap(ChecksumAlgorithm.init(rawValue:)) {
            let scope = row.textOrNil(12).flatMap(Checksum.Scope.init(rawValue:)) ?? .fullObject
            checksum = Checksum(algorithm: algorithm, value: row.text(11), scope: scope)
        }
        partCount = row.int(13)
    }

    init(key: String, version: String, size: Int, etag: String, modified: Int64) {
        self.key = key
        self.version = version
        self.size = size
        self.etag = etag
        self.modified = modified
    }
}

/// The location of an object's bytes.
enum ObjectContent: Sendable {
    case inline([UInt8])
    /// The files in order.
    case files([Segment])

    struct Segment: Sendable {
        let file: String
        /// In bytes.
        let size: Int
        /// The checksum of a multipart object's part, in Base64.
        var checksum: String?
    }
}

extension Snapshot {
    /// The latest version, which may be a delete marker.
    func latestObject(_ bucket: String, _ key: String) throws -> StoredObject? {
        try first(
            "SELECT \(StoredObject.columns) FROM s3_object WHERE bucket = ? AND key = ? AND is_latest", .text(bucket),
            .text(key)
        ) { StoredObject($0) }
    }

    func object(_ bucket: String, _ key: String, version: String) throws -> StoredObject? {
        try first(
            "SELECT \(StoredObject.columns) FROM s3_object WHERE bucket = ? AND key = ? AND version = ?", .text(bucket),
            .text(key), .text(version)
        ) { StoredObject($0) }
    }

    /// Calls `visit` with latest versions in the order of their keys, from `start` on, until it returns false.
    func scanLatest(_ bucket: String, from start: String, visit: (StoredObject) throws -> Bool) throws {
        try scan(
            """
            SELECT \(StoredObject.columns) FROM s3_object WHERE bucket = ? AND key >= ? AND is_latest ORDER BY key
            """, .text(bucket), .text(start)
        ) { try visit(StoredObject($0)) }
    }

    /// Calls `visit` with all versions, newest first within a key, from `start` on, until it returns false.
    func scanVersions(_ bucket: String, from start: String, visit: (StoredObject) throws -> Bool) throws {
        try scan(
            """
            SELECT \(StoredObject.columns) FROM s3_object WHERE bucket = ? AND key >= ? ORDER BY key, sequence DESC
            """, .text(bucket), .text(start)
        ) { try visit(StoredObject($0)) }
    }

    func content(of object: StoredObject) throws -> ObjectContent {
        if let bytes = try first(
            "SELECT bytes FROM s3_content WHERE object = ?", .integer(object.sequence), row: { $0.blob(0) })
        {
            return .inline(bytes)
        }
        return .files(
            try all(
                "SELECT file, size, checksum FROM s3_segment WHERE object = ? ORDER BY position",
                .integer(object.sequence)
            ) { ObjectContent.Segment(file: $0.text(0), size: $0.int(1), checksum: $0.textOrNil(2)) })
    }
}

extension Transaction {
    /// Adds `object` as the newest version of its key.
    func insert(_ object: StoredObject, in bucket: String, _ content: ObjectContent) throws -> Int64 {
        try execute(
            "UPDATE s3_object SET is_latest = 0 WHERE bucket = ? AND key = ? AND is_latest", .text(bucket),
            .text(object.key))
        try execute(
            """
            INSERT INTO s3_object (bucket, key, version, is_latest, is_delete_marker, size, etag, modified, headers,
                tags, checksum_algorithm, checksum, checksum_scope, part_count)
            VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, .text(bucket), .text(object.key), .text(object.version), .integer(object.isDeleteMarker ? 1 : 0),
            .integer(object.size), .text(object.etag), .integer(object.modified), .text(object.headers.stored),
            .text(object.tags.stored), .text(object.checksum?.algorithm.rawValue), .text(object.checksum?.value),
            .text(object.checksum?.scope.rawValue), .integer(object.partCount))
        let sequence = lastInsertedRow
        switch content {
        case .inline(let bytes):
            try execute("INSERT INTO s3_content VALUES (?, ?)", .integer(sequence), .blob(bytes))
        case .files(let segments):
            for (position, segment) in segments.enumerated() {
                try execute(
                    "INSERT INTO s3_segment VALUES (?, ?, ?, ?, ?)", .integer(sequence), .integer(position),
                    .text(segment.file), .integer(segment.size), .text(segment.checksum))
            }
        }
        return sequence
    }

    /// Removes a version. If it was the latest, the version before it becomes the latest.
    /// - Returns: the files that are no longer used.
    func remove(_ object: StoredObject, from bucket: String) throws -> [String] {
        let segments = try snapshot.all(
            "SELECT file FROM s3_segment WHERE object = ?", .integer(object.sequence)
        ) { $0.text(0) }
        try execute("DELETE FROM s3_content WHERE object = ?", .integer(object.sequence))
        try execute("DELETE FROM s3_segment WHERE object = ?", .integer(object.sequence))
        try execute("DELETE FROM s3_object WHERE sequence = ?", .integer(object.sequence))
        if object.isLatest {
            try execute(
                """
                UPDATE s3_object SET is_latest = 1 WHERE sequence =
                    (SELECT max(sequence) FROM s3_object WHERE bucket = ? AND key = ?)
                """, .text(bucket), .text(object.key))
        }
        return try segments.filter { try !snapshot.refers(to: $0) }
    }
}

extension Snapshot {
    /// Whether an object or a part of an upload uses `file`.
    func refers(to file: String) throws -> Bool {
        try first(
            """
            SELECT 1 WHERE EXISTS (SELECT 1 FROM s3_segment WHERE file = ?)
                OR EXISTS (SELECT 1 FROM s3_part WHERE file = ?)
            """, .text(file), .text(file)
        ) { _ in true } ?? false
    }
}
