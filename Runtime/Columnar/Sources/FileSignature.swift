/// What a file is that is no table of text, by its first bytes.
enum FileSignature {
    private static let kinds: [(bytes: [UInt8], name: String, advice: String)] = [
        ([0x1F, 0x8B], "a gzip file", "name a file that is compressed .csv.gz or .json.gz, and compress it once"),
        (
            [0x28, 0xB5, 0x2F, 0xFD], "a Zstandard file",
            "name a file that is compressed .csv.zst or .json.zst, and compress it once"
        ),
        ([0x50, 0x41, 0x52, 0x31], "a Parquet file", "export it as CSV or JSON"),
        ([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], "an Excel workbook", "export the sheet as CSV"),
        ([0x25, 0x50, 0x44, 0x46, 0x2D], "a PDF document", "export the table as CSV"),
        (Array("Obj\u{1}".utf8), "an Avro file", "export it as CSV or JSON"),
        (Array("SQLite format 3\0".utf8), "a SQLite database", "export the table as CSV"),
        ([0x42, 0x5A, 0x68], "a bzip2 file", "compress it with gzip or zstd instead"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "an xz file", "compress it with gzip or zstd instead"),
        ([0x04, 0x22, 0x4D, 0x18], "an LZ4 file", "compress it with gzip or zstd instead"),
        ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "a 7z archive", "take the file out, and compress it with gzip or not"),
    ]
    private static let archive: [UInt8] = [0x50, 0x4B, 0x03, 0x04]

    /// Why a file is refused whose text begins so; nil if it may be a table.
    /// - Parameter isCSV: whether it should be CSV; else JSON.
    static func reason(_ front: some Collection<UInt8>, isCSV: Bool) -> String? {
        finding(front, isCSV: isCSV).map { "the text \($0)" }
    }

    /// Why a file is refused that should be compressed and begins so; nil if nothing is known but that it is not.
    /// - Parameter format: the compression that its name says.
    static func reason(_ front: some Collection<UInt8>, against format: String) -> String? {
        finding(front, isCSV: false).map { "not \(format): the file \($0)" }
    }

    private static func finding(_ front: some Collection<UInt8>, isCSV: Bool) -> String? {
        if let kind = kinds.first(where: { front.starts(with: $0.bytes) }) {
            return "begins like \(kind.name); \(kind.advice)"
        }
        if front.starts(with: archive) {
            return holdsWorkbook(front)
                ? "begins like an Excel workbook (a zip file); export the sheet as CSV"
                : "begins like a zip file; take the file out, and compress it with gzip or not"
        }
        if isTar(front) { return "begins like a tar archive; take the files out, and compress each with gzip" }
        let text = Array(front.drop(while: isSpaceOrMark).prefix(16)).map {
            (0x41...0x5A).contains($0) ? $0 | 0x20 : $0
        }
        if ["<!doctype", "<html", "<head", "<body"].contains(where: { text.starts(with: $0.utf8) }) {
            return "is an HTML page, perhaps of an error or a login; download the data itself"
        }
        if ["<?xml", "<error>"].contains(where: { text.starts(with: $0.utf8) }) {
            return "is XML, perhaps the answer of a service to a failed request; export the data as CSV or JSON"
        }
        if isCSV, beginsJSON(text) { return "is JSON; name the file .json, .ndjson or .jsonl" }
        return nil
    }

    /// Spaces, line ends, and the bytes of a byte order mark.
    private static func isSpaceOrMark(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte) || [0xEF, 0xBB, 0xBF].contains(byte)
    }

    /// `{"` or `[{`, with spaces between them or not.
    private static func beginsJSON(_ text: [UInt8]) -> Bool {
        let marks = text.filter { !isSpaceOrMark($0) }.prefix(2)
        return marks.elementsEqual("{\"".utf8) || marks.elementsEqual("[{".utf8)
    }

    /// The names of a workbook's first entries are in its first hundreds of bytes.
    private static func holdsWorkbook(_ front: some Collection<UInt8>) -> Bool {
        let text = String(decoding: front.prefix(4096), as: UTF8.self).unicodeScalars
        var rest = Substring.UnicodeScalarView(text)
        while let start = rest.firstIndex(where: { $0 == "[" || $0 == "x" }) {
            rest = rest[start...]
            if ["[Content_Types].xml", "xl/"].contains(where: { rest.starts(with: $0.unicodeScalars) }) { return true }
            rest.removeFirst()
        }
        return false
    }

    private static func isTar(_ front: some Collection<UInt8>) -> Bool {
        front.dropFirst(257).starts(with: "ustar".utf8)
    }
}
