internal import EmulatorCore

/// The expression by which `GetPartitions` chooses partitions: `year = 2026 AND (month > 6 OR day IN (1, 15))`.
/// - SeeAlso: <https://docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html>
struct PartitionFilter: Sendable {
    enum Comparison: String, Sendable {
        case equal = "="
        case notEqual = "<>"
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="

        func holds(_ left: PartitionValue, _ right: PartitionValue) -> Bool {
            switch self {
            case .equal: left == right
            case .notEqual: left != right
            case .less: left < right
            case .lessOrEqual: left <= right
            case .greater: left > right
            case .greaterOrEqual: left >= right
            }
        }
    }

    /// Columns by their position among the partition keys.
    indirect enum Condition: Sendable {
        case and(Condition, Condition)
        case or(Condition, Condition)
        case not(Condition)
        case compare(Int, Comparison, PartitionValue)
        case isOneOf(Int, [PartitionValue])
        case isBetween(Int, PartitionValue, PartitionValue)
        case isLike(Int, String)
        case isNull(Int)
    }

    private let condition: Condition
    private let keys: [PartitionKey]

    /// - Throws: ``AWSFault`` `InvalidInputException` if the text is no expression over the keys.
    init(_ text: String, keys: [PartitionKey]) throws(AWSFault) {
        var parser = try PartitionFilterParser(text, keys: keys)
        condition = try parser.parse()
        self.keys = keys
    }

    /// - Throws: ``AWSFault`` `InvalidStateException` if a value does not fit its column's type.
    func matches(_ values: [String]) throws(AWSFault) -> Bool { try holds(condition, values) == true }

    /// Nil if a value is null, as in SQL.
    private func holds(_ condition: Condition, _ values: [String]) throws(AWSFault) -> Bool? {
        switch condition {
        case .and(let left, let right):
            let left = try holds(left, values)
            if left == false { return false }
            let right = try holds(right, values)
            return right == false ? false : left == nil ? nil : right
        case .or(let left, let right):
            let left = try holds(left, values)
            if left == true { return true }
            let right = try holds(right, values)
            return right == true ? true : left == nil ? nil : right
        case .not(let inner): return try holds(inner, values).map { !$0 }
        case .compare(let key, let comparison, let literal):
            return try value(key, values).map { comparison.holds($0, literal) }
        case .isOneOf(let key, let literals): return try value(key, values).map { literals.contains($0) }
        case .isBetween(let key, let low, let high):
            return try value(key, values).map { low <= $0 && $0 <= high }
        case .isLike(let key, let pattern):
            guard case .text(let text)? = try value(key, values) else { return nil }
            return Self.isLike(Array(text.unicodeScalars), Array(pattern.unicodeScalars))
        case .isNull(let key): return try value(key, values) == nil
        }
    }

    private func value(_ key: Int, _ values: [String]) throws(AWSFault) -> PartitionValue? {
        guard values.indices.contains(key) else { return nil }
        do throws(InvalidValue) {
            return try keys[key].value(values[key])
        } catch { throw AWSFault("InvalidStateException", error.reason) }
    }

    /// `%` stands for any text, `_` for one character.
    private static func isLike(_ text: [Unicode.Scalar], _ pattern: [Unicode.Scalar]) -> Bool {
        var (position, read) = (0, 0)
        // Where to go back to: after the last `%`, with one more character left to it.
        var retry: (pattern: Int, text: Int)?
        while read < text.count {
            if position < pattern.count, pattern[position] == "%" {
                position += 1
                retry = (position, read)
            } else if position < pattern.count, pattern[position] == "_" || pattern[position] == text[read] {
                position += 1
                read += 1
            } else if let last = retry {
                (position, read) = (last.pattern, last.text + 1)
                retry = (last.pattern, last.text + 1)
            } else {
                return false
            }
        }
        return pattern[position...].allSatisfy { $0 == "%" }
    }
}
