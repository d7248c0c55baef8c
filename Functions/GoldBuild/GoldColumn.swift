internal import Contracts
internal import Iceberg
internal import Lake

/// A column of a model's table.
struct GoldColumn: Sendable {
    let name: String
    let type: IcebergType
    let isRequired: Bool
    let isKey: Bool
    let documentation: String?

    init(_ column: Contract.Column, of path: String) throws(GoldError) {
        guard let type = IcebergType(of: column.type), !type.isNested, type != .time, type != .uuid else {
            throw .model(
                place: path, reason: "its contract's column \(column.name) is \(column.type), which no model can have")
        }
        name = column.name
        self.type = type
        isKey = column.primaryKeyPosition != nil
        isRequired = column.isRequired || isKey
        documentation = column.description
    }
}

extension IcebergType {
    /// The type's name in DuckDB; nil for one that it lacks.
    var sqlName: String? {
        switch self {
        case .boolean: "BOOLEAN"
        case .int: "INTEGER"
        case .long: "BIGINT"
        case .float: "FLOAT"
        case .double: "DOUBLE"
        case .string: "VARCHAR"
        case .date: "DATE"
        case .time: "TIME"
        case .timestamp: "TIMESTAMP"
        case .timestamptz: "TIMESTAMP WITH TIME ZONE"
        case .uuid: "UUID"
        case .binary, .fixed: "BLOB"
        case .decimal(let precision, let scale): "DECIMAL(\(precision), \(scale))"
        case .list(_, let element, _): element.sqlName.map { "\($0)[]" }
        case .structure(let fields):
            Self.structure(fields)
        case .map: nil
        }
    }

    private static func structure(_ fields: [IcebergField]) -> String? {
        var members: [String] = []
        for field in fields {
            guard let type = field.type.sqlName else { return nil }
            members.append("\(SQLText.name(field.name)) \(type)")
        }
        return "STRUCT(\(members.joined(separator: ", ")))"
    }
}

/// Names and texts as SQL writes them.
enum SQLText {
    static func name(_ name: String) -> String { "\"\(name.doubling("\""))\"" }

    static func string(_ text: String) -> String { "'\(text.doubling("'"))'" }

    /// Reads what `hex()` gives; nil if it is none.
    static func text(fromHexadecimal digits: Substring) -> String? {
        let nibbles = digits.compactMap(\.hexDigitValue)
        guard nibbles.count == digits.count, nibbles.count.isMultiple(of: 2) else { return nil }
        let bytes = stride(from: 0, to: nibbles.count, by: 2).map { UInt8(nibbles[$0] << 4 | nibbles[$0 + 1]) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension String {
    fileprivate func doubling(_ mark: Character) -> String {
        reduce(into: "") { text, character in
            text.append(character)
            if character == mark { text.append(character) }
        }
    }
}
