import EmulatorCore
import Foundation
import JSON
import TestServices
import Testing
import Time

@testable import EmulatedAthena
@testable import EmulatedGlue
@testable import EmulatedS3

/// Settings of requests, groups and statements: each has its effect, or is refused by name.
@Suite struct AthenaSettingsTests {
    private static let endless =
        "SELECT count(*) FROM UNNEST(sequence(1, 1000000)) a (x) CROSS JOIN UNNEST(sequence(1, 10000000)) b (y)"

    @Test("a query that waits for its turn and is stopped is cancelled at once") func queuedStop() async throws {
        let fixture = try await AthenaFixture()
        func start(_ text: String) async throws -> JSON {
            try await fixture.athena.perform(
                "StartQueryExecution",
                ["QueryString": .string(text), "ResultConfiguration": ["OutputLocation": "s3://lake/"]])
        }
        func state(_ id: JSON) async throws -> String? {
            try await fixture.athena.perform("GetQueryExecution", id)["QueryExecution"]?["Status"]?["State"]?.string
        }
        var running: [JSON] = []
        for _ in 0..<EnginePool.limit { running.append(try await start(Self.endless)) }
        for id in running {
            while try await state(id) != "RUNNING" { try await Task.sleep(for: .milliseconds(2)) }
        }
        let waiting = try await start("SELECT 1")
        #expect(try await state(waiting) == "QUEUED")
        _ = try await fixture.athena.perform("StopQueryExecution", waiting)
        #expect(try await state(waiting) == "CANCELLED")
        for id in running { _ = try await fixture.athena.perform("StopQueryExecution", id) }
        for id in running {
            while try await state(id) == "RUNNING" { try await Task.sleep(for: .milliseconds(2)) }
        }
        #expect(try await fixture.rows("SELECT 2") == [["2"]], "its turn is not lost")
        #expect(try await state(waiting) == "CANCELLED")
        await fixture.close()
    }

