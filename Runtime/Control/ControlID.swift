internal import Digest

/// The key of a control record: the same for every event about the same object version.
public struct ControlID: Sendable, Hashable, CustomStringConvertible {
    /// 32 lowercase hexadecimal digits.
    public let text: String

    /// The ID of the record of one object version in one layer: the first half of the SHA-256 of bucket, key,
    /// version and layer, each on a line.
    public init(bucket: String, key: String, version: String, schema: ControlRecord.Schema) {
        let hash = Digest.sha256("\(bucket)\n\(key)\n\(version)\n\(schema.rawValue)")
        text = hash.prefix(16).hexadecimal
    }

    /// The ID of the item that says which version of a raw key is current.
    init(rawKey key: String, bucket: String) {
        text = Digest.sha256("\(bucket)\n\(key)\n\n\(KeyState.schema)").prefix(16).hexadecimal
    }

    /// The ID of the item that says who may write a table of a layer.
    init(writerOf table: String, in schema: ControlRecord.Schema) {
        text = Digest.sha256("\(schema.rawValue)\n\(table)\n\n\(TableLease.schema)").prefix(16).hexadecimal
    }

    /// The ID of the item that lists the keys of a table whose rows were erased.
    init(erasedKeysOf table: String) {
        text = Digest.sha256("\(ControlRecord.Schema.bronze.rawValue)\n\(table)\n\ndm_erased").prefix(16).hexadecimal
    }

    /// An ID from outside; nil unless it is 32 lowercase hexadecimal digits.
    public init?(_ text: String) {
        let isDigit: (UInt8) -> Bool = { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        guard text.utf8.count == 32, text.utf8.allSatisfy(isDigit) else { return nil }
        self.text = text
    }

    /// The first 16 digits, which make the name of an output file unique.
    public var short: String { String(text.prefix(16)) }

    public var description: String { text }
}
