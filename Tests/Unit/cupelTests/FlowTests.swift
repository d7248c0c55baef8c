import AWSClient
import AWSModels
import Console
import Control
import FakeAWS
import JSON
import Synchronization
import Testing
import Threads
import Time

@testable import cupel

/// What the flow and stream pages read, and how often.
@Suite struct FlowTests {
    private let aws = FakeAWS()
    private var source: PipelineSource { source(CountingPace(budget: .seconds(3600), rest: 0, shortRest: 0)) }

    private func source(_ pace: CountingPace) -> PipelineSource {
        PipelineSource(
            pipeline: Pipeline(
                endpoint: "fake", client: aws.client, control: ControlTable(name: "control", client: aws.client),
                stageBucket: "stage", lakeBucket: "lake", functionPrefix: "cupel-dev-"), age: .zero, pace: pace)
    }

    init() { aws.answer("ListQueues") { _ in [:] } }

    private func put(_ number: Int, _ status: ControlRecord.Status = .success) throws {
        var record = ControlRecord(
            raw: try RawKey("raw/beer/\(number).csv.gz"), bucket: "stage", version: .versionID("v1"), sizeInBytes: 100,
            createdAt: Timestamp(milliseconds: 1_900_000_000_000))
        record.status = status
        record.updatedAt = Timestamp(milliseconds: 1_900_000_000_000 + Int64(number) * 1000)
        if status == .success { record.quarantinedCount = 2 }
        aws.putItem(record.item, in: "control")
    }

    @Test("the counts of a layer say what is there, what is in flight, and what failed last")
    func counts() throws {
        for number in 1...5 { try put(number) }
        try put(6, .pending)
        try put(7, .running)
        for number in 8...20 { try put(number, .error) }
        let flow = try source.flow(patience: nil)
        let bronze = flow["stages"]?.array?.first { $0["layer"] == "bronze" }
        #expect(bronze?["total"] == 20 && bronze?["is_more"] == false)
        #expect(bronze?["pending"] == 1 && bronze?["running"] == 1 && bronze?["failed"] == 13)
        let stages = flow["stages"]?.array ?? []
        #expect(stages.first { $0["title"] == "Raw" }?["about"] == "objects, 2.0 kB")
        #expect(stages.first { $0["title"] == "Quarantine" }?["total"] == 10)
        let failed = flow["failures"]?.array?.compactMap { $0["object_key"]?.string } ?? []
        #expect(failed == (11...20).reversed().map { "raw/beer/\($0).csv.gz" })
        #expect(flow["is_counting"] == nil)
    }

    @Test("counts that are read again read only the failed records anew that have changed")
    func again() throws {
        for number in 1...4 { try put(number, .error) }
        let source = source
        _ = try source.flow(patience: nil)
        func reads() -> Int { aws.requests.count { $0.contains("GetItem") } }
        #expect(reads() == 4)
        try put(5, .error)
        let flow = try source.flow(patience: nil)
        #expect(reads() == 5 && flow["failures"]?.array?.count == 5)
    }

    @Test("a large layer is counted in several readings, and what is in flight is known from the first on")
    func severalReadings() throws {
        for number in 1...5 { try put(number) }
        try put(6, .error)
        try put(7, .pending)
        let source = source(CountingPace(budget: .zero, rest: 0, shortRest: 0))
        var totals: [JSON?] = []
        for reading in 1...6 {
            let flow = try source.flow(patience: nil)
            let bronze = flow["stages"]?.array?.first { $0["layer"] == "bronze" }
            totals.append(bronze?["total"])
            #expect(bronze?["is_more"] == .bool(reading < 4))
            #expect(bronze?["failed"] == 1 && bronze?["pending"] == 1)
            #expect(flow["failures"]?.array?.count == 1)
        }
        // A new count shows nothing before it has found more than the last one.
        #expect(totals == [2, 4, 6, 7, 7, 7])
    }

    @Test("one look counts on until all is counted, or until its time is over")
    func oneLook() throws {
        for number in 1...7 { try put(number) }
        func total(within time: Duration) throws -> JSON? {
            let source = source(CountingPace(budget: .zero, rest: 0, shortRest: 0))
            let flow = try TopCommand.counted(source, within: time)
            return flow["stages"]?.array?.first { $0["layer"] == "bronze" }?["total"]
        }
        #expect(try total(within: .seconds(3600)) == 7)
        #expect(try total(within: .zero) == 2)
    }

    @Test("a page does not wait for counts longer than it wants, and one reading serves all who ask")
    func patience() throws {
        let reading = FlowReading()
        let gate = Monitor()
        let isOpen = Mutex(false)
        let count = Mutex(0)
        let read: @Sendable (inout [Layer: LayerTally]) throws(ConsoleFault) -> JSON = { _ in
            count.withLock { $0 += 1 }
            gate.locked { while !isOpen.withLock({ $0 }) { gate.wait() } }
            return ["total": 1]
        }
        for _ in 0..<3 {
            #expect(try reading.document(age: .seconds(60), patience: .milliseconds(1), read) == nil)
        }
        isOpen.withLock { $0 = true }
        gate.locked { gate.broadcast() }
        for patience in [nil, Duration.zero] {
            let known = try #require(try reading.document(age: .seconds(60), patience: patience, read))
            #expect(known.counts == ["total": 1] && !known.isOld)
        }
        #expect(count.withLock { $0 } == 1)
        // Counts that are too old are read again; who does not wait gets the old ones.
        isOpen.withLock { $0 = false }
        let old = try #require(try reading.document(age: .zero, patience: .milliseconds(1), read))
        #expect(old.counts == ["total": 1] && old.isOld)
        isOpen.withLock { $0 = true }
        gate.locked { gate.broadcast() }
    }

