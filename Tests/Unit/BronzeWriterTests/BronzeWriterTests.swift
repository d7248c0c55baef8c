import AWSClient
import AWSModels
import Columnar
import Contracts
import Control
import FakeAWS
import JSON
import LambdaRuntime
import PublishedContracts
import Synchronization
import Testing
import Time
import Publication

@testable import BronzeWriter

/// The writer claims a record, converts its file and finishes or fails the record.
@Suite struct BronzeWriterTests {
    let aws = FakeAWS()
    let lines = LogLines()

    var control: ControlTable { ControlTable(name: "control", client: aws.client, now: { [aws] in aws.now }) }

    func settings(_ contract: Contract? = nil) throws -> Settings {
        var settings = Settings(
            contracts: ContractSource(ContractCatalog([try contract ?? fixedContract()])), lakeBucket: "lake",
            control: control,
            objects: ObjectStore(aws.client))
        settings.options.reader.batchRows = 64
        return settings
    }

    func context(_ requestID: String = "request", timeLeft: Duration = .seconds(3600)) -> InvocationContext {
        InvocationContext(requestID: requestID, deadline: .now + timeLeft, log: Log(sink: lines.append))
    }

    /// Puts an object and registers its record.
    func add(
        _ bytes: [UInt8] = file(500), key: String = "raw/beer/a b+é.csv.gz", versioned: Bool = true
    ) throws -> ControlRecord {
        let stored = aws.put(bytes, to: S3Object(bucket: "stage", key: key))
        let version = versioned ? stored.versionID.map(ObjectVersion.versionID) : nil
        let record = ControlRecord(
            raw: try RawKey(key), bucket: "stage", version: version ?? .eTag(stored.eTag), sizeInBytes: bytes.count,
            createdAt: aws.now)
        _ = try control.register(record)
        return record
    }

    @discardableResult
    func write(_ record: ControlRecord, as owner: String = "execution", timeLeft: Duration = .seconds(3600)) throws
        -> JSON
    {
        try BronzeWriter(settings: settings()).handle(
            ["control_id": .string(record.controlID.text), "lease_owner": .string(owner)], context(timeLeft: timeLeft))
    }

    func stored(_ record: ControlRecord) throws -> ControlRecord {
        try #require(try control.record(record.controlID))
    }

    func output(_ record: ControlRecord) throws -> [UInt8]? {
        aws.bytes(of: S3Object(bucket: "lake", key: try BronzeKey(record).text))
    }

    var silver: [ControlRecord] {
        get throws {
            try aws.items(in: "control").filter { $0["schema_name"] == "dm_silver" }.map { try ControlRecord(item: $0) }
        }
    }

    @Test("a replayed object under an invalid key fails again, and its record says why")
    func replayedInvalidKey() throws {
        let key = "raw/a.csv.gz"
        let stored = aws.put(file(3), to: S3Object(bucket: "stage", key: key))
        let version = ObjectVersion.eTag(stored.eTag)
        let record = ControlRecord(
            controlID: ControlID(bucket: "stage", key: key, version: version.text, schema: .bronze), schema: .bronze,
            table: "(none)", bucket: "stage", objectKey: key, objectVersion: version, fileFormat: .unknown,
            fileSizeInBytes: 1, createdAt: aws.now)
        _ = try control.register(record)
        #expect(throws: ConversionError.self) { try write(record) }
        let ended = try self.stored(record)
        #expect(ended.status == .error && ended.errorType == "NotRaw" && ended.isPermanent)
        #expect(ended.errorMessage?.contains("raw/<table>/<file>") == true)
    }

    // MARK: Success

    @Test("a raw file becomes a bronze file, and its record carries the counts", arguments: [true, false])
    func success(versioned: Bool) throws {
        let record = try add(gzip(header + rows(0..<499) + "x,y,z,0\n"), versioned: versioned)
        let answer = try write(record)
        #expect(answer["outcome"] == "done" && answer["rows_read"] == 500)
        #expect(answer["rows_written"] == 499 && answer["rows_quarantined"] == 1)

        let done = try stored(record)
        #expect(done.status == .success && done.attemptCount == 1 && done.leaseOwner == nil)
        #expect(done.recordCount == 500 && done.writtenCount == 499 && done.quarantinedCount == 1)
        #expect(done.checksum?.count == 64 && done.contractVersion == "1.2.0")
        let bronze = try BronzeKey(record).text
        #expect(done.outputKey == bronze)
        #expect(aws.keys(in: "lake") == [bronze, try QuarantineKey(record).text])

        let next = try #require(try silver.first)
        #expect(next.status == .pending && next.objectKey == bronze && next.bucket == "lake")
        #expect(next.fileSizeInBytes == (try output(record)?.count) && next.estimatedRecordCount == 499)
    }

