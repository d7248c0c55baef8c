import EmulatorCore
import JSON
import TestEmulator
import TestServices
import Time

@testable import EmulatedAthena
@testable import EmulatedGlue
@testable import EmulatedS3

/// Athena with the emulator's catalog and S3, a bucket `lake` and a database `db`.
struct AthenaFixture {
    let directory: TestServices.TemporaryDirectory
    let store: Store
    let athena: AthenaService
    let glue: GlueService
    let objects: S3
    let peers = Peers()

    static let program = "\(Programs.packageRoot)/.venv-duckdb/duckdb"

    init() async throws {
        directory = try TestServices.TemporaryDirectory()
        store = try Store(directory: directory.path, schema: S3.schema + GlueService.schema + AthenaService.schema)
        objects = try S3(store: store, peers: peers, account: Account(), clock: .system)
        glue = GlueService(store: store, peers: peers)
        peers.connect([objects, glue])
        athena = AthenaService(
            store: store, account: Account(), clock: .system, peers: peers, host: ProcessHost(), program: Self.program)
        try await objects.start()
        _ = await objects.respond(to: HTTPRequest(method: "PUT", path: "/lake"))
        _ = try await glue.perform("CreateDatabase", ["DatabaseInput": ["Name": "db"]])
    }

    func close() async {
        await athena.stop()
        await objects.stop()
        store.close()
    }

    /// Starts a statement and waits for its end.
    func run(_ statement: String, _ further: JSONObject = [:]) async throws -> JSON {
        var input: JSONObject = [
            "QueryString": .string(statement), "QueryExecutionContext": ["Database": "db"],
            "ResultConfiguration": ["OutputLocation": "s3://lake/results/"],
        ]
        for (name, value) in further { input[name] = value }
        let id = try await athena.perform("StartQueryExecution", .object(input))["QueryExecutionId"] ?? .null
        while true {
            let execution =
                try await athena.perform("GetQueryExecution", ["QueryExecutionId": id])["QueryExecution"] ?? .null
            if execution["Status"]?["CompletionDateTime"] != nil { return execution }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    /// The rows of a statement, without their header.
    func rows(_ statement: String) async throws -> [[String?]] {
        let execution = try await run(statement)
        guard execution["Status"]?["State"]?.string == "SUCCEEDED" else {
            throw AWSFault("Failed", execution["Status"]?["StateChangeReason"]?.string ?? "")
        }
        let answer = try await athena.perform(
            "GetQueryResults", ["QueryExecutionId": execution["QueryExecutionId"] ?? .null])
        let rows = (answer["ResultSet"]?["Rows"]?.array ?? []).map { row in
            (row["Data"]?.array ?? []).map { $0["VarCharValue"]?.string }
        }
        return execution["StatementType"]?.string == "DML" ? Array(rows.dropFirst()) : rows
    }

    /// Why a statement failed; nil if it did not.
    func failure(_ statement: String) async throws -> String? {
        do {
            return try await run(statement)["Status"]?["StateChangeReason"]?.string
        } catch let fault as AWSFault { return fault.message }
    }
}
