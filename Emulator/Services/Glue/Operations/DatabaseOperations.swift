internal import EmulatorCore
internal import JSON
internal import Time

// Databases. See <https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-databases.html>

extension GlueService {
    func createDatabase(_ input: JSON) async throws -> JSON {
        let declared = try CatalogInput.named(try input.requiredObject("DatabaseInput"), "database")
        let tags = try StoredTags.checked(input["Tags"])
        let database = StoredDatabase(declared, createdAt: clock.now().milliseconds)
        try await store.write { transaction in
            guard try StoredDatabase.find(database.name, in: transaction.snapshot) == nil else {
                throw AWSFault.exists("Database")
            }
            try database.save(in: transaction)
            try StoredTags.add(tags, to: database.resource, in: transaction)
        }
        return [:]
    }

    func database(_ input: JSON) throws -> JSON {
        let name = try input.required("Name")
        return ["Database": shown(try store.read { try Self.database(name, in: $0) })]
    }

    func databases(_ input: JSON) throws -> JSON {
        let all = try store.read { try StoredDatabase.all(in: $0) }
        return try CatalogPage(of: all, input, key: \.name) { $0.name > $1 }.answer("DatabaseList", shown)
    }

    func updateDatabase(_ input: JSON) async throws -> JSON {
        let name = try input.required("Name")
        let declared = try CatalogInput.checked(try input.requiredObject("DatabaseInput"))
        try await store.write { transaction in
            var database = try Self.database(name, in: transaction.snapshot)
            database.input = declared
            database.input["Name"] = .string(database.name)
            try database.save(in: transaction)
        }
        return [:]
    }

    /// Its tables are deleted too.
    func deleteDatabase(_ input: JSON) async throws -> JSON {
        let name = try input.required("Name")
        try await store.write(freesSpace: true) { transaction in
            try Self.database(name, in: transaction.snapshot).remove(in: transaction)
        }
        return [:]
    }

    static func database(_ name: String, in snapshot: borrowing Snapshot) throws -> StoredDatabase {
        guard let database = try StoredDatabase.find(name, in: snapshot) else { throw AWSFault.noDatabase(name) }
        return database
    }

    private func shown(_ database: StoredDatabase) -> JSON {
        var members = database.input
        members["CreateTime"] = Timestamp.json(database.createdAt)
        members["CatalogId"] = .string(account.id)
        return .object(members)
    }
}
