/// Why a whole file cannot be read. A single faulty row is a ``RejectedRow`` instead.
public enum ColumnarError: Error, Sendable, Hashable {
    // The compressed bytes. `byte` is an offset into them.
    case emptyFile
    case notGzip(byte: Int)
    case truncatedGzip(byte: Int)
    case corruptGzip(byte: Int)
    case notZstd(byte: Int)
    case truncatedZstd(byte: Int)
    case corruptZstd(byte: Int, reason: String)
    case wrongChecksum(byte: Int)
    case trailingGarbage(byte: Int)
    /// The decompressed bytes pass `limit`.
    case tooLarge(limit: Int, byte: Int)
    /// The ratio of decompressed to compressed bytes exceeds that of any table of text: a decompression bomb.
    case suspiciousRatio(limit: Int, byte: Int)

    // The text. `byte` is an offset into the decompressed text.
    case emptyText
    /// The file is no table of text, or none of the format that its name says.
    case foreignFile(reason: String)
    /// No member of any JSON object is a column.
    case noKnownKey(reason: String)
    case headerTooLong(limit: Int)
    case headerNotUTF8
    case badHeader(reason: String)
    case missingColumns([String], header: [String])
    case duplicateColumn(String)
    case unterminatedArray
    case unterminatedQuote(line: Int, byte: Int)

    // The set-up.
    case missingMaskingKey(columns: [String])
    /// A constraint of the contract is not a value of the column's type.
    case badConstraint(column: String, reason: String)
    case unreadable(path: String, reason: String)
}

extension ColumnarError {
    /// The error's name, for a control record's `error_type`.
    public var code: String {
        switch self {
        case .emptyFile: "EmptyFile"
        case .notGzip: "NotGzip"
        case .truncatedGzip: "TruncatedGzip"
        case .corruptGzip: "CorruptGzip"
        case .notZstd: "NotZstd"
        case .truncatedZstd: "TruncatedZstd"
        case .corruptZstd: "CorruptZstd"
        case .wrongChecksum: "WrongChecksum"
        case .trailingGarbage: "TrailingGarbage"
        case .tooLarge: "TooLarge"
        case .suspiciousRatio: "SuspiciousRatio"
        case .emptyText: "EmptyText"
        case .foreignFile: "ForeignFile"
        case .noKnownKey: "NoKnownKey"
        case .headerTooLong: "HeaderTooLong"
        case .headerNotUTF8: "HeaderNotUTF8"
        case .badHeader: "BadHeader"
        case .missingColumns: "MissingColumns"
        case .duplicateColumn: "DuplicateColumn"
        case .unterminatedArray: "UnterminatedArray"
        case .unterminatedQuote: "UnterminatedQuote"
        case .missingMaskingKey: "MissingMaskingKey"
        case .badConstraint: "BadConstraint"
        case .unreadable: "Unreadable"
        }
    }
}

extension ColumnarError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .emptyFile:
            "the file has no bytes; export it again"
        case .notGzip(let byte):
            "not gzip, at byte \(byte); compress it with gzip, or take .gz off its name, and upload it again"
        case .truncatedGzip(let byte):
            "the gzip data ends too early, at byte \(byte); the upload was cut short, upload it again"
        case .corruptGzip(let byte):
            "the gzip data is damaged near byte \(byte); upload it again"
        case .notZstd(let byte):
            "not Zstandard: no frame begins at byte \(byte); compress the file with zstd and upload it again"
        case .truncatedZstd(let byte):
            "the Zstandard data ends too early, at byte \(byte); the upload was cut short, upload it again"
        case .corruptZstd(let byte, let reason):
            "the Zstandard data cannot be decompressed near byte \(byte): \(reason); compress the file again, without "
                + "--long, and upload it again"
        case .wrongChecksum(let byte):
            "the gzip checksum or length is wrong, before byte \(byte); the file was damaged, upload it again"
        case .trailingGarbage(let byte):
            "bytes that are not gzip follow the gzip data, at byte \(byte); upload the file without them"
        case .tooLarge(let limit, let byte):
            "the text has more than \(limit) bytes (at byte \(byte) of the file); split the file, or raise "
                + "MAX_DECOMPRESSED_BYTES"
        case .suspiciousRatio(let limit, let byte):
            "expands more than \(limit) times (at byte \(byte) of the file), as only a decompression bomb does; "
                + "check where the file comes from"
        case .emptyText:
            "the decompressed file is empty or has no header row; export it again"
        case .foreignFile(let reason), .noKnownKey(let reason):
            reason
        case .headerTooLong(let limit):
            "the header row is longer than \(limit) bytes; is this a CSV file?"
        case .headerNotUTF8:
            "the header row is not UTF-8; export the file as UTF-8, or let the contract say how it is written with the custom "
                + "property 'csvEncoding': latin-1, windows-1252, utf-16le or utf-16be"
        case .badHeader(let reason):
            "the header row cannot be read: \(reason)"
        case .missingColumns(let names, let header):
            "the header lacks \(names.count == 1 ? "the required column" : "the required columns") "
                + "\(names.joined(separator: ", ")); it has \(header.joined(separator: ", "))\(Self.resemblance(names, header))"
        case .duplicateColumn(let name):
            "the header names the column '\(name)' twice; rename one, or let the contract name the columns in their order with the "
                + "custom property 'csvHeader: positional'"
        case .unterminatedArray:
            "the text is a JSON array that does not end, so elements may be missing; upload the whole file"
        case .unterminatedQuote(let line, let byte):
            "line \(line), byte \(byte): a quoted field begins in this row and never ends; close the quote"
        case .missingMaskingKey(let columns):
            "the contract hashes \(columns.joined(separator: ", ")), and no masking key is configured; "
                + "set MASKING_KEY or MASKING_KEY_FILE where the emulator or convert starts, on AWS the template's parameter "
                + "MaskingKeyParameter, then replay; or let the contract mask or redact instead"
        case .badConstraint(let column, let reason):
            "the contract's constraint on \(column) is not a value of the column's type: \(reason); fix the contract"
        case .unreadable(let path, let reason):
            "\(path): \(reason)"
        }
    }
}

extension ColumnarError {
    /// Advice where a name of the header is a missing one but for case and spaces, or where Excel's own line is above it.
    private static func resemblance(_ names: [String], _ header: [String]) -> String {
        func reduced(_ name: String) -> String { name.filter { $0 != " " }.lowercased() }
        if let first = header.first, first.lowercased().hasPrefix("sep=") {
            return ". Its first line is one that Excel writes for itself; remove it"
        }
        for name in names {
            guard let other = header.first(where: { reduced($0) == reduced(name) }) else { continue }
            return ". '\(other)' differs from '\(name)' in case or spaces only; write it alike"
        }
        return ""
    }
}
