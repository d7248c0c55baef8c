internal import Iceberg
internal import JSON
internal import Time

extension IcebergValue {
    /// The value as JSON: numbers as numbers, times in RFC 3339, bytes in hexadecimal.
    func json(as type: IcebergType) -> JSON {
        switch (self, type) {
        case (.boolean(let value), _): .bool(value)
        case (.int(let days), .date): .string(Self.date(Int(days)))
        case (.int(let value), _): .int(value)
        case (.long(let value), .time): .string(Self.clock(value))
        case (.long(let value), .timestamp): .string(Self.timestamp(value))
        case (.long(let value), .timestamptz): .string("\(Self.timestamp(value))Z")
        case (.long(let value), _): .int(value)
        case (.float(let value), _): JSONNumber("\(value)").map { .number($0) } ?? .string("\(value)")
        case (.double(let value), _): JSONNumber("\(value)").map { .number($0) } ?? .string("\(value)")
        case (.decimal(let value), .decimal(_, let scale)):
            JSONNumber(Self.decimal(value, scale: scale)).map { .number($0) } ?? .null
        case (.decimal(let value), _): .string("\(value)")
        case (.string(let value), _): .string(value)
        case (.bytes(let value), .uuid) where value.count == 16: .string(Self.uuid(value))
        case (.bytes(let value), _): .string(Self.hexadecimal(value))
        }
    }

    private static func date(_ days: Int) -> String {
        String(Timestamp(seconds: Int64(days) * 86_400).rfc3339.prefix { $0 != "T" })
    }

    private static func timestamp(_ microseconds: Int64) -> String {
        let (seconds, rest) = microseconds.flooredParts(of: 1_000_000)
        let text = Timestamp(seconds: seconds).rfc3339
        return text.dropLast(".000Z".count) + fraction(rest)
    }

    private static func clock(_ microseconds: Int64) -> String {
        let (seconds, rest) = microseconds.flooredParts(of: 1_000_000)
        let parts = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { padded($0, 2) }
        return parts.joined(separator: ":") + fraction(rest)
    }

    private static func fraction(_ microseconds: Int64) -> String {
        microseconds == 0 ? "" : "." + padded(microseconds, 6)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        String(repeating: "0", count: max(0, width - "\(value)".count)) + "\(value)"
    }

    private static func decimal(_ value: Int128, scale: Int) -> String {
        guard scale > 0 else { return "\(value)" }
        let digits = String(value.magnitude)
        let all = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
        return (value < 0 ? "-" : "") + all.dropLast(scale) + "." + all.suffix(scale)
    }

    private static func uuid(_ bytes: [UInt8]) -> String {
        let text = hexadecimal(bytes)
        var parts: [Substring] = []
        var rest = text[...]
        for length in [8, 4, 4, 4, 12] {
            parts.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return parts.joined(separator: "-")
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension Int64 {
    /// The quotient, rounded down, and what is left.
    fileprivate func flooredParts(of divisor: Int64) -> (Int64, Int64) {
        let (quotient, rest) = quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
    }
}

extension JSON {
    /// The value for a terminal: text in quotes, nothing that controls the terminal.
    var shown: String {
        var result = ""
        for scalar in text.unicodeScalars {
            // JSON leaves 7F and the controls of Latin-1 as they are.
            if (0x7F...0x9F).contains(scalar.value) {
                result += "\\u00" + String(scalar.value, radix: 16)
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
