/// What a file is that is no text, by its first bytes.
enum FileSignature {
    private static let kinds: [(bytes: [UInt8], advice: String)] = [
        (
            [0x1F, 0x8B],
            "the text begins like a gzip file; name a file that is compressed .csv.gz, and compress it once"
        ),
        (
            [0x28, 0xB5, 0x2F, 0xFD],
            "the text begins like a Zstandard file; name a file that is compressed .csv.zst, and compress it once"
        ),
        (
            [0x50, 0x4B, 0x03, 0x04],
            "the text begins like a zip file or an Excel workbook; export it as CSV, compressed by gzip or not"
        ),
        ([0x50, 0x41, 0x52, 0x31], "the text begins like a Parquet file; export it as CSV"),
        ([0xFF, 0xFE], "the text is UTF-16; export the file as UTF-8"),
        ([0xFE, 0xFF], "the text is UTF-16; export the file as UTF-8"),
    ]

    /// Why a text is refused that begins like another kind of file; nil if it does not.
    static func kind(of text: UnsafeBufferPointer<UInt8>) -> String? {
        kinds.first { text.starts(with: $0.bytes) }?.advice
    }
}
