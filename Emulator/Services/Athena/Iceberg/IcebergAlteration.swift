internal import EmulatorCore
internal import Iceberg
internal import JSON

/// ALTER TABLE of an Iceberg table, and its end.
/// - SeeAlso: <https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-evolving-table-schema.html>
struct IcebergAlteration {
    let name: CatalogStatement.Name
    let commit: IcebergCommit

    private static let attempts = 20

    /// Changes the table as it is now; again, if another commit was faster.
    private func change(_ body: (IcebergTable, inout TableChange) throws -> Void) async throws {
        for _ in 0..<Self.attempts {
            let table = try commit.load(name)
            var change = TableChange(of: table.metadata)
            try body(table, &change)
            if try await commit.commit(change, to: name) { return }
        }
        throw IcebergCommit.conflict(name)
    }

    private func evolve(_ body: ([IcebergField], inout Int32) throws -> [IcebergField]) async throws {
        try await change { table, change in
            let schema = table.metadata.currentSchema
            var lastID = table.metadata.lastColumnID
            let fields = try body(schema.fields, &lastID)
            let id = (table.metadata.schemas.map(\.id).max() ?? 0) + 1
            change.evolve(
                table.metadata, to: IcebergSchema(id: id, fields: fields, identifierIDs: schema.identifierIDs))
        }
    }

    private func type(_ column: CatalogStatement.Column, _ lastID: inout Int32) throws(SQLProblem) -> IcebergType {
        guard let engine = HiveType.engineName(of: column.type).flatMap({ EngineType($0) }),
            let type = IcebergType(engine, numberedAfter: &lastID)
        else {
            throw .semantic("NOT_SUPPORTED", "Type not supported for Iceberg: \(column.type)", at: name.offset)
        }
        return type
    }

    func add(_ columns: [CatalogStatement.Column]) async throws {
        try await evolve { fields, lastID in
            var fields = fields
            for column in columns {
                guard !fields.contains(where: { $0.name.lowercased() == column.name }) else {
                    throw SQLProblem.semantic(
                        "FAILED", "Cannot add column, name already exists: \(column.name)", at: nil)
                }
                lastID += 1
                let id = lastID
                fields.append(
                    IcebergField(
                        id: id, name: column.name, type: try type(column, &lastID), documentation: column.comment))
            }
            return fields
        }
    }

    /// Renames a column, and widens its type.
    func change(_ old: String, to column: CatalogStatement.Column) async throws {
        try await evolve { fields, lastID in
            let place = try place(of: old, in: fields)
            let field = fields[place]
            guard column.name == old || !fields.contains(where: { $0.name.lowercased() == column.name }) else {
                throw SQLProblem.semantic("FAILED", "Cannot rename to a name that exists: \(column.name)", at: nil)
            }
            let new = try type(column, &lastID)
            guard field.type.isPromotable(to: new) else {
                throw SQLProblem.semantic(
                    "FAILED", "Cannot change column type: \(old): \(field.type) -> \(new)", at: nil)
            }
            // Nested fields keep their ids.
            let isSame = new.isPromotable(to: field.type)
            var fields = fields
            fields[place] = IcebergField(
                id: field.id, name: column.name == old ? field.name : column.name, isRequired: field.isRequired,
                type: isSame ? field.type : new, documentation: column.comment ?? field.documentation)
            return fields
        }
    }

    func drop(_ column: String) async throws {
        try await change { table, change in
            let schema = table.metadata.currentSchema
            let field = schema.fields[try place(of: column, in: schema.fields)]
            guard !table.metadata.defaultSpec.fields.contains(where: { $0.sourceID == field.id }),
                !schema.identifierIDs.contains(field.id)
            else {
                throw SQLProblem.semantic("FAILED", "Cannot drop partition or identifier field: \(column)", at: nil)
            }
            let id = (table.metadata.schemas.map(\.id).max() ?? 0) + 1
            change.evolve(
                table.metadata,
                to: IcebergSchema(
                    id: id, fields: schema.fields.filter { $0.id != field.id }, identifierIDs: schema.identifierIDs))
        }
    }

    private func place(of column: String, in fields: [IcebergField]) throws(SQLProblem) -> Int {
        guard let place = fields.firstIndex(where: { $0.name.lowercased() == column }) else {
            throw .semantic("FAILED", "Column does not exist: \(column)", at: nil)
        }
        return place
    }

    func set(_ settings: [String: String]) async throws {
        let properties = try IcebergDefinition.given(settings, at: name.offset)
        try await change { _, change in change.set(properties) }
    }

    /// Drops the table with all files that its snapshots have. Files that other engines left beside them stay.
    func dropTable(_ drop: () async throws -> Void) async throws {
        let table = try commit.load(name)
        var paths: Set<String> = []
        for snapshot in table.metadata.snapshots {
            paths.formUnion(try table.allFiles(of: snapshot, commit.objects))
        }
        for entry in table.document["metadata-log"]?.array ?? [] {
            if let path = entry["metadata-file"]?.string { paths.insert(path) }
        }
        if let path = LakeReader.metadataLocation(of: try await LakeReader(peers: commit.peers).find(name) ?? [:]) {
            paths.insert(path)
        }
        try await drop()
        await commit.discard(paths.sorted())
    }
}
