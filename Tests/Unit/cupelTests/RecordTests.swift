import AWSClient
import AWSModels
import Control
import FakeAWS
import Glibc
import JSON
import Testing
import Time

@testable import cupel

@Suite struct RecordTests {
    private let aws = FakeAWS()
    private var pipeline: Pipeline {
        Pipeline(
            endpoint: "fake", client: aws.client, control: ControlTable(name: "control", client: aws.client),
            stageBucket: "stage", lakeBucket: "lake", functionPrefix: "cupel-dev-")
    }

    private func record(_ name: String, status: ControlRecord.Status = .pending) throws -> ControlRecord {
        var record = ControlRecord(
            raw: try RawKey("raw/beer/\(name)"), bucket: "stage", version: .versionID("v1"), sizeInBytes: 2_000_000,
            createdAt: Timestamp(milliseconds: 1_900_000_000_000))
        record.status = status
        return record
    }

    @Test("a record is shown with the table's attribute names, its identity first")
    func document() throws {
        var record = try record("a.csv.gz", status: .success)
        record.maskedColumns = ["email"]
        record.writtenCount = 7
        let document = record.document
        #expect(document.names.prefix(4) == ["control_id", "status", "schema_name", "table_name"])
        #expect(document["written_count"] == 7)
        #expect(document["masked_columns"] == ["email"])
        #expect(Set(document.names) == Set(record.item.keys))
    }

