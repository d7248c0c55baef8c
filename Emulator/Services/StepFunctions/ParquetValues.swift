internal import Columns
internal import JSON
internal import Parquet
internal import ParquetRead
internal import Time

/// How the values of a Parquet column are written in JSON: numbers as numbers, times as texts of RFC 3339, bytes in Base64.
extension FileColumn {
    func items(_ values: ColumnValues) -> [JSON] {
        switch values {
        case .boolean(let values): return values.map { .bool($0 != 0) }
        case .int32(let values):
            if case .integer(_, isSigned: false)? = logicalType { return values.map { .int(UInt32(bitPattern: $0)) } }
            return values.map { item(Int64($0)) }
        case .int64(let values):
            if case .integer(_, isSigned: false)? = logicalType { return values.map { .int(UInt64(bitPattern: $0)) } }
            return values.map { item($0) }
        case .float(let values): return values.map { Self.number("\($0)", isFinite: $0.isFinite) }
        case .double(let values): return values.map { Self.number("\($0)", isFinite: $0.isFinite) }
        case .byteArray(let values): return (0..<values.count).map { item(Array(values[$0])) }
        case .fixedLengthByteArray(let bytes, let length):
            return (0..<(length > 0 ? bytes.count / length : 0)).map {
                item(Array(bytes[$0 * length..<($0 + 1) * length]))
            }
        }
    }

    /// Numbers that JSON does not have are texts.
    private static func number(_ text: String, isFinite: Bool) -> JSON {
        isFinite ? JSONNumber(text).map { .number($0) } ?? .string(text) : .string(text)
    }

    private func item(_ value: Int64) -> JSON {
        switch logicalType {
        case .date?:
            let day = CalendarDate(daysSinceEpoch: Int(value))
            return .string("\(Self.padded(day.year, 4))-\(Self.padded(day.month, 2))-\(Self.padded(day.day, 2))")
        case .timestamp(let unit, _)?: return Self.instant(value, perSecond: unit == .milliseconds ? 1000 : 1_000_000)
        case .time(let unit, _)?: return Self.time(value, perSecond: unit == .milliseconds ? 1000 : 1_000_000)
        case .decimal(_, let scale)?: return Self.decimal("\(value)", scale: scale)
        default: break
        }
        switch meaning {
        case .timestampInNanoseconds?: return Self.instant(value, perSecond: 1_000_000_000)
        case .timeInNanoseconds?: return Self.time(value, perSecond: 1_000_000_000)
        default: return .int(value)
        }
    }

    private func item(_ bytes: [UInt8]) -> JSON {
        if isInt96, bytes.count == 12 {
            let nanoseconds = bytes[..<8].reversed().reduce(Int64(0)) { $0 << 8 | Int64($1) }
            let day = bytes[8...].reversed().reduce(Int64(0)) { $0 << 8 | Int64($1) } - Self.julianEpoch
            return Self.instant(day &* 86_400_000_000_000 &+ nanoseconds, perSecond: 1_000_000_000)
        }
        switch logicalType {
        case .decimal(_, let scale)?: return Self.decimal(Self.integer(bytes), scale: scale)
        case .uuid? where bytes.count == 16: return .string(Self.uuid(bytes))
        default: break
        }
        if case .fixedLengthByteArray = physicalType { return .string(bytes.base64) }
        return .string(String(validating: bytes, as: UTF8.self) ?? bytes.base64)
    }

    /// 1970-01-01 in Julian days.
    private static let julianEpoch: Int64 = 2_440_588

    private static func padded(_ value: Int, _ width: Int) -> String {
        let text = "\(value.magnitude)"
        return (value < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - text.count)) + text
    }

    private static func instant(_ value: Int64, perSecond: Int64) -> JSON {
        let seconds = value >= 0 || value % perSecond == 0 ? value / perSecond : value / perSecond - 1
        let rest = value - seconds * perSecond
        return .string(
            Timestamp(seconds: seconds, nanoseconds: Int32(rest * (1_000_000_000 / perSecond))).rfc3339)
    }

    private static func time(_ value: Int64, perSecond: Int64) -> JSON {
        let seconds = Int(value / perSecond)
        let clock = "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
        let rest = Int(value % perSecond)
        return .string(rest == 0 ? clock : clock + "." + padded(rest, "\(perSecond)".count - 1))
    }

    /// The number with `scale` digits behind the point.
    private static func decimal(_ digits: String, scale: Int) -> JSON {
        guard scale > 0 else { return JSONNumber(digits).map { .number($0) } ?? .string(digits) }
        let sign = digits.hasPrefix("-") ? "-" : ""
        var plain = String(digits.dropFirst(sign.count))
        plain = String(repeating: "0", count: max(0, scale + 1 - plain.count)) + plain
        let text = sign + plain.dropLast(scale) + "." + plain.suffix(scale)
        return JSONNumber(text).map { .number($0) } ?? .string(text)
    }

    /// The digits of a big-endian two's complement number.
    private static func integer(_ bytes: [UInt8]) -> String {
        guard bytes.count <= 16 else { return "0" }
        let isNegative = (bytes.first ?? 0) & 0x80 != 0
        return bytes.reduce(isNegative ? Int128(-1) : 0) { $0 << 8 | Int128($1) }.description
    }

    private static func uuid(_ bytes: [UInt8]) -> String {
        let text = Array(bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(text[$0]) }.joined(separator: "-")
    }
}
