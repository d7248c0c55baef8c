import AWSClient
import AWSModels
import CZlib
import Control
import FakeAWS
import JSON
import LambdaRuntime
import Testing

@testable import ComputeRouter

@Suite struct ComputeRouterTests {
    let aws = FakeAWS()
    let context = InvocationContext(requestID: "r", deadline: .now + .seconds(3600), log: Log(sink: { _ in }))

    var control: ControlTable { ControlTable(name: "control", client: aws.client, now: { [aws] in aws.now }) }
    var router: ComputeRouter {
        ComputeRouter(
            control: control, objects: ObjectStore(aws.client), lambdaMaxRecords: 1000, lambdaMaxBytes: 1 << 20)
    }

    /// Puts an object and registers its record.
    func add(
        _ bytes: [UInt8], key: String = "raw/beer/a b+é.csv.gz", versioned: Bool = true
    ) throws -> ControlRecord {
        let stored = aws.put(bytes, to: S3Object(bucket: "stage", key: key))
        let version = versioned ? stored.versionID.map(ObjectVersion.versionID) : nil
        let record = ControlRecord(
            raw: try RawKey(key), bucket: "stage", version: version ?? .eTag(stored.eTag), sizeInBytes: bytes.count,
            createdAt: aws.now)
        _ = try control.register(record)
        return record
    }

    func route(_ record: ControlRecord) throws -> JSON {
        try router.handle(["control_id": .string(record.controlID.text)], context)
    }

    /// Rows whose text compresses so little that a sample covers only part of the file.
    static func rows(_ count: Int, seed: UInt64 = 7) -> String {
        var text = "id,name\n"
        var state = seed
        for row in 0..<count {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            text += "\(row),\(String(state, radix: 36))\n"
        }
        return text
    }

    @Test("a file with few records that is large goes to a task")
    func longRows() throws {
        let text = String(repeating: String(repeating: "x", count: 400_000) + "\n", count: 3)
        #expect(try route(add(Array(text.utf8), key: "raw/beer/long.csv"))["compute_target"] == "ecs")
    }

    @Test(
        "a file for which the function had too little time or memory goes to a task next, and others do not",
        arguments: [("States.Timeout", "ecs"), ("Runtime.ExitError", "ecs"), ("Throttled", "lambda")])
    func outgrown(error: String, target: String) throws {
        let record = try add(gzip(Self.rows(10)))
        #expect(try route(record)["compute_target"] == "lambda")
        guard case .claimed(let claimed) = try control.claim(record.controlID, owner: "e", leaseSeconds: 60) else {
            Issue.record("not claimed")
            return
        }
        _ = try control.fail(claimed, errorType: error, message: "the function ended")
        #expect(try control.replay(record.controlID).outcome == .replayed(from: .error))
        #expect(try route(record)["compute_target"] == .string(target))
    }

    @Test(
        "a small file is counted, and its count decides the target",
        arguments: [(1000, "lambda"), (1001, "ecs"), (0, "lambda")])
    func smallFile(rows: Int, target: String) throws {
        let record = try add(gzip(Self.rows(rows)))
        let answer = try route(record)
        #expect(
            answer == [
                "control_id": .string(record.controlID.text), "compute_target": .string(target),
                "estimated_record_count": .int(rows),
            ])
        let routed = try #require(try control.record(record.controlID))
        #expect(routed.computeTarget?.rawValue == target && routed.estimatedRecordCount == rows)
        #expect(routed.status == .pending)
    }

    @Test("two ranged reads estimate the record count of a large file", arguments: [true, false])
    func largeFile(versioned: Bool) throws {
        let record = try add(gzip(Self.rows(50_000)), versioned: versioned)
        let before = aws.requests.count
        let answer = try route(record)
        let estimate = try #require(answer["estimated_record_count"]?.int)
        #expect((40_000...60_000).contains(estimate))
        #expect(answer["compute_target"] == "ecs")
        let reads = aws.requests[before...].filter { $0.hasPrefix("GET ") }
        #expect(reads.map { $0.split(separator: " ").last } == ["bytes=0-65535", "bytes=-4"])
    }

    @Test("the record's own version is read even if a newer one exists") func olderVersion() throws {
        let old = try add(gzip(Self.rows(10)))
        let new = try add(gzip(Self.rows(20)))
        #expect(try route(old)["estimated_record_count"] == 10)
        #expect(try route(new)["estimated_record_count"] == 20)
    }

    @Test("a version that no longer exists goes to Lambda, where the writer finds out why", arguments: [true, false])
    func missingVersion(versioned: Bool) throws {
        let record = try add(gzip(Self.rows(10)), versioned: versioned)
        if versioned {
            aws.delete(record.object)
        } else {
            aws.put([1], to: record.object)
        }
        #expect(try route(record)["compute_target"] == "lambda")
        #expect(try control.record(record.controlID)?.status == .pending)
    }

    @Test(
        "a file that cannot be sampled goes to Lambda, where the writer reports what is wrong",
        arguments: [[], Array("not gzip at all".utf8), [0x1F, 0x8B, 8, 0]] as [[UInt8]])
    func unreadableFile(bytes: [UInt8]) throws {
        #expect(try route(try add(bytes))["compute_target"] == "lambda")
    }

    @Test("a running or failed record has no target") func notPending() throws {
        let record = try add(gzip(Self.rows(1)))
        guard case .claimed(let claimed) = try control.claim(record.controlID, owner: "x", leaseSeconds: 60) else {
            Issue.record("the claim of a pending record failed")
            return
        }
        #expect(try route(record)["compute_target"] == "none")
        _ = try control.fail(claimed, errorType: "BadInput", message: "no")
        #expect(try route(record)["compute_target"] == "none")
    }

    @Test("a record that the execution itself holds has its target again, for the writer that held it is gone")
    func ownRecord() throws {
        let record = try add(gzip(Self.rows(1)))
        #expect(try route(record)["compute_target"] == "lambda")
        guard case .claimed = try control.claim(record.controlID, owner: "execution-1", leaseSeconds: 60) else {
            Issue.record("the claim of a pending record failed")
            return
        }
        let id = JSON.string(record.controlID.text)
        let own = try router.handle(["control_id": id, "lease_owner": "execution-1"], context)
        #expect(own["compute_target"] == "lambda")
        let other = try router.handle(["control_id": id, "lease_owner": "execution-2"], context)
        #expect(other["compute_target"] == "none")
    }

    @Test("routing a record twice gives the same answer") func repeatedRouting() throws {
        let record = try add(gzip(Self.rows(5)))
        #expect(try route(record) == route(record))
    }

    @Test("an unknown record and an event without a valid id are named errors") func invalidEvents() throws {
        let id = "0123456789abcdef0123456789abcdef"
        #expect(throws: ControlError.self) { try router.handle(["control_id": .string(id)], context) }
        for event in [["control_id": "../x"], [:], ["control_id": 7]] as [JSON] {
            let error = #expect(throws: RoutingError.self) { try router.handle(event, context) }
            #expect(error?.errorType == "InvalidEvent")
        }
    }

    private func gzip(_ text: String) -> [UInt8] {
        var input = Array(text.utf8)
        var output = [UInt8](repeating: 0, count: input.count + 1024)
        var stream = z_stream()
        deflateInit2_(
            &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        defer { deflateEnd(&stream) }
        return input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                deflate(&stream, Z_FINISH)
                return Array(output[..<Int(stream.total_out)])
            }
        }
    }
}