    @Test("the record carries the results of the quality rules, on success and on failure")
    func qualityInRecord() throws {
        let rule = "{name: all_there, metric: nullValues, mustBe: 0"
        let text = gzip("id,score\n1,1\n2,\n")
        for (severity, status) in [("warning", ControlRecord.Status.success), ("error", .error)] {
            let record = try add(text, key: "raw/beer/\(severity).csv.gz")
            let writer = BronzeWriter(settings: try settings(try ruled("\(rule), severity: \(severity)}")))
            _ = try? writer.handle(["control_id": .string(record.controlID.text)], context())
            let stored = try stored(record)
            #expect(stored.status == status)
            #expect(stored.quality.map(\.rule) == ["has_rows", "all_there"])
            #expect(stored.quality.map(\.outcome) == [.passed, .failed])
            #expect(stored.errorType == (status == .error ? "QualityFailed" : nil))
            #expect(try (output(record) == nil) == (status == .error))
        }
    }

    @Test("the bronze file's footer names its source, control id and contract version") func provenance() throws {
        let record = try add()
        try write(record)
        let footer = String(decoding: try #require(try output(record)).suffix(4096), as: UTF8.self)
        for text in [record.controlID.text, "s3://stage/raw/beer/a b+é.csv.gz", "cupel.contract_version", "1.2.0"] {
            #expect(footer.contains(text))
        }
    }

    @Test("a converted file is not converted again") func alreadyDone() throws {
        let record = try add()
        try write(record)
        let before = aws.requests.count
        #expect(try write(record)["outcome"] == "alreadyDone")
        #expect(!aws.requests[before...].contains { $0.hasPrefix("GET ") || $0.hasPrefix("PUT ") })
    }

    // MARK: Other workers

    @Test("a record that another worker holds is left unchanged") func heldByAnother() throws {
        let record = try add()
        _ = try control.claim(record.controlID, owner: "other", leaseSeconds: 60)
        #expect(try write(record)["outcome"] == "heldByAnother")
        #expect(try stored(record).leaseOwner == "other" && aws.keys(in: "lake").isEmpty)
    }

    @Test("a record at the attempt limit is not claimed") func exhausted() throws {
        let record = try add(gzip("name\n"))
        for _ in 0..<3 { #expect(throws: ConversionError.self) { try write(record) } }
        #expect(try write(record)["outcome"] == "exhausted")
        #expect(try stored(record).attemptCount == 3)
    }

    @Test("a worker that lost its lease ends without an error and changes nothing") func lostLease() throws {
        let record = try add()
        aws.before("PUT /lake") { [aws, control] in
            aws.advance(byMilliseconds: 3_600_000)
            _ = try? control.claim(record.controlID, owner: "other", leaseSeconds: 60)
        }
        let answer = try write(record)
        #expect(answer["outcome"] == "leaseLost")
        let held = try stored(record)
        #expect(held.status == .running && held.leaseOwner == "other" && held.attemptCount == 2)
        #expect(try silver.isEmpty)
    }

    @Test("a worker that fails after it lost its lease does not end the other worker's attempt")
    func lostLeaseThenFailure() throws {
        let record = try add(gzip(header + "1,\"open"))
        aws.before("GET /stage") { [aws, control] in
            aws.advance(byMilliseconds: 3_600_000)
            _ = try? control.claim(record.controlID, owner: "other", leaseSeconds: 60)
        }
        #expect(try write(record)["outcome"] == "leaseLost")
        #expect(try stored(record).status == .running)
    }

    @Test("silver gets no record of a table that it cannot have: one without a primary key")
    func withoutSilver() throws {
        let keyless = try Contract(
            parsing: """
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: 1.2.0, status: active, schema: [{name: beer,
                 properties: [{name: name, logicalType: string}]}]}
                """, file: "fixture")
        for (contract, count) in [(keyless, 0), (try fixedContract(), 1)] {
            let record = try add(key: "raw/beer/\(count).csv.gz")
            _ = try BronzeWriter(settings: settings(contract)).handle(event(record), context())
            #expect(try stored(record).status == .success)
            #expect(try silver.count == count)
        }
    }

    // MARK: Crashes

    @Test("a crash between the put and the finish is repaired by the next attempt") func crashAfterPut() throws {
        let record = try add()
        let writer = try BronzeWriter(settings: settings())
        // Both the finish and the release fail, as if the process had crashed after the put.
        aws.refuse("TransactWriteItems", "InternalServerError", status: 500)
        aws.before("TransactWriteItems") { [aws] in aws.refuse("UpdateItem", "InternalServerError", status: 500) }
        #expect(throws: (any Error).self) { try writer.handle(event(record), context()) }
        let first = try #require(try output(record))
        #expect(try stored(record).status == .running)

        #expect(try write(record)["outcome"] == "done", "the same execution can claim again while its lease lasts")
        #expect(try output(record) == first)
        #expect(try stored(record).attemptCount == 2)
        #expect(try silver.count == 1)
    }

    @Test("a finish whose response is lost is not taken for a failure") func lostFinish() throws {
        let record = try add()
        aws.before("TransactWriteItems") { [aws] in aws.loseNextAnswer() }
        #expect(try write(record)["outcome"] == "done")
        #expect(try stored(record).status == .success)
        #expect(try silver.count == 1)
    }

    // MARK: Failures

    static let failures: [(bytes: [UInt8], type: String, says: [String])] = [
        (Array("id,name\n".utf8), "NotGzip", ["byte 0", "compress it with gzip"]),
        ([], "EmptyFile", ["no bytes", "export it again"]),
        (gzip("name,score,abv\n"), "MissingColumns", ["id", "name, score, abv"]),
        (Array(file(900).dropLast(99)), "TruncatedGzip", ["byte", "upload it again"]),
        (gzip(header + "x,a,1,1\n"), "ContractBroken", ["1 of 1 rows", "line 2", "column id", "beer 1.2.0"]),
    ]

    @Test("the record of a failed file says what is wrong and where", arguments: failures)
    func failedFiles(failure: (bytes: [UInt8], type: String, says: [String])) throws {
        let record = try add(failure.bytes)
        let error = #expect(throws: ConversionError.self) { try write(record) }
        #expect(error?.errorType == failure.type)
        let failed = try stored(record)
        #expect(failed.status == .error && failed.errorType == failure.type && failed.attemptCount == 1)
        for text in failure.says + ["s3://stage/raw/beer/a b+é.csv.gz"] {
            #expect(failed.errorMessage?.contains(text) == true, "\(failed.errorMessage ?? "")")
        }
        let listed = failure.type == "ContractBroken" ? [try QuarantineKey(record).text] : []
        #expect(aws.keys(in: "lake") == listed && aws.openUploads == 0)
        #expect(failed.quarantineKey == listed.first)
    }

    @Test("a replay under a changed contract empties the list of bad rows that it writes now") func emptiedList() throws
    {
        let record = try add(gzip(header + "1,a,x,1\n2,b,1,1\n"))
        func write(_ contract: Contract) throws {
            _ = try BronzeWriter(settings: settings(contract)).handle(
                ["control_id": .string(record.controlID.text), "lease_owner": "execution"], context())
        }
        #expect(throws: ConversionError.self) { try write(contract(rows: 0)) }
        let key = try #require(try stored(record).quarantineKey)
        func list() throws -> String { try gunzip(try #require(aws.bytes(of: S3Object(bucket: "lake", key: key)))) }
        #expect(try list().contains("\"column\":\"score\""))
        let text = try Contract(
            parsing: """
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: 1.3.0, status: draft, schema: [{name: beer, properties: [
                  {name: id, logicalType: integer}, {name: score, logicalType: string}]}]}
                """, file: "fixture")
        try write(text)
        let done = try stored(record)
        #expect(done.status == .success && done.quarantineKey == nil && done.errorType == nil)
        #expect(try list() == "")
        #expect(done.rescuedCount == 2 && done.unknownFields.map(\.path) == ["abv", "name"])
        #expect(try ControlRecord(item: done.item) == done)
    }

    @Test("a retry uses the contract that the first claim pinned; a replay uses the one that is published then")
    func pinnedContract() throws {
        func publish(_ version: String, column: String) -> String {
            let bytes = Array(
                """
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: \(version), status: draft, schema: [{name: beer,
                 properties: [{name: id, logicalType: integer}, {name: \(column), logicalType: string}]}]}
                """.utf8)
            let store = ContractStore(bucket: "lake", objects: ObjectStore(aws.client))
            let hash = ContractStore.hash(of: bytes)
            aws.put(bytes, to: store.object(of: "beer", hash: hash))
            aws.put(ContractIndex(["beer": .init(hash: hash, version: version)]).bytes, to: store.index)
            return hash
        }
        var settings = try settings()
        settings.contracts = ContractSource(settings.contracts.packaged, bucket: "lake")
        let writer = BronzeWriter(settings: settings)
        func convert(_ id: ControlID) throws {
            _ = try writer.convert(id, owner: "execution", requestID: "request", log: Log(sink: lines.append))
        }
        let record = try add()
        let first = publish("5.0.0", column: "name")
        aws.refuse("PUT /lake", "SlowDown", status: 503)
        #expect(throws: AWSError.self) { try convert(record.controlID) }
        #expect(try stored(record).contractHash == first)

        let second = publish("6.0.0", column: "score")
        try convert(record.controlID)
        #expect(try stored(record).contractVersion == "5.0.0")
        let bytes = try output(record)
        aws.advance(byMilliseconds: 1000)
        _ = try control.replay(record.controlID, ReplayRules(force: true))
        try convert(record.controlID)
        #expect(try stored(record).contractVersion == "6.0.0" && stored(record).contractHash == second)
        #expect(try output(record) != bytes)
    }

    @Test("a missing object ends the record with the error ObjectGone", arguments: [true, false])
    func missingObject(versioned: Bool) throws {
        let record = try add(versioned: versioned)
        aws.delete(record.object)
        #expect(throws: ConversionError.self) { try write(record) }
        let failed = try stored(record)
        #expect(failed.status == .error && failed.errorType == "ObjectGone")
        #expect(failed.errorMessage?.contains("upload the file again") == true)
    }

    @Test("a missing lake bucket is reported as the bucket's error, not the file's") func missingLakeBucket() throws {
        let record = try add()
        aws.refuse("PUT /lake", "NoSuchBucket", status: 404)
        #expect(throws: AWSError.self) { try write(record) }
        #expect(try stored(record).errorType == "NoSuchBucket")
    }

    @Test("the error names a table without a contract") func noContract() throws {
        let record = try add(key: "raw/cider/a.csv.gz")
        let error = #expect(throws: ConversionError.self) { try write(record) }
        #expect(error?.errorType == "NoContract")
        #expect(try stored(record).errorMessage?.contains("cider") == true)
    }

    @Test(
        "a transient error releases the record, and the next attempt converts the file",
        arguments: [
            ("GET /stage", "SlowDown", 503), ("PUT /lake", "SlowDown", 503), ("PUT /lake", "InternalError", 500),
        ])
    func transientErrors(operation: String, code: String, status: Int) throws {
        let record = try add()
        aws.refuse(operation, code, status: status)
        #expect(throws: AWSError.self) { try write(record) }
        let released = try stored(record)
        #expect(released.status == .pending && released.leaseOwner == nil && released.attemptCount == 1)
        #expect(try write(record)["outcome"] == "done")
    }

    // MARK: Time

    @Test("an invocation without time left does not claim the record") func noTime() throws {
        let record = try add()
        let error = #expect(throws: ControlError.self) { try write(record, timeLeft: .milliseconds(-1)) }
        #expect(error?.errorType == "Interrupted")
        #expect(try stored(record).status == .pending)
    }

    @Test("an invocation that runs out of time releases the record before its deadline") func outOfTime() throws {
        let record = try add(file(5000))
        let interruptions = Mutex(0)
        let writer = BronzeWriter(settings: try settings()) {
            interruptions.withLock { count in
                count += 1
                return count == 3
            }
        }
        let error = #expect(throws: ConversionError.self) { try writer.handle(event(record), context()) }
        #expect(error?.errorType == "Interrupted")
        #expect(try stored(record).status == .pending && aws.keys(in: "lake").isEmpty)
        #expect(interruptions.withLock { $0 } == 3)
    }

    @Test("a lease expires soon after the invocation's deadline") func leaseDuration() throws {
        let record = try add()
        aws.before("GET /stage") { [aws, control, lines] in
            let claimed = try? control.record(record.controlID)
            // Of a lease the usual 120 seconds; here at most those that are left, and two.
            let seconds = claimed?.leaseExpiresAt.map { $0.milliseconds(since: aws.now) / 1000 } ?? 0
            lines.append(Array("short lease: \((1...102).contains(seconds))\n".utf8))
        }
        try write(record, timeLeft: .seconds(100))
        #expect(lines.text.contains("short lease: true\n"))
    }

    // MARK: Requests

    @Test("an unknown record and an event without a valid id are named errors") func invalidEvents() throws {
        let writer = BronzeWriter(settings: try settings())
        let id = "0123456789abcdef0123456789abcdef"
        #expect(throws: ControlError.self) { try writer.handle(["control_id": .string(id)], context()) }
        for event in [["control_id": "../x"], [:], ["control_id": 7]] as [JSON] {
            let error = #expect(throws: ConversionError.self) { try writer.handle(event, context()) }
            #expect(error?.errorType == "InvalidEvent")
        }
        #expect(aws.items(in: "control").isEmpty)
    }

    @Test("a record of another layer is not converted") func otherLayer() throws {
        let record = try add()
        try write(record)
        let next = try #require(try silver.first)
        let error = #expect(throws: ConversionError.self) { try write(next) }
        #expect(error?.errorType == "NotRaw")
    }

    private func event(_ record: ControlRecord) -> JSON {
        ["control_id": .string(record.controlID.text), "lease_owner": "execution"]
    }
}

/// Collects log lines.
final class LogLines: Sendable {
    private let bytes = Mutex<[UInt8]>([])

    @Sendable func append(_ line: [UInt8]) { bytes.withLock { $0 += line } }

    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
}
