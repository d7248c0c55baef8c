internal import AWSClient
internal import JSON
internal import Time

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Runs queries through Athena's API: the emulator's, or AWS's.
struct AthenaClient {
    let client: AWSClient
    let workGroup: String
    let database: String?
    /// Where results go; nil if the work group says it.
    let outputLocation: String?

    /// A query that has ended well.
    struct Execution {
        let id: String
        let bytesScanned: Int
        let milliseconds: Int
        /// Whether it is a query with rows under a header, not a statement whose answer is text.
        let hasHeader: Bool
        let outputLocation: String
    }

    struct Column: Hashable {
        let name: String
        let type: String
        /// Of a decimal.
        var precision = 0
        var scale = 0

        var isNumber: Bool {
            ["tinyint", "smallint", "integer", "bigint", "float", "double", "decimal"].contains(type)
        }
    }

    /// A query that failed or was cancelled.
    struct Failure: Error {
        let message: String
    }

    private func call(_ action: String, _ input: JSON) throws(AWSError) -> JSON {
        try client.jsonCall(
            service: "athena", target: "AmazonAthena", action: action, input: input, version: "1.1", isRepeatable: true)
    }

    /// Runs a statement and waits for its end.
    /// - Parameter isInterrupted: is asked while the query runs; if it says so, the query is stopped.
    func run(_ statement: String, isInterrupted: () -> Bool = { false }) throws -> Execution {
        var input: JSONObject = [
            "QueryString": .string(statement), "ClientRequestToken": .string(ClockAndChance.system.uuid()),
            "WorkGroup": .string(workGroup),
        ]
        if let database { input["QueryExecutionContext"] = ["Database": .string(database)] }
        if let outputLocation { input["ResultConfiguration"] = ["OutputLocation": .string(outputLocation)] }
        let id = try call("StartQueryExecution", .object(input))["QueryExecutionId"]?.string ?? ""
        var pause: UInt32 = 2000
        while true {
            let execution = try call("GetQueryExecution", ["QueryExecutionId": .string(id)])["QueryExecution"] ?? [:]
            switch execution["Status"]?["State"]?.string {
            case "SUCCEEDED":
                return Execution(
                    id: id, bytesScanned: execution["Statistics"]?["DataScannedInBytes"]?.int ?? 0,
                    milliseconds: execution["Statistics"]?["TotalExecutionTimeInMillis"]?.int ?? 0,
                    hasHeader: execution["StatementType"]?.string == "DML",
                    outputLocation: execution["ResultConfiguration"]?["OutputLocation"]?.string ?? "")
            case "FAILED", "CANCELLED":
                throw Failure(message: execution["Status"]?["StateChangeReason"]?.string ?? "the query was cancelled")
            default:
                if isInterrupted() { _ = try call("StopQueryExecution", ["QueryExecutionId": .string(id)]) }
                usleep(pause)
                pause = min(pause + pause / 2, 500_000)
            }
        }
    }

    /// Reads a result page by page.
    /// - Parameter body: is given the columns and the rows of each page; nil is a null. It says whether to go on.
    func forEachPage(of execution: Execution, _ body: ([Column], [[String?]]) throws -> Bool) throws {
        var token: String?
        var isFirst = true
        repeat {
            var input: JSONObject = ["QueryExecutionId": .string(execution.id), "MaxResults": 1000]
            input["NextToken"] = token.map(JSON.string)
            let answer = try call("GetQueryResults", .object(input))
            let columns = (answer["ResultSet"]?["ResultSetMetadata"]?["ColumnInfo"]?.array ?? []).map {
                Column(
                    name: $0["Name"]?.string ?? "", type: $0["Type"]?.string ?? "",
                    precision: $0["Precision"]?.int ?? 0, scale: $0["Scale"]?.int ?? 0)
            }
            var rows = (answer["ResultSet"]?["Rows"]?.array ?? []).map { row in
                (row["Data"]?.array ?? []).map { $0["VarCharValue"]?.string }
            }
            if isFirst, execution.hasHeader, !rows.isEmpty { rows.removeFirst() }
            isFirst = false
            guard try body(columns, rows) else { return }
            token = answer["NextToken"]?.string
        } while token != nil
    }
}
