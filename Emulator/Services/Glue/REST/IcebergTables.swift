internal import EmulatorCore
internal import JSON
internal import Time

/// Tables: create, load, list, register, drop.
extension IcebergCatalog {
    /// Tables of other formats are not listed.
    func listTables(in namespace: Namespace, _ call: IcebergCall) throws -> JSON {
        let (database, tables) = try store.read { snapshot in
            let database = try Self.database(namespace, in: snapshot)
            return (database.name, try StoredTable.all(of: database.name, in: snapshot))
        }
        let names = tables.filter { $0.metadataLocation != nil }.map(\.name.table)
        let (page, next) = try call.page(of: names)
        var answer: JSONObject = [
            "identifiers": .array(page.map { ["namespace": [.string(database)], "name": .string($0)] })
        ]
        for (name, value) in next { answer[name] = value }
        return .object(answer)
    }

    func createTable(in namespace: Namespace, _ call: IcebergCall) async throws -> TableAnswer {
        let (metadata, file) = try await createTable(in: namespace, call.body) { _ in [] }
        return answer(metadata, at: file, call)
    }

    /// - Parameter fill: writes the first rows of the table, and returns the updates that make them the table's.
    func createTable(
        in namespace: Namespace, _ request: JSON, filling fill: (JSON) async throws -> [JSON]
    ) async throws -> (metadata: TableMetadata, location: String) {
        let name = try newName(in: namespace, request)
        guard request["stage-create"]?.bool != true else {
            throw AWSFault.unsupported("CreateTable with staging is not supported; create the table, then insert.")
        }
        guard let location = request.present("location")?.string else {
            throw AWSFault(
                "InvalidInputException", "Location information cannot be null while creating an iceberg table")
        }
        guard location.hasPrefix("s3://") else {
            throw AWSFault("InvalidInputException", "The location \(location) is not in Amazon S3; expected s3://…")
        }
        try store.read { try Self.checkIsFree(name, in: $0) }
        let now = Int(clock.now().milliseconds)
        var metadata = try TableMetadata(
            creating: request, at: location.trimmingSlash, uuid: clock.uuid(), now: now)
        let updates = try await fill(metadata.json)
        if !updates.isEmpty {
            var change = TableMetadataChange(metadata, now: now)
            for update in updates { try change.apply(try TableMetadataUpdate(update)) }
            metadata = change.finish(replacing: nil) ?? metadata
        }
        let file = MetadataFile.next(for: metadata, after: nil, uuid: clock.uuid())
        try await files.write(metadata, to: file)
        do {
            try await add(name, metadata, at: file)
        } catch let fault as AWSFault {
            await files.discard(file)
            throw fault
        }
        return (metadata, file)
    }

    /// Adds a table whose metadata somebody else wrote.
    func registerTable(in namespace: Namespace, _ call: IcebergCall) async throws -> TableAnswer {
        let name = try newName(in: namespace, call.body)
        let location = try call.body.text("metadata-location")
        let metadata = try files.read(location)
        try await add(name, metadata, at: location, overwrites: call.body["overwrite"]?.bool ?? false)
        return answer(metadata, at: location, call)
    }

    func loadTable(_ namespace: Namespace, _ name: String, _ call: IcebergCall) throws -> TableAnswer {
        let (_, location) = try table(namespace, name)
        var metadata = try files.read(location)
        switch call.parameter("snapshots") {
        case nil, "all": break
        case "refs": metadata = metadata.withReferencedSnapshotsOnly
        case let other?: throw AWSFault.badRequest("Invalid snapshots: \(other); expected all or refs")
        }
        return answer(metadata, at: location, call)
    }

    /// The files of the table stay.
    func dropTable(_ namespace: Namespace, _ name: String, _ call: IcebergCall) async throws {
        let (table, _) = try table(namespace, name)
        if call.parameter("purgeRequested")?.lowercased() == "true" {
            throw AWSFault(
                "InvalidInputException",
                "Purge is not supported for tables in Amazon S3; drop the table without it, then delete its files.")
        }
        try await store.write(freesSpace: true) { try table.remove(in: $0) }
    }

    // MARK: Parts

    /// The table, and where its metadata is.
    /// - Throws: ``AWSFault`` `NoSuchTableException`, also if the namespace does not exist: engines that ask for
    ///   `table.snapshots` as a table expect that.
    func table(_ namespace: Namespace, _ name: String) throws -> (table: StoredTable, location: String) {
        let missing = AWSFault.noSuchTable(TableName("\(namespace)", name))
        guard let database = namespace.database else { throw missing }
        guard let table = try store.read({ try StoredTable.find(TableName(database, name), in: $0) }) else {
            throw missing
        }
        guard let location = table.metadataLocation else {
            let format = table.input["Parameters"]?["classification"]?.string ?? "unknown"
            throw AWSFault(
                "NoSuchTableException",
                "Input Glue table is not an iceberg table: \(table.name) (classification=\(format))",
                status: 404)
        }
        return (table, location)
    }

    private func newName(in namespace: Namespace, _ request: JSON) throws -> TableName {
        let database = try store.read { try Self.database(namespace, in: $0) }
        let name = try request.text("name")
        try CatalogNames.check(name, "table")
        return TableName(database.name, name)
    }

    private static func checkIsFree(_ name: TableName, in snapshot: borrowing Snapshot) throws {
        guard try StoredTable.find(name, in: snapshot) == nil else {
            throw AWSFault.alreadyExists("Table already exists: \(name)")
        }
    }

    private func add(
        _ name: TableName, _ metadata: TableMetadata, at location: String, overwrites: Bool = false
    ) async throws {
        var table = StoredTable(name, [:], now: clock.now().milliseconds)
        try table.point(to: metadata, at: location)
        let new = table
        try await store.write { transaction in
            guard try StoredDatabase.find(name.database, in: transaction.snapshot) != nil else {
                throw AWSFault.noSuchNamespace(name.database)
            }
            if overwrites {
                try StoredTable.find(name, in: transaction.snapshot)?.remove(in: transaction)
            } else {
                try Self.checkIsFree(name, in: transaction.snapshot)
            }
            try new.insert(in: transaction)
        }
    }

    private func answer(_ metadata: TableMetadata, at location: String, _ call: IcebergCall) -> TableAnswer {
        TableAnswer(
            metadata: metadata, location: location,
            configuration: .object(call.wantsCredentials ? access.settingsWithCredentials : access.settings))
    }
}

/// A table as an answer has it, with its whole metadata.
struct TableAnswer {
    let metadata: TableMetadata
    let location: String
    /// What a client reads the table's files with; nil after a commit.
    let configuration: JSON?

    var bytes: [UInt8] {
        var members: JSONObject = ["metadata-location": .string(location)]
        members["config"] = configuration
        var bytes = JSON.object(members).bytes
        bytes.removeLast()
        bytes += ",\"metadata\":".utf8
        bytes += metadata.bytes
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }
}
