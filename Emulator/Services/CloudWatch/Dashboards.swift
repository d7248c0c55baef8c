internal import EmulatorCore
internal import JSON
internal import Time

/// A dashboard in the store. It is kept, not shown.
enum StoredDashboard {
    static let schema = """
        CREATE TABLE IF NOT EXISTS cloudwatch_dashboard (
            name TEXT PRIMARY KEY, body TEXT NOT NULL, changed_at INTEGER NOT NULL) STRICT;
        """
}

extension CloudWatchService {
    private static let noDashboard = AWSFault("ResourceNotFound", "Dashboard does not exist", status: 404)

    private func arn(ofDashboard name: String) -> String { "arn:aws:cloudwatch::\(account.id):dashboard/\(name)" }

    func putDashboard(_ input: JSON) async throws -> JSON {
        guard let name = input["DashboardName"]?.string, !name.isEmpty,
            name.utf8.allSatisfy({ UnicodeScalar($0).properties.isAlphabetic || "0123456789-_".utf8.contains($0) })
        else { throw AWSFault.invalidMetric("The value for parameter DashboardName is invalid.") }
        guard let body = input["DashboardBody"]?.string, (try? JSON(parsing: body))?.object != nil else {
            throw AWSFault("InvalidParameterInput", "The dashboard body is invalid, there are 1 validation errors.")
        }
        let now = clock.now().milliseconds
        try await store.write { transaction in
            try transaction.execute(
                "INSERT OR REPLACE INTO cloudwatch_dashboard VALUES (?, ?, ?)", .text(name), .text(body), .integer(now))
        }
        return ["DashboardValidationMessages": []]
    }

    func dashboard(_ input: JSON) throws -> JSON {
        let name = input["DashboardName"]?.string ?? ""
        let body = try store.read { snapshot in
            try snapshot.first("SELECT body FROM cloudwatch_dashboard WHERE name = ?", .text(name)) { $0.text(0) }
        }
        guard let body else { throw Self.noDashboard }
        return [
            "DashboardName": .string(name), "DashboardBody": .string(body),
            "DashboardArn": .string(arn(ofDashboard: name)),
        ]
    }

    func listDashboards(_ input: JSON) throws -> JSON {
        let prefix = input["DashboardNamePrefix"]?.string ?? ""
        let all = try store.read { snapshot in
            try snapshot.all("SELECT name, body, changed_at FROM cloudwatch_dashboard ORDER BY name") { row in
                (name: row.text(0), size: row.text(1).utf8.count, changedAt: row.integer(2))
            }
        }
        let entries = all.filter { $0.name.hasPrefix(prefix) }.map { entry -> JSON in
            [
                "DashboardName": .string(entry.name), "DashboardArn": .string(arn(ofDashboard: entry.name)),
                "LastModified": Timestamp.json(entry.changedAt), "Size": .int(entry.size),
            ]
        }
        return ["DashboardEntries": .array(entries)]
    }

    func deleteDashboards(_ input: JSON) async throws -> JSON {
        let names = (input["DashboardNames"]?.array ?? []).compactMap(\.string)
        try await store.write { transaction in
            for name in names {
                let found = try transaction.execute("DELETE FROM cloudwatch_dashboard WHERE name = ?", .text(name))
                guard found == 1 else { throw Self.noDashboard }
            }
        }
        return [:]
    }
}