    @Test("a record lists its quality results and personal data as sentences")
    func sentences() throws {
        var record = try record("a.csv.gz", status: .success)
        #expect(record.qualitySummary == "-" && record.sentences.isEmpty)
        func rule(_ name: String, _ measured: Double, _ outcome: MeasuredRule.Outcome) -> MeasuredRule {
            MeasuredRule(
                rule: name, metric: "nullValues", column: "abv", measured: measured,
                expected: "mustBeLessThan 5 percent", outcome: outcome, severity: "warning")
        }
        record.quality = [rule("few_nulls", 4, .passed), rule("fewer_nulls", 1.0 / 3, .unchecked)]
        #expect(record.qualitySummary == "1 of 2 unchecked")
        record.quality.append(rule("none", 12345, .failed))
        #expect(record.qualitySummary == "1 of 3 failed")
        record.personalData = [
            PersonalDataFinding(column: "note", kind: "email", matchedCount: 3, sampledCount: 900, action: "report")
        ]
        #expect(
            record.sentences == [
                "quality": [
                    "passed: few_nulls is 4, mustBeLessThan 5 percent (warning)",
                    "unchecked: fewer_nulls is at least 0.33, mustBeLessThan 5 percent (warning)",
                    "failed: none is 12,345, mustBeLessThan 5 percent (warning)",
                ],
                "pii_findings": ["email in note: 3 of 900 values sampled (report)"],
            ])
        #expect(try ControlRecord(item: record.item) == record)
    }

    @Test("a record lists unknown fields, and the lines of a contract that make columns of them")
    func unknownFields() throws {
        var record = try record("a.csv.gz", status: .success)
        func field(_ path: String, _ kind: UnknownField.Kind) -> UnknownField {
            UnknownField(path: path, kind: kind, matchedCount: 3, sampledCount: 9)
        }
        record.unknownFields = [
            field("tier", .string), field("rank", .integer), field("on", .boolean), field("tags", .array),
            field("person.pet", .object), field("lines[].color", .mixed), field("[redacted]", .hidden),
            field("field 7", .hidden), field("name", .hidden),
        ]
        let lines = try #require(record.sentences["unknown_fields"])
        #expect(lines[0] == "tier (string): in 3 of 9 such rows examined" && lines.count == 9 + 1 + 7)
        #expect(
            lines.suffix(7) == [
                "  - {name: tier, logicalType: string}", "  - {name: rank, logicalType: integer}",
                "  - {name: \"on\", logicalType: boolean}", "  - {name: tags, logicalType: array, physicalType: json}",
                "  - {name: pet, logicalType: object, physicalType: json}   (in the properties of person)",
                "  - {name: color, logicalType: string}   (in the properties of lines[])",
                "  - {name: name, logicalType: string} # the values are hidden, so check the type",
            ])
        #expect(try ControlRecord(item: record.item) == record)
    }

    @Test("an ID of open work can be given by a unique prefix, which reads one partition of an index for each layer")
    func idPrefix() throws {
        let first = try record("a.csv.gz")
        _ = try pipeline.control.register(first)
        _ = try pipeline.control.register(try record("b.csv.gz"))
        let done = try (0..<50).map { try record("done \($0).csv.gz", status: .success) }
        for record in done { aws.putItem(record.item, in: "control") }
        let text = first.controlID.text
        let earlier = aws.requests.count
        #expect(try pipeline.controlID(text) == first.controlID)
        #expect(try pipeline.controlID(done[0].controlID.text) == done[0].controlID)
        #expect(aws.requests.count == earlier)
        #expect(try pipeline.controlID(String(text.prefix(12))) == first.controlID)
        #expect(aws.requests.dropFirst(earlier) == ["Query", "Query", "Query"])
        func exitStatus(_ text: String) -> Int32? {
            do throws(CommandFailure) {
                _ = try pipeline.controlID(text)
                return nil
            } catch {
                return error.exitStatus
            }
        }
        #expect(exitStatus("00000000") == 3)
        #expect(exitStatus(String(done[0].controlID.text.prefix(12))) == 3)
        #expect(exitStatus("abc") == 2)
        #expect(exitStatus("ABCDEF01") == 2)
    }

    @Test("the status table has one line per record")
    func statusTable() throws {
        var failed = try record("b.csv.gz", status: .error)
        failed.errorType = "BadInput"
        failed.errorMessage = "line 3:\nnot gzip"
        let lines = StatusCommand.table(of: [try record("a.csv.gz"), failed]).lines()
        #expect(lines.count == 3)
        #expect(lines[2].contains("BadInput: line 3: not gzip"))
    }

    @Test("status fits 80 columns whatever the names, says each error below its file, and counts all in one line")
    func statusLines() throws {
        var failed = try record(String(repeating: "long", count: 40) + ".csv.gz", status: .error)
        failed.errorType = "BadInput"
        failed.errorMessage = "line 3:\nnot gzip \u{1B}[31m" + String(repeating: "x", count: 100)
        failed.quarantinedCount = 1234
        let records = [failed, try record("a.csv.gz"), try record("b.csv.gz")]
        let now = failed.updatedAt.advanced(byMilliseconds: 3_600_000)
        let lines = StatusCommand.lines(of: records, at: now, width: 80)
        #expect(lines.count == 5)
        #expect(lines.allSatisfy { $0.count <= 80 }, "\(lines)")
        #expect(lines[1].hasSuffix("60m ago") && lines[1].hasPrefix(failed.controlID.text.prefix(12)))
        #expect(lines[2].hasPrefix("  BadInput: line 3:") && !lines[2].contains("\u{1B}"))
        #expect(
            StatusCommand.summary(of: records, .bronze)
                == "3 bronze files: 2 pending, 1 error; 1,234 rows in quarantine")
        #expect(StatusCommand.summary(of: [records[1]], .gold) == "1 model: 1 pending")
    }

    @Test("an upload's control ID is the one that its event will have")
    func uploadID() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/beer.csv.gz"
        try FileContent.write(Array("content".utf8), to: path)
        let file = try RawFile.found(at: [path], table: nil, tables: ["beer"])[0]
        let id = try Upload.put(file, into: pipeline)
        let head = try ObjectStore(aws.client).head(S3Object(bucket: "stage", key: "raw/beer/beer.csv.gz"))
        let version = try #require(head.versionID ?? head.eTag)
        #expect(id == ControlID(bucket: "stage", key: "raw/beer/beer.csv.gz", version: version, schema: .bronze))
        #expect(head.sizeInBytes == 7)
    }

    @Test("a report lists the failed files with their reasons")
    func report() throws {
        let file = RawFile(path: "x/beer.csv.gz", table: "beer", key: "raw/beer/beer.csv.gz", sizeInBytes: 2_000_000)
        var done = Ingestion(file)
        var broken = Ingestion(file)
        let start = ContinuousClock.now
        done.beginUpload(at: start)
        broken.beginUpload(at: start)
        var success = try record("beer.csv.gz", status: .success)
        success.outputKey = "bronze/beer/x.parquet"
        success.recordCount = 1200
        success.computeTarget = .lambda
        var failure = try record("beer2.csv.gz", status: .error)
        failure.errorType = "BadInput"
        failure.errorMessage = "not gzip"
        let changes = [
            done.update(success, at: start + .milliseconds(500)), done.update(success, at: start + .seconds(9)),
            broken.update(failure, at: start + .seconds(1)),
        ]
        #expect(changes == [true, false, true])
        let report = RunReport(ingestions: [done, broken], lakeBucket: "lake")
        #expect(report.failures.map(\.failure) == ["BadInput: not gzip"])
        let files = try #require(report.document["files"]?.array)
        #expect(files[0]["output"] == "s3://lake/bronze/beer/x.parquet")
        #expect(files[0]["seconds"]?.double == 0.5)
        #expect(files[1]["failure"] == "BadInput: not gzip")
        #expect(report.document["failed"] == 1)
        #expect(done.megabytesPerSecond == 4)
        #expect(ProgressDisplay.text(of: done) == "success, - rows")
        #expect(ProgressDisplay.text(of: broken) == "error, BadInput")
    }

    @Test("the endpoint file is valid while its process runs")
    func endpointFile() throws {
        let folder = try TemporaryFolder()
        let file = EndpointFile(
            endpoint: "http://127.0.0.1:1", processID: getpid(), outputs: ["ControlTable": "t", "StageBucket": "s"],
            settings: EmulatorSettings(
                contracts: "/c", templates: ["/a", "/b"], functions: "/f", parameters: ["Stage": "x"],
                options: ["--strict-auth": "true"]))
        try file.write(in: folder.path)
        #expect(EndpointFile(in: folder.path) == file)
        var dead = file
        dead.processID = .max
        try dead.write(in: folder.path)
        #expect(EndpointFile(in: folder.path) == nil)
        EndpointFile.remove(in: folder.path)
        #expect(EndpointFile(in: folder.path) == nil)
    }

    @Test("an emulator that ended but was not waited for does not count as running")
    func zombie() async throws {
        let folder = try TemporaryFolder()
        var child = pid_t()
        var arguments = [strdup("true"), nil]
        defer { free(arguments[0]) }
        try #require(posix_spawn(&child, "/bin/true", nil, nil, &arguments, environ) == 0)
        try EndpointFile(endpoint: "http://127.0.0.1:1", processID: child, outputs: [:]).write(in: folder.path)
        while EndpointFile(in: folder.path) != nil { try await Task.sleep(for: .milliseconds(1)) }
        #expect(kill(child, 0) == 0, "the process is a zombie")
        var status: Int32 = 0
        waitpid(child, &status, 0)
    }
}
