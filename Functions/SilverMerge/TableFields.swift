internal import Iceberg
internal import JSON
internal import Lake

/// Which fields of a table are which columns of its contract.
struct TableFields {
    private let schema: IcebergSchema
    /// The ids of fields by those that contracts set for columns.
    private let ids: [Int32: Int32]

    /// The property that keeps the ids that contracts set, with the fields' ids as JSON: a catalog numbers fields itself.
    static let property = "cupel.contract-field-ids"

    init(_ metadata: TableMetadata) {
        schema = metadata.currentSchema
        var ids: [Int32: Int32] = [:]
        let members = metadata.properties[Self.property].flatMap { try? JSON(parsing: Array($0.utf8)) }?.object
        for (name, value) in members ?? [:] {
            if let id = Int32(name), let field = value.int.flatMap({ Int32(exactly: $0) }) { ids[id] = field }
        }
        self.ids = ids
    }

    /// The field that is a column: by the id that the contract sets, else by the name.
    /// - Parameter columns: all of the contract. A field that is one of them by its id is no other's by its name.
    func field(of column: SilverColumn, among columns: [SilverColumn]) -> IcebergField? {
        if let id = column.contractID.flatMap({ ids[$0] }), let field = schema.field(id) { return field }
        guard let field = schema.field(named: column.name) else { return nil }
        let isOther = columns.contains { $0.name != column.name && $0.contractID.flatMap { ids[$0] } == field.id }
        return isOther ? nil : field
    }

    func contractID(of field: IcebergField) -> Int32? { ids.first { $0.value == field.id }?.key }

    /// The property's value for the columns of a table whose schema is `evolved` now; nil if it stays as it is.
    func property(of columns: [SilverColumn], in evolved: IcebergSchema) -> String? {
        var all = ids
        for column in columns {
            if let id = column.contractID, let field = evolved.field(named: column.name) { all[id] = field.id }
        }
        guard all != ids else { return nil }
        return JSON.object(JSONObject(all.sorted { $0.key < $1.key }.map { ("\($0.key)", JSON.int($0.value)) })).text
    }
}

extension SilverTable {
    /// The table's schema under the contract: new columns are added, types are promoted, columns get the contract's names.
    /// - Throws: ``SilverError/contract(_:)`` for a change that rows of older files cannot follow.
    func evolved(_ metadata: TableMetadata) throws(SilverError) -> IcebergSchema {
        let current = metadata.currentSchema
        let known = TableFields(metadata)
        var fields = current.fields
        var nextID = metadata.lastColumnID
        var keyIDs: Set<Int32> = []
        for column in self.fields {
            let id: Int32
            if let field = known.field(of: column, among: columns) {
                id = field.id
                guard let place = fields.firstIndex(where: { $0.id == id }) else { continue }
                fields[place] = try column.evolved(field, of: name)
            } else {
                guard !column.isKey else {
                    throw .contract(
                        "table \(name): the key column \(column.name) is not in the table, so its rows have no such key; "
                            + "give the table another name, or replay its files into a new one")
                }
                nextID += 1
                id = nextID
                let field = IcebergField(
                    id: id, name: column.name, type: column.fieldType.numbered(after: &nextID),
                    documentation: column.documentation)
                // The columns that silver adds stay last.
                let isSystem = system.contains { $0.name == column.name }
                let end = isSystem ? nil : fields.firstIndex { $0.name == system.first?.name }
                fields.insert(field, at: end ?? fields.count)
            }
            if column.isKey { keyIDs.insert(id) }
        }
        for (place, field) in fields.enumerated() where fields[..<place].contains(where: { $0.name == field.name }) {
            throw .contract(
                "table \(name) already has another column \(field.name), which the contract had before; choose another name"
            )
        }
        guard current.identifierIDs.isEmpty || Set(current.identifierIDs) == keyIDs else {
            let former = current.identifierIDs.compactMap { current.field($0)?.name }.joined(separator: ", ")
            throw .contract(
                "table \(name) has the primary key \(former), which cannot change: its rows were merged by it; "
                    + "give the table another name, or replay its files into a new one")
        }
        // Erased keys are known by their values in the order of the columns' names.
        func ordered(_ fields: [IcebergField]) -> [Int32] {
            fields.filter { keyIDs.contains($0.id) }.sorted { $0.name < $1.name }.map(\.id)
        }
        guard erased.isEmpty || ordered(fields) == ordered(current.fields) else {
            throw .contract(
                "table \(name): keys of it were erased, and are known by the order of the key's column names, which the new names change; "
                    + "choose names in the order of the former ones")
        }
        let isSame = fields == current.fields
        let identifiers = current.identifierIDs
        let older = metadata.schemas.first { $0.fields == fields && $0.identifierIDs == identifiers }
        let id = isSame ? current.id : older?.id ?? (metadata.schemas.map(\.id).max() ?? 0) + 1
        return IcebergSchema(id: id, fields: fields, identifierIDs: identifiers)
    }
}

extension SilverColumn {
    /// The field of the table as the column has it now.
    fileprivate func evolved(_ field: IcebergField, of table: String) throws(SilverError) -> IcebergField {
        guard field.type.isPromotable(to: fieldType) else {
            throw .contract(
                "table \(table): column \(field.name) is \(field.type) in the table and cannot become \(fieldType), because "
                    + "the rows of older files have no such values; give the new column another name")
        }
        // What is nested keeps its ids.
        let type = fieldType.isNested ? field.type : fieldType
        return IcebergField(
            id: field.id, name: name, isRequired: field.isRequired, type: type,
            documentation: field.type == type && field.name == name ? field.documentation : documentation)
    }
}
