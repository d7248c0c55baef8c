package import JSON

extension JSON {
    /// The number as JavaScript writes it: without a fraction where it is whole.
    static func decimalText(_ value: Double) -> JSON {
        if value == value.rounded(), value.magnitude < 1e15 { return .int(Int64(value)) }
        return decimal(value)
    }

    /// The number as JSON; null for NaN and the infinities.
    package static func decimal(_ value: Double) -> JSON { JSONNumber(value).map { .number($0) } ?? .null }

    /// Equality by value, where `1` equals `1.0` and the order of members does not matter.
    package func isEquivalent(to other: JSON) -> Bool {
        switch (self, other) {
        case (.number(let left), .number(let right)): left == right || left.double == right.double
        case (.array(let left), .array(let right)):
            left.count == right.count && zip(left, right).allSatisfy { $0.isEquivalent(to: $1) }
        case (.object(let left), .object(let right)):
            left.count == right.count
                && left.members.allSatisfy { name, value in right[name].map(value.isEquivalent) ?? false }
        default: self == other
        }
    }
}
