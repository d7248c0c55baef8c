public import Contracts

/// One difference between a contract and what its source sends.
public struct SchemaDrift: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable {
        case newColumn = "new_column"
        case missingColumn = "missing_column"
        case changedType = "changed_type"
        case tableChange = "table_change"
        /// Rows had a field that the contract does not know.
        case unknownField = "unknown_field"
    }

    public let table: String
    /// The column or field; nil for the table.
    public let column: String?
    public let kind: Kind
    /// The difference and its consequence.
    public let message: String
    /// The line of a contract that takes a new column up.
    public let contractLine: String?

    public init(_ kind: Kind, table: String, column: String?, message: String, contractLine: String? = nil) {
        self.kind = kind
        self.table = table
        self.column = column
        self.message = message
        self.contractLine = contractLine
    }
}

extension SchemaDrift {
    /// How the source's last definition of the table differs from the contract.
    public static func between(_ contract: Contract, _ definition: SourceDefinition) -> [SchemaDrift] {
        let said = definition.time.map { "\(definition.operation) at \($0)" } ?? definition.operation
        guard let columns = definition.columns else {
            guard ["drop-table", "rename-table"].contains(definition.operation) else { return [] }
            let change = definition.operation == "drop-table" ? "was dropped" : "has another name"
            return [
                SchemaDrift(
                    .tableChange, table: contract.table, column: nil,
                    message: "the source's table \(change) (\(said)); no more changes arrive")
            ]
        }
        var drifts: [SchemaDrift] = []
        for column in columns {
            // A flattened object is one column of the source.
            let own = contract.columns.filter { $0.path.first == column.name }
            if own.isEmpty {
                drifts.append(
                    SchemaDrift(
                        .newColumn, table: contract.table, column: column.name,
                        message: "new in the source as \(column.type) (\(said)); its values are in _rescued_data",
                        contractLine: "- {name: \(YAMLText.scalar(column.name)), \(column.contractType)}"))
            } else if let same = own.first, own.count == 1, same.path.count == 1, !column.fits(same.type) {
                drifts.append(
                    SchemaDrift(
                        .changedType, table: contract.table, column: column.name,
                        message:
                            "\(column.type) in the source (\(said)), \(same.logicalType) in the contract; values that "
                            + "do not fit are quarantined"))
            }
        }
        for column in contract.columns where !columns.contains(where: { $0.name == column.path.first }) {
            let consequence = column.isRequired ? "required, so new rows are quarantined" : "null in new rows"
            drifts.append(
                SchemaDrift(
                    .missingColumn, table: contract.table, column: column.name,
                    message: "no longer in the source (\(said)); \(consequence)"))
        }
        return drifts
    }
}

extension SourceDefinition.Column {
    /// DMS sends what it has no type for as text: UUIDs, JSON, intervals, and Booleans in five characters.
    private var isText: Bool { ["STRING", "WSTRING", "CLOB", "NCLOB"].contains(type) }
    private var isInteger: Bool { type.hasPrefix("INT") || type.hasPrefix("UINT") }

    /// Whether values of this type may be those of a contract's column.
    func fits(_ contract: ColumnType) -> Bool {
        switch contract {
        case .string, .json, .uuid, .structure, .list: true
        case .boolean: type == "BOOLEAN" || isInteger || (isText && (length ?? 5) <= 5)
        case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64: isInteger || type == "NUMERIC"
        case .float, .double, .decimal: isInteger || type == "NUMERIC" || type.hasPrefix("REAL")
        case .date: type == "DATE" || type == "DATETIME"
        case .timestamp: type == "DATETIME" || type == "DATE"
        // PostgreSQL's time with a zone is text for DMS.
        case .time: type == "TIME" || isText
        }
    }

    /// The keys of a contract's column of this type.
    var contractType: String {
        switch type {
        case "BOOLEAN": "logicalType: boolean"
        case "DATE": "logicalType: date"
        case "TIME": "logicalType: time"
        case "DATETIME": "logicalType: timestamp"
        case "NUMERIC":
            if let precision, let scale, (1...38).contains(precision), (0...precision).contains(scale) {
                "logicalType: number, physicalType: \"decimal(\(precision),\(scale))\""
            } else {
                "logicalType: number"
            }
        default:
            isInteger ? "logicalType: integer" : type.hasPrefix("REAL") ? "logicalType: number" : "logicalType: string"
        }
    }
}
