internal import AWSClient
internal import Contracts
internal import Control
internal import JSON

/// What to do about a table that a query did not find, or about what it may not scan.
struct QueryAdvice {
    let pipeline: Pipeline
    let workGroup: String
    /// By what users write.
    let databases: [String: String]

    /// - Parameter message: Athena's.
    /// - Returns: nil if the message is about something else.
    func advice(on message: String) -> String? {
        if message.contains("Bytes scanned limit was exceeded") { return scanLimit }
        guard message.contains("SCHEMA_NOT_FOUND") || message.contains("TABLE_NOT_FOUND"),
            let name = Self.quoted(in: message)
        else { return nil }
        let parts = name.split(separator: ".").map(String.init)
        let isSchema = message.contains("SCHEMA_NOT_FOUND")
        let database = isSchema ? parts.last : parts.dropLast().last
        guard let database else { return nil }
        let operations = OperationTable.all.filter { $0.schema == database }.map(\.name)
        guard let schema = operations.isEmpty ? databases.first(where: { $0.value == database })?.key : database else {
            return "the schemas are \((databases.keys.sorted() + OperationTable.schemas).joined(separator: ", "))"
        }
        let table = isSchema ? nil : parts.last
        let tables = operations.isEmpty ? self.tables(in: database) : operations
        guard !tables.isEmpty else { return empty(schema) }
        let listed =
            tables.prefix(8).map { "\(schema).\($0)" }.joined(separator: ", ") + (tables.count > 8 ? ", …" : "")
        guard let table else { return "the tables are \(listed)" }
        let near = tables.filter { EditDistance.between(Array(table.utf8), Array($0.utf8)) <= 2 }
        guard near.isEmpty else {
            return "did you mean \(near.map { "\(schema).\($0)" }.joined(separator: " or "))?"
        }
        if let waiting = waiting(for: table, in: schema) { return waiting }
        return "the tables are \(listed)"
    }

    private var scanLimit: String {
        let group = try? pipeline.client.jsonCall(
            service: "athena", target: "AmazonAthena", action: "GetWorkGroup", input: ["WorkGroup": .string(workGroup)],
            version: "1.1", isRepeatable: true)
        let limit = group?["WorkGroup"]?["Configuration"]?["BytesScannedCutoffPerQuery"]?.int
        let raised =
            workGroup == pipeline.workGroup
            ? "deploy with a larger QueryLimitInBytes" : "give the work group a larger limit"
        return "a query of the work group \(workGroup) may scan \(limit.map { Quantity.bytes($0) } ?? "no more"): "
            + "name the partitions\nthat it needs in WHERE, or \(raised)"
    }

    private func empty(_ schema: String) -> String {
        switch schema {
        case "bronze":
            "bronze has no table: the pipeline's template makes one for each contract;\nis it deployed?"
        case "silver":
            (waiting(for: nil, in: schema) ?? "silver has no table yet")
                + "\na table is made with its first file: cupel run FILE takes one there"
        default:
            "gold has no table yet: each model waits for the silver tables that it reads;\n"
                + "cupel model run says which, cupel run FILE brings a file to silver and gold"
        }
    }

    /// What waits for a table of silver; nil for nothing.
    private func waiting(for table: String?, in schema: String) -> String? {
        guard schema == "silver", let backlog = try? LakeTables(pipeline).backlog() else { return nil }
        let files = backlog.filter { table == nil || $0.key.table == table }
        let (waiting, failed) = files.reduce((0, 0)) { ($0.0 + $1.value.waiting, $0.1 + $1.value.failed) }
        guard waiting + failed > 0 else { return nil }
        let name = table.map { "silver.\($0)" } ?? "silver"
        return
            "\(name) \(table == nil ? "has no table" : "is not there") yet: \(waiting) bronze files wait, \(failed) failed\n"
            + "(cupel status --layer silver)"
    }

    private func tables(in database: String) -> [String] {
        let answer = try? pipeline.client.jsonCall(
            service: "glue", target: "AWSGlue", action: "GetTables", input: ["DatabaseName": .string(database)],
            version: "1.1", isRepeatable: true)
        return (answer?["TableList"]?.array ?? []).compactMap { $0["Name"]?.string }.sorted()
    }

    /// The name between the first apostrophes.
    private static func quoted(in message: String) -> String? {
        let parts = message.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        return parts.count == 3 ? String(parts[1]) : nil
    }
}
