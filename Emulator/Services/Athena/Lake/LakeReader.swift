internal import DuckDB
internal import EmulatorCore
internal import JSON
internal import Time

/// Makes the tables that a query reads into views of an engine, with copies of their data files in its folder.
struct LakeReader: Sendable {
    let peers: Peers

    /// What a query's views have taken so far.
    private struct Progress {
        var statements: [String] = []
        var limit: ScanLimit
        var seen: Set<TableUse> = []
        var databases: Set<String> = []
        /// The time of `now()` in the time travel of views, in milliseconds since 1970.
        let now: Int64
        /// The views of the catalog whose queries are being read, from the outermost inwards.
        var open: [TableUse] = []
    }

    /// Statements that make the views of all tables that a query uses.
    /// - Parameter limit: counts the bytes of the data files, before any is copied.
    func views(of uses: [TableUse], in folder: String, now: Int64, _ limit: inout ScanLimit) async throws -> [String] {
        var progress = Progress(limit: limit, now: now)
        try await add(uses, in: folder, to: &progress)
        limit = progress.limit
        return progress.statements
    }

    private func add(_ uses: [TableUse], in folder: String, to progress: inout Progress) async throws {
        for use in uses {
            guard !progress.open.contains(use) else {
                throw SQLProblem.semantic("VIEW_IS_RECURSIVE", "Statement is recursive", at: use.offset)
            }
            guard progress.seen.insert(use).inserted else { continue }
            if progress.databases.insert(use.database).inserted {
                progress.statements.append(
                    "CREATE SCHEMA IF NOT EXISTS memory.\(DuckDBText.name(use.database))")
            }
            let place = "\(folder)/\(progress.seen.count)"
            progress.statements += try await view(of: use, in: place, folder, &progress)
        }
    }

    private func view(
        of use: TableUse, in place: String, _ folder: String, _ progress: inout Progress
    ) async throws -> [String] {
        let table = try await table(use)
        let objects = try objects
        let name = "memory.\(DuckDBText.name(use.database)).\(DuckDBText.name(use.view))"
        if let location = Self.metadataLocation(of: table) {
            return try IcebergInput(use, location: location, objects).view(name, in: place, &progress.limit)
        }
        switch use.state {
        case .current: break
        case .facts("partitions"): break
        case .version, .time, .facts:
            throw SQLProblem.semantic(
                "NOT_SUPPORTED", "Table '\(use.database).\(use.table)' is not an Iceberg table", at: use.offset)
        }
        if table["TableType"]?.string == StoredView.tableType {
            guard let view = StoredView(table) else {
                throw SQLProblem.notEmulated(
                    "the view \(use.table), which is written in another dialect than Athena's,", at: use.offset)
            }
            return [try await statement(making: name, view, use, folder, &progress)]
        }
        return try await HiveInput(use, table: table, objects, peers).view(name, in: place, &progress.limit)
    }

    /// Makes a view of the catalog's in the engine, after the tables that it reads.
    private func statement(
        making name: String, _ view: StoredView, _ use: TableUse, _ folder: String, _ progress: inout Progress
    ) async throws -> String {
        do {
            let statement = try QueryStatement(
                view.sql, database: view.database, parameters: [], now: progress.now)
            guard case .query(let query) = statement.kind else {
                guard case .refused(let problem) = statement.kind else {
                    throw SQLProblem.semantic("INVALID_VIEW", "it is no query", at: nil)
                }
                throw problem
            }
            progress.open.append(use)
            try await add(query.tables, in: folder, to: &progress)
            progress.open.removeLast()
            let columns = view.columns.map { DuckDBText.name($0.name) }.joined(separator: ", ")
            return "CREATE VIEW \(name)\(columns.isEmpty ? "" : "(\(columns))") AS \(query.fragment.text)"
        } catch let problem as SQLProblem {
            if case .semantic("VIEW_IS_RECURSIVE") = problem.kind { throw problem }
            throw SQLProblem.semantic(
                "INVALID_VIEW",
                "Failed analyzing stored view 'awsdatacatalog.\(use.database).\(use.table)': "
                    + problem.message(in: view.sql), at: use.offset)
        }
    }

    static func metadataLocation(of table: JSON) -> String? {
        guard table["Parameters"]?["table_type"]?.string?.uppercased() == "ICEBERG" else { return nil }
        return table["Parameters"]?["metadata_location"]?.string
    }

    private var objects: any ObjectStore {
        get throws {
            guard let objects = peers.objects else { throw AWSFault.notEmulated("Athena without S3") }
            return objects
        }
    }

    /// The table as Glue has it.
    /// - Throws: ``SQLProblem`` if it, or its database, does not exist.
    private func table(_ use: TableUse) async throws -> JSON {
        do {
            let answer = try await glue(
                "GetTable", ["DatabaseName": .string(use.database), "Name": .string(use.table)])
            return answer["Table"] ?? [:]
        } catch let fault as AWSFault where fault.code == "EntityNotFoundException" {
            guard fault.message.hasPrefix("Database") else {
                throw SQLProblem.semantic(
                    "TABLE_NOT_FOUND", "Table 'awsdatacatalog.\(use.database).\(use.table)' does not exist",
                    at: use.offset)
            }
            throw SQLProblem.semantic("SCHEMA_NOT_FOUND", "Schema '\(use.database)' does not exist", at: use.offset)
        }
    }

    /// A table that need not exist; nil if it does not.
    /// - Throws: ``SQLProblem`` if its database does not exist.
    func find(_ name: CatalogStatement.Name) async throws -> JSON? {
        do {
            return try await glue(
                "GetTable", ["DatabaseName": .string(name.database), "Name": .string(name.table)])["Table"]
        } catch let fault as AWSFault where fault.code == "EntityNotFoundException" {
            guard fault.message.hasPrefix("Database") else { return nil }
            throw SQLProblem.semantic("SCHEMA_NOT_FOUND", "Schema '\(name.database)' does not exist", at: name.offset)
        }
    }

    /// Refuses a location that has objects.
    func checkEmpty(_ location: String, _ code: String, _ reason: String) throws {
        guard let place = ObjectLocation(s3: location) else {
            throw SQLProblem.semantic("INVALID_LOCATION", "The location \(location) is not in Amazon S3", at: nil)
        }
        let found = try objects.listObjects(in: place.bucket, prefix: place.key, after: "", limit: 1).objects
        guard found.isEmpty else { throw SQLProblem.semantic(code, "\(reason) \(location)", at: nil) }
    }

    func glue(_ action: String, _ input: JSON) async throws -> JSON {
        guard let glue = peers.action("glue") else { throw AWSFault.notEmulated("Athena without Glue") }
        return try await glue.perform(action, input)
    }

    /// The folders that have objects at a depth under a location, such as `year=2026/month=1`.
    func folders(under location: String, depth: Int) throws -> [String] {
        let root = location.hasSuffix("/") ? location : location + "/"
        guard let place = ObjectLocation(s3: root) else { return [] }
        var found: Set<String> = []
        for object in try objects.allObjects(in: place.bucket, prefix: place.key) {
            let parts = object.key.dropFirst(place.key.count).split(separator: "/", omittingEmptySubsequences: false)
            if parts.count > depth { found.insert(parts.prefix(depth).joined(separator: "/")) }
        }
        return found.sorted()
    }
}

extension String {
    /// A location without slashes at its end.
    var trimmingSlashes: String {
        var text = self[...]
        while text.hasSuffix("/") { text = text.dropLast() }
        return String(text)
    }
}
