internal import Time

/// The key of a raw object's bronze file. It derives from the control record alone, so work done twice writes one file.
public struct BronzeKey: Sendable, Hashable, CustomStringConvertible {
    public let text: String

    /// `bronze/<table>/year=YYYY/month=MM/day=DD/<stem>-<id>.parquet`
    /// - Throws: ``ControlError/invalidKey(_:reason:)`` when the record's table name is invalid.
    public init(_ record: ControlRecord) throws(ControlError) {
        text = try outputKey(of: record, layer: "bronze", suffix: ".parquet")
    }

    public var description: String { text }
}

/// The key under which the bronze file of an older version is kept, outside the table's prefix.
public struct SupersededKey: Sendable, Hashable, CustomStringConvertible {
    public let text: String

    /// `superseded/<table>/year=YYYY/month=MM/day=DD/<stem>-<id>.parquet`
    /// - Parameters:
    ///   - outputKey: the key that the file had.
    ///   - id: the version that wrote it.
    public init(_ outputKey: String, writtenBy id: ControlID) {
        let place = outputKey.hasPrefix("bronze/") ? outputKey.dropFirst("bronze/".count) : outputKey[...]
        let stem = place.lastIndex(of: "-").map { place[..<$0] } ?? place
        text = "superseded/\(stem)-\(id.short).parquet"
    }

    public var description: String { text }
}

/// The key of the file of a raw object's rows that break the contract.
public struct QuarantineKey: Sendable, Hashable, CustomStringConvertible {
    public let text: String

    /// `quarantine/<table>/year=YYYY/month=MM/day=DD/<stem>-<id>.ndjson.gz`
    /// - Throws: ``ControlError/invalidKey(_:reason:)`` when the record's table name is invalid.
    public init(_ record: ControlRecord) throws(ControlError) {
        text = try outputKey(of: record, layer: "quarantine", suffix: ".ndjson.gz")
    }

    public var description: String { text }
}

private func outputKey(of record: ControlRecord, layer: String, suffix: String) throws(ControlError) -> String {
    guard TableName.isValid(record.table) else {
        throw .invalidKey(record.objectKey, reason: "\(record.table) is not a table name")
    }
    let date = record.createdAt.rfc3339.prefix(10).split(separator: "-")
    return "\(layer)/\(record.table)/year=\(date[0])/month=\(date[1])/day=\(date[2])/"
        + "\(stem(ofKey: record.objectKey))-\(record.controlID.short)\(suffix)"
}

/// The file's name without its extensions. Each byte of characters other than letters, digits, `.`, `_` and `-` becomes
/// `_`. Any `.` and `_` at the start are dropped, because readers of a lake ignore such files as hidden. The ID after the
/// stem keeps names unique that become equal.
private func stem(ofKey key: String) -> String {
    var name = key.split(separator: "/").last ?? ""
    for ending in [".gz", ".zst", ".csv", ".json", ".ndjson", ".jsonl", ".parquet"]
    where name.lowercased().hasSuffix(ending) {
        name = name.dropLast(ending.count)
    }
    let kept = name.utf8.map { (byte) -> UInt8 in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): byte
        default: UInt8(ascii: "_")
        }
    }
    let visible = kept.drop { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_") }.prefix(120)
    return visible.isEmpty ? "file" : String(decoding: visible, as: UTF8.self)
}
