internal import EmulatorCore

/// The value of an attribute.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html>
enum AttributeValue: Sendable {
    case string(String)
    case number(DecimalNumber)
    case binary([UInt8])
    case bool(Bool)
    case null
    case stringSet([String])
    case numberSet([DecimalNumber])
    case binarySet([[UInt8]])
    case list([AttributeValue])
    case map(Item)

    /// The type descriptors of the wire form.
    enum Kind: String, Sendable, CaseIterable {
        case string = "S"
        case number = "N"
        case binary = "B"
        case bool = "BOOL"
        case null = "NULL"
        case stringSet = "SS"
        case numberSet = "NS"
        case binarySet = "BS"
        case list = "L"
        case map = "M"
    }

    var kind: Kind {
        switch self {
        case .string: .string
        case .number: .number
        case .binary: .binary
        case .bool: .bool
        case .null: .null
        case .stringSet: .stringSet
        case .numberSet: .numberSet
        case .binarySet: .binarySet
        case .list: .list
        case .map: .map
        }
    }

    /// The size that counts towards an item's 400 KB.
    /// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
    var sizeInBytes: Int {
        switch self {
        case .string(let text): text.utf8.count
        case .number(let number): number.sizeInBytes
        case .binary(let bytes): bytes.count
        case .bool, .null: 1
        case .stringSet(let members): members.reduce(0) { $0 + $1.utf8.count }
        case .numberSet(let members): members.reduce(0) { $0 + $1.sizeInBytes }
        case .binarySet(let members): members.reduce(0) { $0 + $1.count }
        case .list(let elements): elements.reduce(3) { $0 + 1 + $1.sizeInBytes }
        case .map(let members): members.attributes.reduce(3) { $0 + 1 + $1.name.utf8.count + $1.value.sizeInBytes }
        }
    }
}

extension AttributeValue: Equatable {
    /// Strings are equal if their bytes are equal, sets if they have the same members.
    static func == (left: AttributeValue, right: AttributeValue) -> Bool {
        switch (left, right) {
        case (.string(let left), .string(let right)): left.hasSameBytes(as: right)
        case (.number(let left), .number(let right)): left == right
        case (.binary(let left), .binary(let right)): left == right
        case (.bool(let left), .bool(let right)): left == right
        case (.null, .null): true
        case (.stringSet(let left), .stringSet(let right)):
            left.count == right.count
                && left.allSatisfy { member in right.contains { $0.hasSameBytes(as: member) } }
        case (.numberSet(let left), .numberSet(let right)): Set(left) == Set(right)
        case (.binarySet(let left), .binarySet(let right)): Set(left) == Set(right)
        case (.list(let left), .list(let right)): left == right
        case (.map(let left), .map(let right)): left == right
        default: false
        }
    }

    /// Whether this is less than `other`, for two strings (by UTF-8 bytes), two numbers or two binaries; otherwise nil.
    func precedes(_ other: AttributeValue) -> Bool? {
        switch (self, other) {
        case (.string(let left), .string(let right)): left.precedesByBytes(right)
        case (.number(let left), .number(let right)): left < right
        case (.binary(let left), .binary(let right)): left.lexicographicallyPrecedes(right)
        default: nil
        }
    }
}
