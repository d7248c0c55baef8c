internal import AWSClient
internal import AWSModels
internal import Columnar
internal import Console
internal import Control
internal import JSON
internal import RawFile

extension PipelineSource {
    /// Records of the table that are looked at, newest first as far as the index gives them.
    private static let recordLimit = 2000
    private static let fileLimit = 50
    /// Bytes of a raw object that are read, compressed.
    private static let objectLimit = 16 << 20
    /// Bytes of text that are searched, of all files.
    private static let textLimit = 512 << 20

    func rawLines(_ request: RawLineRequest) throws(ConsoleFault) -> JSON {
        let needle = Array(request.text.utf8)
        guard (1...200).contains(needle.count), !needle.contains(UInt8(ascii: "\n")) else {
            throw .badRequest("text: expected 1 to 200 bytes on one line")
        }
        var lines: [JSON] = []
        var (files, searched) = (0, 0)
        let records = try rawFiles(request)
        var isCut = records.count > Self.fileLimit
        for record in records.prefix(Self.fileLimit) {
            guard lines.count < request.limit, searched < Self.textLimit else {
                isCut = true
                break
            }
            var search = LineSearch(needle, limit: request.limit - lines.count)
            try anyFaults { try read(record, limit: Self.textLimit - searched) { search.add($0) } }
            search.finish()
            files += 1
            searched += search.searched
            isCut = isCut || search.isCut || record.fileSizeInBytes > Self.objectLimit
            for hit in search.hits {
                lines.append([
                    "control_id": .string(record.controlID.text), "object_key": .string(record.objectKey),
                    "output_key": record.outputKey.map { .string($0) } ?? .null, "line": .int(hit.line),
                    "raw_text": .string(hit.text),
                ])
            }
        }
        return [
            "lines": .array(lines), "files": .int(files), "searched_bytes": .int(searched), "truncated": .bool(isCut),
        ]
    }

    /// The records of the files to search, newest first.
    private func rawFiles(_ request: RawLineRequest) throws(ConsoleFault) -> [ControlRecord] {
        var records: [ControlRecord] = []
        if let text = request.id {
            guard let id = ControlID(text) else { throw .badRequest("id: expected a control ID, not \(text)") }
            if let record = try faults({ () throws(ControlError) in try pipeline.control.record(id) }) {
                records = [record]
            }
        } else {
            records = try faults { () throws(ControlError) in
                try pipeline.control.records(.table(request.table, in: .bronze), limit: Self.recordLimit)
            }
        }
        return records.filter { $0.schema == .bronze && $0.table == request.table }
            .sorted { ($0.createdAt, $0.controlID.text) > ($1.createdAt, $1.controlID.text) }
    }

    /// Reads the front of a raw object as text. What cannot be decompressed ends it.
    private func read(_ record: ControlRecord, limit: Int, _ body: ([UInt8]) -> Bool) throws {
        let object = S3Object(bucket: record.bucket, key: record.objectKey)
        let bytes: [UInt8]
        do throws(AWSError) {
            // An empty object has no range.
            guard record.fileSizeInBytes > 0 else { return }
            bytes = try ObjectStore(pipeline.client).get(object, range: .from(0, to: Self.objectLimit)).bytes
        } catch {
            // It has expired.
            guard error.isNotFound else { throw error }
            return
        }
        let compression = RawFileName(record.objectKey)?.compression ?? .none
        let source = compression.text(of: MemorySource(bytes), hashing: nil)
        var piece = [UInt8](repeating: 0, count: 256 << 10)
        var read = 0
        while read < limit {
            guard let count = try? piece.withUnsafeMutableBytes({ try source.read(into: $0) }), count > 0 else {
                return
            }
            read += count
            guard body(Array(piece[..<count])) else { return }
        }
    }
}

/// Finds lines that have a value as a whole word, in text that comes in pieces.
struct LineSearch {
    struct Hit {
        /// From 1.
        let line: Int
        let text: String
    }

    private let needle: [UInt8]
    private let limit: Int
    private var rest: [UInt8] = []
    private var line = 0
    private(set) var hits: [Hit] = []
    private(set) var searched = 0
    /// Whether there may be more.
    private(set) var isCut = false

    /// A line is kept so far at most; a longer one is searched so far only.
    private static let lineLimit = 1 << 20
    private static let shownLimit = 4000

    init(_ needle: [UInt8], limit: Int) {
        self.needle = needle
        self.limit = limit
    }

    /// - Returns: whether to go on.
    mutating func add(_ piece: [UInt8]) -> Bool {
        searched += piece.count
        var start = 0
        while let end = piece[start...].firstIndex(of: UInt8(ascii: "\n")) {
            if rest.isEmpty {
                examine(piece[start..<end])
            } else {
                append(piece[start..<end])
                let whole = rest
                rest.removeAll(keepingCapacity: true)
                examine(whole[...])
            }
            start = end + 1
            guard hits.count < limit else {
                isCut = true
                return false
            }
        }
        append(piece[start...])
        return true
    }

    /// The last line may have no end.
    mutating func finish() {
        if !rest.isEmpty, hits.count < limit { examine(rest[...]) }
        rest = []
    }

    private mutating func append(_ bytes: ArraySlice<UInt8>) {
        rest += bytes.prefix(max(0, Self.lineLimit - rest.count))
    }

    private mutating func examine(_ text: ArraySlice<UInt8>) {
        line += 1
        guard Self.hasWord(needle, in: text) else { return }
        let shown = text.last == UInt8(ascii: "\r") ? text.dropLast() : text
        let cut = shown.count > Self.shownLimit ? "…" : ""
        hits.append(Hit(line: line, text: String(decoding: shown.prefix(Self.shownLimit), as: UTF8.self) + cut))
    }

    /// Whether the text has the needle with neither letter nor digit beside it: `17` is not in `1170`.
    static func hasWord(_ needle: [UInt8], in text: ArraySlice<UInt8>) -> Bool {
        guard let first = needle.first, text.count >= needle.count else { return false }
        var place = text.startIndex
        let last = text.endIndex - needle.count
        while place <= last, let found = text[place...last].firstIndex(of: first) {
            let end = found + needle.count
            if text[found..<end].elementsEqual(needle), found == text.startIndex || !isPartOfWord(text[found - 1]),
                end == text.endIndex || !isPartOfWord(text[end])
            {
                return true
            }
            place = found + 1
        }
        return false
    }

    private static func isPartOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x80...: true
        default: false
        }
    }
}
