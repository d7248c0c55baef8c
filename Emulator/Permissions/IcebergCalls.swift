internal import EmulatorCore
internal import JSON
internal import URLCoding

/// What requests to Glue's Iceberg catalog need: each action on the catalog, the database and the table.
/// - SeeAlso: <https://docs.aws.amazon.com/glue/latest/dg/iceberg-rest-apis.html>
struct IcebergCalls: Sendable {
    let calls: [ServiceCall]

    init(_ request: HTTPRequest, _ body: [UInt8], _ account: Account) {
        let parts = request.path.split(separator: "/").map { String(percentDecoding: String($0)) ?? String($0) }
        // /iceberg/v1/catalogs/<id>/namespaces/<database>/tables/<table>; the catalog may be one part or two.
        let names = parts.drop { $0 != "namespaces" }.dropFirst()
        let database = names.first
        let isTable = names.count > 1 && names.dropFirst().first == "tables"
        let table = isTable && names.count > 2 ? names.dropFirst(2).first : nil
        let document = (try? JSON(parsing: body)) ?? [:]
        let action: String
        var resources: [(String?, String?)] = [(database, table)]
        switch (request.method, parts.last ?? "") {
        case (_, "config"): action = "GetCatalog"
        case (_, "rename"):
            action = "UpdateTable"
            resources = ["source", "destination"].map { name in
                (document[name]?["namespace"]?[0]?.string, document[name]?["name"]?.string)
            }
        case (_, "commit"):
            action = "UpdateTable"
            resources = (document["table-changes"]?.array ?? []).map { change in
                (change["identifier"]?["namespace"]?[0]?.string, change["identifier"]?["name"]?.string)
            }
        case (_, "metrics"): action = "GetTable"
        case ("POST", "register"):
            action = "CreateTable"
            resources = [(database, document["name"]?.string)]
        case (let method, _):
            if table != nil {
                action = ["GET": "GetTable", "HEAD": "GetTable", "DELETE": "DeleteTable"][method] ?? "UpdateTable"
            } else if isTable {
                action = method == "POST" ? "CreateTable" : "GetTables"
                if method == "POST" { resources = [(database, document["name"]?.string)] }
            } else if database != nil {
                action =
                    ["GET": "GetDatabase", "HEAD": "GetDatabase", "DELETE": "DeleteDatabase"][method]
                    ?? "UpdateDatabase"
            } else {
                action = method == "POST" ? "CreateDatabase" : "GetDatabases"
                if method == "POST" { resources = [(document["namespace"]?[0]?.string, nil)] }
            }
        }
        calls = resources.flatMap { GlueResources.calls(action, database: $0.0, table: $0.1, account) }
    }
}

/// Glue asks for each action on all levels: the catalog, the database, the table.
enum GlueResources {
    static func calls(_ action: String, database: String?, table: String?, _ account: Account) -> [ServiceCall] {
        var resources = [account.arn("glue", "catalog")]
        if let database {
            resources.append(account.arn("glue", "database/\(database)"))
            if let table { resources.append(account.arn("glue", "table/\(database)/\(table)")) }
        }
        return resources.map { ServiceCall("glue:\(action)", $0) }
    }
}
