internal import EmulatorCore

/// The constraints of single parameters. One message lists all broken constraints.
struct Constraints {
    private var violations: [String] = []
    /// The service lists at most this many.
    private static let shownAtMost = 10

    mutating func notNull(_ path: String, isPresent: Bool) {
        if !isPresent { violate("null", path, "Member must not be null") }
    }

    /// A parameter with enumerated values, in the service's order.
    mutating func oneOf<Value: RawRepresentable & CaseIterable>(
        _ path: String, _ text: String?, _: Value.Type
    ) -> Value? where Value.RawValue == String {
        guard let text else { return nil }
        if let value = Value(rawValue: text) { return value }
        let values = Value.allCases.map(\.rawValue).joined(separator: ", ")
        violate("'\(text)'", path, "Member must satisfy enum value set: [\(values)]")
        return nil
    }

    /// - Parameter shown: the value in the text, which is made only for an error; nil for a value that the text leaves out.
    mutating func length(
        _ path: @autoclosure () -> String, _ count: Int, shown: @autoclosure () -> String?, _ limits: ClosedRange<Int>
    ) {
        guard !limits.contains(count) else { return }
        let (path, shown) = (path(), shown().map { "'\($0)'" })
        if count < limits.lowerBound {
            violate(shown, path, "Member must have length greater than or equal to \(limits.lowerBound)")
        }
        if count > limits.upperBound {
            violate(shown, path, "Member must have length less than or equal to \(limits.upperBound)")
        }
    }

    mutating func value(_ path: String, _ value: Int?, _ limits: ClosedRange<Int>) {
        guard let value else { return }
        if value < limits.lowerBound {
            violate("'\(value)'", path, "Member must have value greater than or equal to \(limits.lowerBound)")
        }
        if value > limits.upperBound {
            violate("'\(value)'", path, "Member must have value less than or equal to \(limits.upperBound)")
        }
    }

    /// A table's name, or its ARN. Nil is also a violation.
    mutating func tableName(_ path: String, _ name: String?) {
        guard let name else { return notNull(path, isPresent: false) }
        if ARN.isClaimed(by: name) { return }
        // An operation on a table also takes its ARN, so that a name's least length is left to the look-up.
        if name.isEmpty { return length(path, 0, shown: name, 1...255) }
        if !name.utf8.allSatisfy(Self.isNamePart) {
            violate("'\(name)'", path, "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+")
        }
        length(path, name.utf8.count, shown: name, 1...255)
    }

    mutating func indexName(_ path: String, _ name: String?) {
        guard let name else { return }
        if !name.utf8.allSatisfy(Self.isNamePart) || name.isEmpty {
            violate("'\(name)'", path, "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+")
        }
        length(path, name.utf8.count, shown: name, 3...255)
    }

    mutating func keyName(_ path: String, _ name: String?) {
        if let name { length(path, name.utf8.count, shown: name, AttributeName.keyLengths) }
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || "_.-".utf8.contains(byte)
    }

    /// A list whose members have lengths of their own.
    mutating func members(_ path: String, _ lengths: [Int], shown: String, _ limits: ClosedRange<Int>) {
        guard !lengths.allSatisfy(limits.contains) else { return }
        violate(
            "'\(shown)'", path,
            "Member must satisfy constraint: [Member must have length less than or equal to \(limits.upperBound), "
                + "Member must have length greater than or equal to \(limits.lowerBound)]")
    }

    /// A map with values that break a constraint. The message does not show the values.
    mutating func violateMapValue(_ path: String, shown: String, _ rules: String) {
        violate("'\(shown)'", path, "Map value must satisfy constraint: [\(rules)]")
    }

    private mutating func violate(_ value: String?, _ path: String, _ rule: String) {
        violations.append("Value \(value.map { "\($0) " } ?? "")at '\(path)' failed to satisfy constraint: \(rule)")
    }

    /// - Throws: ``DynamoDBFault/validation(_:)`` with all broken constraints.
    func check() throws(DynamoDBFault) {
        guard !violations.isEmpty else { return }
        let shown = violations.prefix(Self.shownAtMost)
        throw .validation(
            "\(shown.count) validation error\(shown.count == 1 ? "" : "s") detected: "
                + shown.joined(separator: "; "))
    }
}

enum ReturnValues: String, Sendable, CaseIterable {
    case allNew = "ALL_NEW"
    case updatedOld = "UPDATED_OLD"
    case allOld = "ALL_OLD"
    case none = "NONE"
    case updatedNew = "UPDATED_NEW"
}

enum ReturnConsumedCapacity: String, Sendable, CaseIterable {
    case indexes = "INDEXES"
    case total = "TOTAL"
    case none = "NONE"
}

enum ReturnItemCollectionMetrics: String, Sendable, CaseIterable {
    case size = "SIZE"
    case none = "NONE"
}

enum ReturnValuesOnConditionCheckFailure: String, Sendable, CaseIterable {
    case allOld = "ALL_OLD"
    case none = "NONE"
}

enum ConditionalOperator: String, Sendable, CaseIterable {
    case or = "OR"
    case and = "AND"
}
