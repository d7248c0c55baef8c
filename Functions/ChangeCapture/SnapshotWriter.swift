internal import AWSClient
internal import AWSModels
internal import Gzip
internal import PostgresReplication

/// Writes the rows of a snapshot as raw objects: gzipped lines, as firehose-transform would write them.
struct SnapshotWriter: ~Copyable {
    private static let objectSize = 16 << 20
    private static let bufferSize = 64 << 10

    private let objects: ObjectStore
    private let bucket: String
    private let keyPrefix: String
    private let labels: [[UInt8]]
    private let kinds: [RowShape.Kind]
    /// `"operation":"insert",…,"_cdc_order":"…-…-`
    private let tail: [UInt8]
    private var lines = ByteBuffer(capacity: 128 << 10)
    private var scratch = ByteBuffer()
    private var gzip: GzipWriter? = GzipWriter(level: 1)
    private var compressed: [UInt8] = []
    private(set) var rowCount: UInt64 = 0
    private(set) var objectCount = 0

    /// - Parameter point: the snapshot's place in the order of changes.
    init(
        _ objects: ObjectStore, bucket: String, slot: String, table: SourceTable, columns: [SourceDatabase.Column],
        point: CapturePoint
    ) {
        self.objects = objects
        self.bucket = bucket
        let position = String(point.position.value, radix: 16, uppercase: true)
        let padded = String(repeating: "0", count: 16 - position.utf8.count) + position
        keyPrefix = "raw/\(table.name)/\(slot)-snapshot-\(padded)-"
        labels = columns.enumerated().map { index, column in
            (index == 0 ? [] : [UInt8(ascii: ",")]) + RowShape.quoted(column.name) + [UInt8(ascii: ":")]
        }
        kinds = columns.map { RowShape.kind(ofType: $0.type) }
        var tail = ByteBuffer()
        tail.append(",\"_cdc_timestamp\":\"")
        tail.append(microseconds: point.time)
        tail.append("\",\"_cdc_load\":true,\"_cdc_order\":\"")
        tail.append(UInt64(max(0, point.time)), width: 18)
        tail.append("-")
        tail.append(hexadecimal: point.position.value, width: 16)
        tail.append("-")
        self.tail = tail.array
        compressed.reserveCapacity(Self.objectSize + Self.bufferSize)
        // A row that an earlier snapshot had, and this one has not, is gone.
        lines.append("{\"operation\":\"truncate\"")
        endLine(index: 0)
    }

    /// - Parameter row: as COPY writes it as text.
    @inline(__always)
    mutating func append(_ row: UnsafeRawBufferPointer) throws(AWSError) {
        var fields = CopyRow(row)
        lines.append("{")
        for index in labels.indices {
            guard let field = fields.next() else { break }
            lines.append(labels[index])
            lines.append(copyField: field, as: kinds[index], &scratch)
        }
        lines.append(",\"operation\":\"insert\"")
        rowCount += 1
        endLine(index: rowCount)
        if lines.count >= Self.bufferSize { try compress() }
    }

    private mutating func endLine(index: UInt64) {
        lines.append(tail)
        lines.append(index, width: 10)
        lines.append("\"}\n")
    }

    private mutating func compress() throws(AWSError) {
        gzip?.append(lines.bytes)
        lines.removeAll()
        compressed += gzip?.takeOutput() ?? []
        if compressed.count >= Self.objectSize { try put() }
    }

    private mutating func put() throws(AWSError) {
        if let finished = gzip.take() { compressed += finished.finish() }
        gzip = GzipWriter(level: 1)
        objectCount += 1
        let number = String(objectCount)
        let key = keyPrefix + String(repeating: "0", count: max(0, 6 - number.utf8.count)) + number + ".json.gz"
        try objects.put(compressed, to: S3Object(bucket: bucket, key: key), contentType: "application/x-ndjson")
        compressed.removeAll(keepingCapacity: true)
    }

    /// Writes what is left. Every object is durable then.
    mutating func finish() throws(AWSError) {
        if lines.count > 0 { try compress() }
        try put()
    }
}
