internal import Time

/// Where a raw object's bronze file goes: a pure function of its control record, so that work done twice writes once.
public struct BronzeKey: Sendable, Hashable, CustomStringConvertible {
    public let text: String

    /// `bronze/<table>/year=YYYY/month=MM/day=DD/<stem>-<id>.parquet`
    /// - Throws: ``ControlError/invalidKey(_:reason:)`` when the record's table is no name for a prefix.
    public init(_ record: ControlRecord) throws(ControlError) {
        text = try outputKey(of: record, layer: "bronze", suffix: ".parquet")
    }

    public var description: String { text }
}

/// Where the rows of a raw object that broke the contract go.
public struct QuarantineKey: Sendable, Hashable, CustomStringConvertible {
    public let text: String

    /// `quarantine/<table>/year=YYYY/month=MM/day=DD/<stem>-<id>.ndjson.gz`
    /// - Throws: ``ControlError/invalidKey(_:reason:)`` when the record's table is no name for a prefix.
    public init(_ record: ControlRecord) throws(ControlError) {
        text = try outputKey(of: record, layer: "quarantine", suffix: ".ndjson.gz")
    }

    public var description: String { text }
}

private func outputKey(of record: ControlRecord, layer: String, suffix: String) throws(ControlError) -> String {
    guard TableName.isValid(record.table) else {
        throw .invalidKey(record.objectKey, reason: "\(record.table) is no table name")
    }
    let date = record.createdAt.rfc3339.prefix(10).split(separator: "-")
    return "\(layer)/\(record.table)/year=\(date[0])/month=\(date[1])/day=\(date[2])/"
        + "\(stem(ofKey: record.objectKey))-\(record.controlID.short)\(suffix)"
}

/// The file's name without its endings. Of other characters than letters, digits, `.`, `_` and `-` each byte becomes
/// `_`, and one of `.` and `_` at the start, which readers of a lake take for a hidden file, is dropped; the id behind
/// the stem keeps names apart that become alike.
private func stem(ofKey key: String) -> String {
    var name = key.split(separator: "/").last ?? ""
    for ending in [".gz", ".csv", ".json", ".parquet"] where name.hasSuffix(ending) {
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
