internal import EmulatorCore

/// A column by which a table is partitioned.
struct PartitionKey: Sendable, Hashable {
    let name: String
    /// In lower case, without parameters: `decimal` for `decimal(10,2)`.
    let type: String

    init(name: String, type: String) {
        self.name = name.lowercased()
        self.type = String(type.lowercased().prefix { $0 != "(" })
    }

    /// A partition's value that stands for null.
    private static let null = "__HIVE_DEFAULT_PARTITION__"

    /// - Throws: ``InvalidValue`` if the text is no value of the column's type.
    func value(_ text: String) throws(InvalidValue) -> PartitionValue? {
        guard text != Self.null else { return nil }
        switch type {
        case "string", "char", "varchar": return .text(text)
        case "tinyint", "smallint", "int", "integer", "bigint", "long":
            guard let number = DecimalText(text), number.isInteger else {
                throw InvalidValue("\"\(text)\" is not an integer.")
            }
            return .number(number)
        case "decimal":
            guard let number = DecimalText(text) else { throw InvalidValue("\(text) is not a decimal.") }
            return .number(number)
        case "date":
            guard PartitionTime.isDate(text) else { throw InvalidValue("\(text) is not a date.") }
            return .text(text)
        case "timestamp":
            guard let time = PartitionTime.timestamp(text) else {
                throw InvalidValue(
                    "Timestamp format must be yyyy-mm-dd hh:mm:ss[.fffffffff] \(text) is not a timestamp.")
            }
            return .text(time)
        default: throw InvalidValue("Unknown type : '\(type)'")
        }
    }

    /// Why a type has no `LIKE`; nil if it has.
    var likeRefusal: String? {
        switch type {
        case "string", "char", "varchar": nil
        case "date", "decimal", "timestamp":
            "\(type.prefix(1).uppercased())\(type.dropFirst()) data type doesn't support operation 'LIKE'"
        default: "Integral data type doesn't support operation 'LIKE'"
        }
    }
}

struct InvalidValue: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}

/// A value that can be compared with others of the same column.
enum PartitionValue: Sendable, Hashable, Comparable {
    case number(DecimalText)
    /// Dates and times too: their form sorts as they do.
    case text(String)

    static func < (left: PartitionValue, right: PartitionValue) -> Bool {
        switch (left, right) {
        case (.number(let left), .number(let right)): left < right
        case (.text(let left), .text(let right)): left.utf8.lexicographicallyPrecedes(right.utf8)
        case (.number, .text): true
        case (.text, .number): false
        }
    }
}