    @Test("figures of CloudWatch are asked for with one call, and one that does not answer has none")
    func figures() throws {
        aws.answer("GetMetricData") { input in
            let queries = input["MetricDataQueries"]?.array ?? []
            return [
                "MetricDataResults": .array(
                    queries.map { query in
                        let isErrors = query["MetricStat"]?["Metric"]?["MetricName"] == "Errors"
                        return ["Id": query["Id"] ?? .null, "Values": isErrors ? [] : [3, 7, 2]]
                    })
            ]
        }
        let metrics = ["Invocations", "Errors"].map {
            MetricFigures.Metric(namespace: "AWS/Lambda", name: $0, dimension: "FunctionName", value: "f")
        }
        let figures = try #require(MetricFigures(metrics, period: 60, count: 3, from: source.pipeline))
        #expect(figures.largest(metrics[0]) == 7 && figures.newest(metrics[0]) == 3 && figures.sum(metrics[0]) == 12)
        #expect(figures.largest(metrics[1]) == nil && figures.sum(metrics[1]) == nil)
        #expect(aws.requests.count { $0.contains("GetMetricData") } == 1)
        aws.refuse("GetMetricData", "AccessDenied", status: 403)
        #expect(MetricFigures(metrics, period: 60, count: 3, from: source.pipeline) == nil)
    }

    @Test("streams have their shards, buffers and what a capture wrote of itself")
    func streams() throws {
        aws.answer("ListStreams") { _ in ["StreamNames": ["cupel-dev-changes", "other"]] }
        aws.answer("DescribeStreamSummary") { _ in
            ["StreamDescriptionSummary": ["StreamStatus": "ACTIVE", "OpenShardCount": 1, "RetentionPeriodHours": 24]]
        }
        aws.answer("ListShards") { _ in
            func shard(_ id: JSON, _ end: JSON) -> JSON {
                [
                    "ShardId": id, "SequenceNumberRange": ["StartingSequenceNumber": "1", "EndingSequenceNumber": end],
                    "HashKeyRange": [
                        "StartingHashKey": "0", "EndingHashKey": "170141183460469231731687303715884105727",
                    ],
                ]
            }
            return ["Shards": [shard("shardId-000000000000", .null), shard("shardId-000000000001", "9")]]
        }
        aws.answer("ListDeliveryStreams") { _ in ["DeliveryStreamNames": ["cupel-dev-changes-to-raw"]] }
        aws.answer("DescribeDeliveryStream") { _ in
            [
                "DeliveryStreamDescription": [
                    "DeliveryStreamStatus": "ACTIVE",
                    "Source": [
                        "KinesisStreamSourceDescription": [
                            "KinesisStreamARN": "arn:aws:kinesis:us-east-1:0:stream/cupel-dev-changes"
                        ]
                    ],
                    "EmulatorProgress": [
                        "RecordsWaiting": 3, "MillisBehindLatest": 40, "Buffers": 1, "BufferedBytes": 9,
                        "OldestBuffers": [
                            ["Prefix": "raw/beer/", "Kind": "data", "Bytes": 9, "OpenMillis": 70, "IsClosed": false]
                        ],
                        "ShardProgress": [
                            ["ShardId": "shardId-000000000000", "RecordsWaiting": 3, "MillisBehindLatest": 40]
                        ],
                    ],
                ]
            ]
        }
        let report: JSON = ["lag_bytes": 5, "slot_bytes": 6, "changes_per_second": 7, "refused": 0]
        let state: JSON = ["version": 1, "position": "0/16B3748", "tables": ["a.b": 1], "report": report]
        _ = aws.put(state.bytes, to: S3Object(bucket: "stage", key: "state/change-capture/cupel.json"))
        let answer = try source.streams()
        let sources = answer["sources"]?.array ?? []
        #expect(sources.map { $0["name"] } == ["cupel-dev-changes"])
        let shards = sources.first?["shards"]?.array ?? []
        #expect(shards.map { $0["is_open"] } == [true, false] && shards.map { $0["share_percent"] } == [50, 50])
        #expect(shards.map { $0["records_waiting"] } == [3, .null])
        let delivery = answer["streams"]?[0]
        #expect(delivery?["open_buffers"]?[0]?["prefix"] == "raw/beer/" && delivery?["oldest_ms"] == 70)
        let capture = answer["captures"]?[0]
        #expect(capture?["slot"] == "cupel" && capture?["position"] == "0/16B3748")
        #expect(capture?["lag_bytes"] == 5 && capture?["slot_bytes"] == 6 && capture?["tables"] == 1)
        // The task's own log is newer.
        aws.answer("FilterLogEvents") { _ in
            let line: JSON = ["message": "capturing", "slot": "cupel", "position": "0/17", "lagBytes": 8]
            return ["events": [["timestamp": 1_900_000_000_000, "eventId": "1", "message": .string(line.text)]]]
        }
        let newer = try source.streams()["captures"]?.array ?? []
        #expect(newer.count == 1 && newer.first?["position"] == "0/17" && newer.first?["lag_bytes"] == 8)
        #expect(newer.first?["slot_bytes"] == 6)
    }
}
