internal import EmulatorCore
internal import JSON
internal import Time

// Tables. See <https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-tables.html>

extension GlueService {
    func createTable(_ input: JSON) async throws -> JSON {
        if input.present("OpenTableFormatInput") != nil {
            throw AWSFault.notEmulated("CreateTable with OpenTableFormatInput")
        }
        if input.present("PartitionIndexes") != nil { throw AWSFault.notEmulated("A partition index") }
        let database = try input.required("DatabaseName")
        let declared = try CatalogInput.named(try input.requiredObject("TableInput"), "table")
        let name = TableName(database, declared["Name"]?.string ?? "")
        let table = StoredTable(name, declared, now: clock.now().milliseconds)
        try await store.write { transaction in
            _ = try Self.database(database, in: transaction.snapshot)
            guard try StoredTable.find(name, in: transaction.snapshot) == nil else { throw AWSFault.exists("Table") }
            try table.insert(in: transaction)
        }
        return [:]
    }

    func table(_ input: JSON) throws -> JSON {
        let (database, name) = (try input.required("DatabaseName"), try input.required("Name"))
        let table = try store.read { snapshot in
            _ = try Self.database(database, in: snapshot)
            return try StoredTable.find(TableName(database, name), in: snapshot)
        }
        guard let table else { throw AWSFault.notFound("Entity Not Found") }
        return ["Table": shown(table)]
    }

    func tables(_ input: JSON) throws -> JSON {
        let database = try input.required("DatabaseName")
        var all = try store.read { snapshot in
            try StoredTable.all(of: try Self.database(database, in: snapshot).name, in: snapshot)
        }
        if let expression = input.present("Expression")?.string, !expression.isEmpty {
            var pattern = try TableNamePattern(expression)
            all.removeAll { !pattern.matches($0.name.table) }
        }
        return try CatalogPage(of: all, input, key: \.name.table) { $0.name.table > $1 }.answer("TableList", shown)
    }

    /// Replaces a table's description; `VersionId` makes it conditional on the version that the client has read.
    func updateTable(_ input: JSON) async throws -> JSON {
        if input.present("UpdateOpenTableFormatInput") != nil {
            throw AWSFault.notEmulated("UpdateTable with UpdateOpenTableFormatInput")
        }
        let database = try input.required("DatabaseName")
        let declared = try CatalogInput.named(try input.requiredObject("TableInput"), "table")
        let expected = input.present("VersionId")?.string
        let keepsVersion = input["SkipArchive"]?.bool != true
        let now = clock.now().milliseconds
        try await store.write { transaction in
            let table = try Self.table(database, declared["Name"]?.string ?? "", in: transaction.snapshot)
            if let expected, expected != String(table.version) { throw AWSFault.concurrentUpdate }
            try table.replace(by: declared, at: now, keepingVersion: keepsVersion, in: transaction)
        }
        return [:]
    }

    func deleteTable(_ input: JSON) async throws -> JSON {
        let (database, name) = (try input.required("DatabaseName"), try input.required("Name"))
        try await store.write(freesSpace: true) { transaction in
            try Self.table(database, name, in: transaction.snapshot).remove(in: transaction)
        }
        return [:]
    }

    func deleteTables(_ input: JSON) async throws -> JSON {
        let database = try input.required("DatabaseName")
        let names = try input.requiredTexts("TablesToDelete")
        let errors = try await store.write(freesSpace: true) { transaction in
            _ = try Self.database(database, in: transaction.snapshot)
            var errors: [JSON] = []
            for name in names {
                if let table = try StoredTable.find(TableName(database, name), in: transaction.snapshot) {
                    try table.remove(in: transaction)
                } else {
                    errors.append(["TableName": .string(name), "ErrorDetail": AWSFault.noTable(name).errorDetail])
                }
            }
            return errors
        }
        return ["Errors": .array(errors)]
    }

    static func table(_ database: String, _ name: String, in snapshot: borrowing Snapshot) throws -> StoredTable {
        _ = try Self.database(database, in: snapshot)
        guard let table = try StoredTable.find(TableName(database, name), in: snapshot) else {
            throw AWSFault.noTable(name)
        }
        return table
    }

    func shown(_ table: StoredTable) -> JSON {
        var members = table.input
        members["DatabaseName"] = .string(table.name.database)
        members["CreateTime"] = Timestamp.json(table.createdAt)
        members["UpdateTime"] = Timestamp.json(table.updatedAt)
        if members["Retention"] == nil { members["Retention"] = 0 }
        if members["PartitionKeys"] == nil { members["PartitionKeys"] = [] }
        members["CreatedBy"] = .string("arn:aws:iam::\(account.id):root")
        members["IsRegisteredWithLakeFormation"] = false
        members["CatalogId"] = .string(account.id)
        members["VersionId"] = .string(String(table.version))
        if var storage = members["StorageDescriptor"]?.object {
            let defaults: JSONObject = [
                "Compressed": false, "NumberOfBuckets": 0, "SortColumns": [], "StoredAsSubDirectories": false,
            ]
            for (name, value) in defaults where storage[name] == nil { storage[name] = value }
            members["StorageDescriptor"] = .object(storage)
        }
        return .object(members)
    }
}

extension StoredTable {
    /// Writes the next version, with another description.
    func replace(
        by declared: JSONObject, at now: Int64, keepingVersion: Bool, in transaction: borrowing Transaction
    ) throws {
        if keepingVersion { try StoredTableVersion.keep(self, in: transaction) }
        var changed = self
        changed.input = declared
        changed.input["Name"] = .string(name.table)
        changed.updatedAt = now
        guard try changed.replace(in: transaction) else { throw AWSFault.concurrentUpdate }
    }
}
