internal import Contracts

/// The columns of a CSV file, matched by name with those of its contract.
struct CSVHeader {
    let names: [String]
    /// For each bronze column, where its values come from.
    let origins: [ColumnOrigin]
    /// The fields that no column takes, which go to `_rescued_data`.
    let unknown: [(field: Int, name: String)]

    /// - Throws: ``ColumnarError`` where a name is there twice or a required column is missing.
    init(names: [String], columns: [BronzeColumn]) throws(ColumnarError) {
        var fields: [String: Int] = [:]
        for (index, name) in names.enumerated() where fields.updateValue(index, forKey: name) != nil {
            throw .duplicateColumn(name)
        }
        var missing: [String] = []
        var origins: [ColumnOrigin] = []
        for column in columns {
            switch (column.name, fields[column.name]) {
            case (BronzeColumn.operation, let field):
                origins.append(.operation(field))
            case (BronzeColumn.rescuedData, _):
                origins.append(.rescued)
            case (_, let field?):
                origins.append(.field(field))
            case (let name, nil):
                if column.isRequired { missing.append(name) }
                origins.append(.absent)
            }
        }
        guard missing.isEmpty else { throw .missingColumns(missing, header: names) }
        var known = Set(columns.map(\.name))
        known.remove(BronzeColumn.rescuedData)
        let unknown = names.enumerated().filter { !known.contains($1) }.map { (field: $0, name: $1) }
        if unknown.isEmpty, let rescued = columns.firstIndex(where: { $0.name == BronzeColumn.rescuedData }) {
            origins[rescued] = .absent
        }
        self.names = names
        self.origins = origins
        self.unknown = unknown
    }
}
