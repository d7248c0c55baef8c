internal import DuckDB
internal import EmulatorCore
internal import JSON
internal import Time

/// Makes the tables that a query reads into views of an engine, with copies of their data files in its folder.
struct LakeReader: Sendable {
    let peers: Peers

    /// Statements that make views, and how many bytes of data files they can read.
    struct Views: Sendable {
        var statements: [String] = []
        var bytes = 0
    }

    /// The views of all tables that a query uses.
    func views(of uses: [TableUse], in folder: String) async throws -> Views {
        var views = Views()
        var seen: Set<TableUse> = []
        var databases: Set<String> = []
        for use in uses where seen.insert(use).inserted {
            if databases.insert(use.database).inserted {
                views.statements.append("CREATE SCHEMA IF NOT EXISTS memory.\(DuckDBText.name(use.database))")
            }
            let place = "\(folder)/\(seen.count)"
            let view = try await view(of: use, in: place)
            views.statements += view.statements
            views.bytes += view.bytes
        }
        return views
    }

    private func view(of use: TableUse, in place: String) async throws -> Views {
        let table = try await table(use)
        let objects = try objects
        let name = "memory.\(DuckDBText.name(use.database)).\(DuckDBText.name(use.view))"
        if let location = Self.metadataLocation(of: table) {
            return try IcebergInput(use, location: location, objects).view(name, in: place)
        }
        if table["TableType"]?.string == "VIRTUAL_VIEW" {
            throw SQLProblem.notEmulated("the view \(use.table)", at: use.offset)
        }
        switch use.state {
        case .current: break
        case .facts("partitions"): break
        case .version, .time, .facts:
            throw SQLProblem.semantic(
                "NOT_SUPPORTED", "Table '\(use.database).\(use.table)' is not an Iceberg table", at: use.offset)
        }
        return try await HiveInput(use, table: table, objects, peers).view(name, in: place)
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

    func glue(_ action: String, _ input: JSON) async throws -> JSON {
        guard let glue = peers.action("glue") else { throw AWSFault.notEmulated("Athena without Glue") }
        return try await glue.perform(action, input)
    }

    /// The folders that have objects at a depth under a location, such as `year=2026/month=1`.
    func folders(under location: String, depth: Int) throws -> [String] {
        let root = location.hasSuffix("/") ? location : location + "/"
        guard let place = Self.object(at: root) else { return [] }
        var found: Set<String> = []
        var after = ""
        while true {
            let page = try objects.listObjects(in: place.bucket, prefix: place.key, after: after, limit: 1000)
            for object in page.objects {
                let parts = object.key.dropFirst(place.key.count).split(
                    separator: "/", omittingEmptySubsequences: false)
                if parts.count > depth { found.insert(parts.prefix(depth).joined(separator: "/")) }
            }
            guard page.isTruncated, let last = page.objects.last else { return found.sorted() }
            after = last.key
        }
    }

    /// The object at a location `s3://bucket/key`.
    static func object(at location: String) -> ObjectLocation? {
        let parts = location.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, ["s3:", "s3a:", "s3n:"].contains(parts[0]), parts[1].isEmpty else { return nil }
        return ObjectLocation(bucket: String(parts[2]), key: String(parts[3]))
    }
}
