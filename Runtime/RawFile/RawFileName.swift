/// How the text of a raw file is written.
public enum RawFormat: String, Sendable, Hashable, CaseIterable {
    case csv
    /// NDJSON: one object a line.
    case json
}

/// How a raw file is compressed.
public enum RawCompression: String, Sendable, Hashable, CaseIterable {
    case none
    case gzip
    case zstd
}

/// What the name of a raw file says about its content: `orders.csv.gz`, `ORDERS.CSV`, `orders.ndjson.zst`.
///
/// Uppercase and lowercase are the same. A name that ends in `.gz` alone is NDJSON, because Amazon Data Firehose names its
/// objects like that.
public struct RawFileName: Sendable, Hashable {
    public let format: RawFormat
    public let compression: RawCompression
    /// The name without the endings that say format and compression.
    public let stem: String

    /// The endings that are read, for messages.
    public static let endings = ".csv, .json, .ndjson or .jsonl, alone or with .gz or .zst"

    /// - Parameter name: the file's name, or a path or key that ends in it.
    /// - Returns: nil for a name that ends in none of ``endings``.
    public init?(_ name: String) {
        var rest = name.split(separator: "/").last ?? ""
        if Self.remove(["gz"], from: &rest) {
            compression = .gzip
        } else if Self.remove(["zst"], from: &rest) {
            compression = .zstd
        } else {
            compression = .none
        }
        if Self.remove(["csv"], from: &rest) {
            format = .csv
        } else if Self.remove(["json", "ndjson", "jsonl"], from: &rest) {
            format = .json
        } else if compression == .gzip, !rest.isEmpty, !Self.hasExtension(rest) {
            format = .json
        } else {
            return nil
        }
        stem = String(rest)
    }

    private static func remove(_ extensions: [String], from name: inout Substring) -> Bool {
        for ending in extensions where name.utf8.count > ending.utf8.count {
            let dot = name.utf8.index(name.endIndex, offsetBy: -(ending.utf8.count + 1))
            guard name.utf8[dot] == UInt8(ascii: "."), name[dot...].dropFirst().lowercased() == ending else { continue }
            name = name[..<dot]
            return true
        }
        return false
    }

    /// Whether a name says another format: `backup.tar`, `orders.xml`. Firehose ends its names with a date and an ID, which
    /// may follow a dot of the stream's name.
    private static func hasExtension(_ name: Substring) -> Bool {
        guard let dot = name.lastIndex(of: ".") else { return false }
        let ending = name[dot...].dropFirst().utf8
        return ending.count <= 8
            && ending.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) }
    }
}