    @Test("an error of a prepared statement has the place in that statement; one of a parameter names the parameter")
    func places() async throws {
        let fixture = try await AthenaFixture()
        _ = try await fixture.athena.perform(
            "CreatePreparedStatement",
            ["StatementName": "p", "WorkGroup": "primary", "QueryStatement": "SELECT ?,\n  nope FROM (VALUES 1) t (x)"])
        #expect(try await fixture.failure("EXECUTE p USING 1")?.hasPrefix("COLUMN_NOT_FOUND: line 2:3: ") == true)
        let fault = await #expect(throws: AWSFault.self) {
            try await fixture.run("SELECT ?", ["ExecutionParameters": ["1 +"]])
        }
        #expect(fault?.message.hasPrefix("parameter 1, '1 +': mismatched input") == true, "\(fault?.message ?? "")")
        await fixture.close()
    }

    @Test("lines of a statement without rows come in pages, too") func textPages() async throws {
        let fixture = try await AthenaFixture()
        for name in ["a", "b", "c"] {
            _ = try await fixture.rows(
                "CREATE EXTERNAL TABLE \(name) (x int) STORED AS PARQUET LOCATION 's3://lake/\(name)/'")
        }
        let id = try await fixture.run("SHOW TABLES")["QueryExecutionId"] ?? .null
        var pages: [[String?]] = []
        var token: JSON?
        repeat {
            var input: JSONObject = ["QueryExecutionId": id, "MaxResults": 2]
            input["NextToken"] = token
            let answer = try await fixture.athena.perform("GetQueryResults", .object(input))
            pages.append((answer["ResultSet"]?["Rows"]?.array ?? []).map { $0["Data"]?[0]?["VarCharValue"]?.string })
            token = answer["NextToken"]
        } while token != nil
        #expect(pages == [["a", "b"], ["c"]])
        await fixture.close()
    }

    @Test("a table and a database are declared as the statement says") func declarations() async throws {
        let fixture = try await AthenaFixture()
        _ = try await fixture.rows("CREATE DATABASE other WITH DBPROPERTIES ('owner' = 'me')")
        let database = try await fixture.glue.perform("GetDatabase", ["Name": "other"])["Database"]
        #expect(database?["Parameters"] == ["owner": "me"])
        _ = try await fixture.rows("CREATE EXTERNAL TABLE o (x int) STORED AS ORC LOCATION 's3://lake/o/'")
        _ = try await fixture.rows(
            "CREATE EXTERNAL TABLE c (x int) ROW FORMAT SERDE 'a.Serde' STORED AS INPUTFORMAT 'a.In' OUTPUTFORMAT 'a.Out' "
                + "LOCATION 's3://lake/c/'")
        func storage(_ name: String) async throws -> [String?] {
            let table = try await fixture.glue.perform("GetTable", ["DatabaseName": "db", "Name": .string(name)])[
                "Table"]
            let storage = table?["StorageDescriptor"]
            return [
                storage?["InputFormat"]?.string, storage?["OutputFormat"]?.string,
                storage?["SerdeInfo"]?["SerializationLibrary"]?.string,
            ]
        }
        #expect(
            try await storage("o")
                == ["OrcInputFormat", "OrcOutputFormat", "OrcSerde"].map {
                    "org.apache.hadoop.hive.ql.io.orc.\($0)"
                })
        #expect(try await storage("c") == ["a.In", "a.Out", "a.Serde"])
        #expect(try await fixture.failure("SELECT * FROM o")?.hasPrefix("NOT_SUPPORTED: line 1:15") == true)
        #expect(
            try await fixture.failure("CREATE EXTERNAL TABLE n (x int) STORED AS CSV LOCATION 's3://lake/n/'")
                == "FAILED: line 1:43: Unrecognized file format in STORED AS clause: 'CSV'")
        await fixture.close()
    }

    @Test("a work group has its tags") func tags() async throws {
        let fixture = try await AthenaFixture()
        _ = try await fixture.athena.perform("CreateWorkGroup", ["Name": "g", "Tags": [["Key": "a", "Value": "1"]]])
        let arn: JSON = "arn:aws:athena:us-east-1:000000000000:workgroup/g"
        _ = try await fixture.athena.perform(
            "TagResource", ["ResourceARN": arn, "Tags": [["Key": "b", "Value": "2"], ["Key": "c", "Value": ""]]])
        _ = try await fixture.athena.perform("UntagResource", ["ResourceARN": arn, "TagKeys": ["c"]])
        let tags = try await fixture.athena.perform("ListTagsForResource", ["ResourceARN": arn])["Tags"]
        #expect(tags == [["Key": "a", "Value": "1"], ["Key": "b", "Value": "2"]])
        await #expect(throws: AWSFault.self) {
            try await fixture.athena.perform("ListTagsForResource", ["ResourceARN": "arn:aws:athena:::workgroup/none"])
        }
        await fixture.close()
    }

    @Test("how results are kept is shown, and what is not emulated refused") func resultSettings() async throws {
        let fixture = try await AthenaFixture()
        func configuration(_ encryption: JSON) -> JSONObject {
            ["ResultConfiguration": ["OutputLocation": "s3://lake/r/", "EncryptionConfiguration": encryption]]
        }
        let execution = try await fixture.run("SELECT 1", configuration(["EncryptionOption": "SSE_S3"]))
        #expect(
            execution["ResultConfiguration"]?["EncryptionConfiguration"] == ["EncryptionOption": "SSE_S3"],
            "\(execution)")
        for option in ["CSE_KMS", "SSE_KMS", "none"] {
            await #expect(throws: AWSFault.self) {
                try await fixture.run("SELECT 1", configuration(["EncryptionOption": .string(option)]))
            }
        }
        await #expect(throws: AWSFault.self) {
            try await fixture.run("SELECT 1", ["ResultConfiguration": ["OutputLocation": "s3://lake/r/", "New": 1]])
        }
        await fixture.close()
    }

    @Test("results of the same query are used again where the request asks for that") func reuse() async throws {
        let fixture = try await AthenaFixture()
        _ = try await fixture.rows("CREATE TABLE t WITH (external_location = 's3://lake/t/') AS SELECT 1 AS a")
        let ask: JSONObject = [
            "ResultReuseConfiguration": ["ResultReuseByAgeConfiguration": ["Enabled": true, "MaxAgeInMinutes": 60]]
        ]
        func reused(_ execution: JSON) -> Bool? {
            execution["Statistics"]?["ResultReuseInformation"]?["ReusedPreviousResult"]?.bool
        }
        let first = try await fixture.run("SELECT a FROM t", ask)
        let second = try await fixture.run("SELECT a FROM t", ask)
        #expect(reused(first) == false && reused(second) == true)
        #expect(second["Statistics"]?["DataScannedInBytes"] == 0)
        #expect(first["ResultConfiguration"] == second["ResultConfiguration"])
        let rows = try await fixture.athena.perform(
            "GetQueryResults", ["QueryExecutionId": second["QueryExecutionId"] ?? .null])["ResultSet"]?["Rows"]
        #expect(rows?[1]?["Data"] == [["VarCharValue": "1"]])
        #expect(reused(try await fixture.run("SELECT a FROM t")) == false, "not asked for")
        for _ in 1...2 { #expect(reused(try await fixture.run("SELECT random()", ask)) == false) }
        await fixture.close()
    }

    @Test("a volatile argument is evaluated once, and nested calls do not multiply the text") func macros() async throws
    {
        let fixture = try await AthenaFixture()
        // Were it evaluated twice, a divisor that is not 0 could be 0.
        #expect(
            try await fixture.rows(
                "SELECT count(DISTINCT y) FROM (SELECT substr('ab', CAST(floor(rand() * 2) AS integer)) AS y "
                    + "FROM UNNEST(sequence(1, 2000)) AS t (x))") == [["2"]])
        let nested = (0..<12).reduce("'12'") { inner, _ in "CAST(\(inner) AS varchar)" }
        #expect(try await fixture.rows("SELECT \(nested)") == [["12"]])
        #expect(
            try await fixture.rows(
                "SELECT sum(x + 0 * (x + x + x + x + x + x + x + x + x + x + x + x + x + x)) / count(*) FROM "
                    + "UNNEST(sequence(1, 3)) AS t (x)") == [["2"]])
        await fixture.close()
    }

    @Test("a query beyond the limit of its group copies no file") func scanLimit() async throws {
        let fixture = try await AthenaFixture()
        _ = try await fixture.rows(
            "CREATE TABLE t WITH (external_location = 's3://lake/t/') AS SELECT x FROM UNNEST(sequence(1, 1000)) AS s (x)"
        )
        var limit = ScanLimit(100)
        let folder = try TestServices.TemporaryDirectory()
        await #expect(throws: ScanLimit.Exceeded(limit: 100)) {
            _ = try await LakeReader(peers: fixture.peers).views(
                of: [TableUse(database: "db", table: "t", offset: 0)], in: folder.path, now: 0, &limit)
        }
        #expect(FileManager.default.subpaths(atPath: folder.path) == [])
        await fixture.close()
    }

    @Test("folders of engines that an earlier run left are gone after the start") func leftovers() async throws {
        let fixture = try await AthenaFixture()
        let left = fixture.store.directory + "/athena/7"
        try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: true)
        try await fixture.athena.start()
        #expect(!FileManager.default.fileExists(atPath: left))
        #expect(try await fixture.rows("SELECT 1") == [["1"]])
        await fixture.close()
    }
}
