internal import EmulatorCore
internal import JSON
internal import Time

/// Namespaces: the catalog's databases.
///
/// The properties `location` and `comment` are the database's location and description.
extension IcebergCatalog {
    func listNamespaces(_ call: IcebergCall) throws -> JSON {
        if let parent = call.parameter("parent") {
            // A database has no levels below it.
            _ = try loadNamespace(Namespace(levels: parent.split(separator: Namespace.separator).map(String.init)))
            return ["namespaces": []]
        }
        let names = try store.read { try StoredDatabase.all(in: $0).map(\.name) }
        let (page, next) = try call.page(of: names)
        var answer: JSONObject = ["namespaces": .array(page.map { [.string($0)] })]
        for (name, value) in next { answer[name] = value }
        return .object(answer)
    }

    func createNamespace(_ call: IcebergCall) async throws -> JSON {
        let namespace = try IcebergCall.namespace(call.body["namespace"])
        guard let name = namespace.database else {
            throw AWSFault(
                "InvalidInputException",
                "A namespace has one level, the database; \(namespace) has \(namespace.levels.count).")
        }
        try CatalogNames.check(name, "database")
        let properties =
            try call.body.present("properties").map { _ in try call.body.properties("properties") } ?? [:]
        let database = StoredDatabase(
            Self.input(name, properties, replacing: ["Name": .string(name)]), createdAt: clock.now().milliseconds)
        try await store.write { transaction in
            guard try StoredDatabase.find(name, in: transaction.snapshot) == nil else {
                throw AWSFault.alreadyExists("Namespace already exists: \(name)")
            }
            try database.save(in: transaction)
        }
        return ["namespace": [.string(name)], "properties": .object(properties)]
    }

    func loadNamespace(_ namespace: Namespace) throws -> JSON {
        let database = try store.read { try Self.database(namespace, in: $0) }
        return ["namespace": [.string(database.name)], "properties": .object(Self.properties(database))]
    }

    func dropNamespace(_ namespace: Namespace) async throws {
        try await store.write(freesSpace: true) { transaction in
            let database = try Self.database(namespace, in: transaction.snapshot)
            guard try database.isEmpty(in: transaction.snapshot) else {
                throw AWSFault("NamespaceNotEmptyException", "Namespace \(namespace) is not empty.", status: 409)
            }
            try database.remove(in: transaction)
        }
    }

    func updateProperties(of namespace: Namespace, _ call: IcebergCall) async throws -> JSON {
        let updates = try call.body.present("updates").map { _ in try call.body.properties("updates") } ?? [:]
        let removals = try call.body.present("removals").map { _ in try call.body.texts("removals") } ?? []
        let both = removals.filter { updates[$0] != nil }
        guard both.isEmpty else {
            throw AWSFault(
                "UnprocessableEntityException",
                "Invalid namespace update, cannot also remove: \(both.joined(separator: ", "))",
                status: 422)
        }
        let removed = try await store.write { transaction in
            var database = try Self.database(namespace, in: transaction.snapshot)
            var properties = Self.properties(database)
            let removed = removals.filter { properties[$0] != nil }
            for name in removed { properties[name] = nil }
            for (name, value) in updates { properties[name] = value }
            database.input = Self.input(database.name, properties, replacing: database.input)
            try database.save(in: transaction)
            return removed
        }
        return [
            "updated": .array(updates.names.map { .string($0) }), "removed": .array(removed.map { .string($0) }),
            "missing": .array(removals.filter { !removed.contains($0) }.map { .string($0) }),
        ]
    }

    static func database(_ namespace: Namespace, in snapshot: borrowing Snapshot) throws -> StoredDatabase {
        guard let name = namespace.database, let database = try StoredDatabase.find(name, in: snapshot) else {
            throw AWSFault.noSuchNamespace("\(namespace)")
        }
        return database
    }

    private static func properties(_ database: StoredDatabase) -> JSONObject {
        var properties = database.input["Parameters"]?.object ?? [:]
        if let location = database.input["LocationUri"] { properties["location"] = location }
        if let comment = database.input["Description"] { properties["comment"] = comment }
        return properties
    }

    private static func input(_ name: String, _ properties: JSONObject, replacing input: JSONObject) -> JSONObject {
        var (input, parameters) = (input, properties)
        input["LocationUri"] = properties["location"]
        input["Description"] = properties["comment"]
        parameters["location"] = nil
        parameters["comment"] = nil
        input["Parameters"] = .object(parameters)
        return input
    }
}
