internal import EmulatorCore

/// A condition that can be evaluated on an item: names and values are resolved, types are checked.
indirect enum Condition: Sendable {
    case or(Condition, Condition)
    case and(Condition, Condition)
    case not(Condition)
    case comparison(Comparator, Operand, Operand)
    case between(Operand, Operand, Operand)
    case member(Operand, of: [Operand])
    case exists(DocumentPath)
    case notExists(DocumentPath)
    case hasType(Operand, AttributeValue.Kind)
    case beginsWith(Operand, Operand)
    case contains(Operand, Operand)

    enum Comparator: String, Sendable {
        case equal = "="
        case notEqual = "<>"
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
    }

    indirect enum Operand: Sendable {
        case path(DocumentPath)
        case value(AttributeValue)
        case size(Operand)
    }
}

extension Condition {
    /// Whether the condition is true for `item`; a missing item counts as an empty one.
    func holds(for item: Item) -> Bool {
        switch self {
        case .or(let left, let right): left.holds(for: item) || right.holds(for: item)
        case .and(let left, let right): left.holds(for: item) && right.holds(for: item)
        case .not(let condition): !condition.holds(for: item)
        case .comparison(let comparator, let left, let right):
            comparator.holds(left.value(in: item), right.value(in: item))
        case .between(let operand, let lower, let upper):
            Comparator.lessOrEqual.holds(lower.value(in: item), operand.value(in: item))
                && Comparator.lessOrEqual.holds(operand.value(in: item), upper.value(in: item))
        case .member(let operand, let candidates):
            Self.isMember(operand.value(in: item), of: candidates, in: item)
        case .exists(let path): path.value(in: item) != nil
        case .notExists(let path): path.value(in: item) == nil
        case .hasType(let operand, let kind): operand.value(in: item)?.kind == kind
        case .beginsWith(let operand, let prefix):
            Self.begins(operand.value(in: item), with: prefix.value(in: item))
        case .contains(let operand, let part):
            Self.contains(operand.value(in: item), part.value(in: item))
        }
    }

    private static func isMember(_ value: AttributeValue?, of candidates: [Operand], in item: Item) -> Bool {
        guard let value else { return false }
        return candidates.contains { $0.value(in: item) == value }
    }

    static func begins(_ value: AttributeValue?, with prefix: AttributeValue?) -> Bool {
        switch (value, prefix) {
        case (.string(let text), .string(let prefix)): text.utf8.starts(with: prefix.utf8)
        case (.binary(let bytes), .binary(let prefix)): bytes.starts(with: prefix)
        default: false
        }
    }

    static func contains(_ value: AttributeValue?, _ part: AttributeValue?) -> Bool {
        guard let value, let part else { return false }
        return switch (value, part) {
        case (.string(let text), .string(let part)): Array(text.utf8).holds(Array(part.utf8))
        case (.binary(let bytes), .binary(let part)): bytes.holds(part)
        case (.stringSet(let members), .string(let member)): members.contains { $0.hasSameBytes(as: member) }
        case (.numberSet(let members), .number(let member)): members.contains(member)
        case (.binarySet(let members), .binary(let member)): members.contains(member)
        case (.list(let elements), _): elements.contains(part)
        default: false
        }
    }
}

extension Condition.Operand {
    func value(in item: Item) -> AttributeValue? {
        switch self {
        case .path(let path): path.value(in: item)
        case .value(let value): value
        case .size(let operand): operand.value(in: item)?.length.map { .number(DecimalNumber($0)) }
        }
    }
}

extension Condition.Comparator {
    /// A missing value differs from every value; values of different types have no order.
    func holds(_ left: AttributeValue?, _ right: AttributeValue?) -> Bool {
        guard let left, let right else { return self == .notEqual }
        return switch self {
        case .equal: left == right
        case .notEqual: left != right
        case .less: left.precedes(right) ?? false
        case .greater: right.precedes(left) ?? false
        case .lessOrEqual: right.precedes(left).map { !$0 } ?? false
        case .greaterOrEqual: left.precedes(right).map { !$0 } ?? false
        }
    }
}

extension AttributeValue {
    /// The value of `size`: bytes of strings and binaries, members of collections.
    fileprivate var length: Int? {
        switch self {
        case .string(let text): text.utf8.count
        case .binary(let bytes): bytes.count
        case .stringSet(let members): members.count
        case .numberSet(let members): members.count
        case .binarySet(let members): members.count
        case .list(let elements): elements.count
        case .map(let item): item.count
        case .number, .bool, .null: nil
        }
    }
}

extension [UInt8] {
    fileprivate func holds(_ part: [UInt8]) -> Bool {
        guard count >= part.count else { return false }
        return (0...count - part.count).contains { start in self[start..<start + part.count].elementsEqual(part) }
    }
}
