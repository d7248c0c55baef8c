internal import Gzip

/// Writes rejected rows as gzipped NDJSON: one object a row, with `line`, `byte_offset`, `column`, `reason`, `message`,
/// `raw_text` and `raw_length`.
///
/// `raw_text` is null where the contract masks a column, and holds U+FFFD for what is not UTF-8; the raw file, at
/// `byte_offset`, has the row itself.
public struct QuarantineWriter: ~Copyable {
    public private(set) var count = 0
    private var gzip = GzipWriter()

    public init() {}

    public mutating func append(_ rows: [RejectedRow]) {
        guard !rows.isEmpty else { return }
        var lines: [UInt8] = []
        for row in rows { lines.append(row) }
        gzip.append(lines)
        count += rows.count
    }

    /// The bytes that are ready, so that a large file need not be held in memory.
    public mutating func takeOutput() -> [UInt8] { gzip.takeOutput() }

    /// The rest of the file.
    public consuming func finish() -> [UInt8] { gzip.finish() }
}

extension [UInt8] {
    fileprivate mutating func append(_ row: RejectedRow) {
        append(contentsOf: "{\"line\":\(row.line),\"byte_offset\":\(row.byteOffset),\"column\":".utf8)
        if let column = row.column { appendJSON(column.utf8) } else { append(contentsOf: "null".utf8) }
        append(contentsOf: ",\"reason\":\"\(row.reason.rawValue)\",\"message\":".utf8)
        appendJSON(row.message.utf8)
        append(contentsOf: ",\"raw_text\":".utf8)
        if let text = row.rawText {
            appendJSON(String(decoding: text, as: UTF8.self).utf8)
        } else {
            append(contentsOf: "null".utf8)
        }
        append(contentsOf: ",\"raw_length\":\(row.rawLength)}\n".utf8)
    }
}
