internal import Time

/// What an operator compares, and how.
enum PolicyComparison: Sendable, Hashable {
    case text
    case textWithoutCase
    case pattern
    case arn
    case bool
    case null
    case address
    case number(Order)
    case date(Order)

    enum Order: Sendable, Hashable {
        case equal
        case less
        case lessOrEqual
        case greater
        case greaterOrEqual
    }

    private static let operators: [String: (PolicyComparison, Bool)] = [
        "StringEquals": (.text, false), "StringNotEquals": (.text, true),
        "StringEqualsIgnoreCase": (.textWithoutCase, false), "StringNotEqualsIgnoreCase": (.textWithoutCase, true),
        "StringLike": (.pattern, false), "StringNotLike": (.pattern, true),
        "ArnEquals": (.arn, false), "ArnLike": (.arn, false), "ArnNotEquals": (.arn, true), "ArnNotLike": (.arn, true),
        "Bool": (.bool, false), "Null": (.null, false), "BinaryEquals": (.text, false),
        "IpAddress": (.address, false), "NotIpAddress": (.address, true),
    ]

    /// The operator without quantifier and `IfExists`, and whether it holds where the comparison does not.
    static func named(_ name: String) -> (PolicyComparison, Bool)? {
        if let found = operators[name] { return found }
        for (prefix, isDate) in [("Numeric", false), ("Date", true)] where name.hasPrefix(prefix) {
            let order: Order
            switch name.dropFirst(prefix.count) {
            case "Equals", "NotEquals": order = .equal
            case "LessThan": order = .less
            case "LessThanEquals": order = .lessOrEqual
            case "GreaterThan": order = .greater
            case "GreaterThanEquals": order = .greaterOrEqual
            default: return nil
            }
            return (isDate ? .date(order) : .number(order), name.hasSuffix("NotEquals"))
        }
        return nil
    }

    var hasWildcards: Bool { self == .pattern || self == .arn }

    /// - Parameters:
    ///   - value: the request's.
    ///   - pattern: the policy's, which `text` is the text of.
    func holds(_ value: String, _ pattern: PolicyPattern, text: String, _ context: PolicyContext) -> Bool {
        switch self {
        case .text, .pattern: pattern.matches(value, in: context)
        case .textWithoutCase: pattern.matches(value, in: context, foldsCase: true)
        case .arn: pattern.matchesARN(value, in: context)
        case .bool: value.lowercased() == text.lowercased()
        case .null: false
        case .address: AddressBlock(text)?.contains(value) ?? false
        case .number(let order): Self.compare(Double(value), Double(text), order)
        case .date(let order): Self.compare(Self.seconds(value), Self.seconds(text), order)
        }
    }

    private static func compare(_ left: Double?, _ right: Double?, _ order: Order) -> Bool {
        guard let left, let right else { return false }
        return switch order {
        case .equal: left == right
        case .less: left < right
        case .lessOrEqual: left <= right
        case .greater: left > right
        case .greaterOrEqual: left >= right
        }
    }

    /// The seconds since 1970 of a number of them, a date or a time.
    private static func seconds(_ text: String) -> Double? {
        if let number = Double(text) { return number }
        let time = text.contains("T") ? text : text + "T00:00:00Z"
        return Timestamp(rfc3339: time).map { Double($0.milliseconds) / 1000 }
    }
}

/// A block of IPv4 addresses: `203.0.113.0/24`, or one address.
private struct AddressBlock {
    private let address: UInt32
    private let mask: UInt32

    init?(_ text: String) {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let address = Self.address(halves[0]), halves.count <= 2 else { return nil }
        let length = halves.count == 2 ? Int(halves[1]) : 32
        guard let length, (0...32).contains(length) else { return nil }
        self.address = address
        mask = length == 0 ? 0 : ~UInt32(0) << UInt32(32 - length)
    }

    func contains(_ text: String) -> Bool {
        guard let other = Self.address(text[...]) else { return false }
        return other & mask == address & mask
    }

    private static func address(_ text: Substring) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            guard let part else { return nil }
            address = address << 8 | UInt32(part)
        }
        return address
    }
}
