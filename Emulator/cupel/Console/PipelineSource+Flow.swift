internal import Console
internal import Control
internal import JSON
internal import Time

extension PipelineSource {
    /// Records of a layer that are counted; there may be more.
    private static let countLimit = 1000
    private static let failureLimit = 10

    func flow() throws(ConsoleFault) -> JSON {
        var stages: [JSON] = []
        let streams = StreamStatus.all(of: pipeline)
        if !streams.isEmpty {
            let waiting = streams.reduce(0) { $0 + $1.recordsWaiting }
            var stage: JSONObject = [
                "title": "Changes", "link": "streams", "total": .int(waiting), "about": "records wait in streams",
                "running": .int(streams.reduce(0) { $0 + $1.buffers }),
            ]
            stage["oldest_ms"] = streams.map(\.lag).max().flatMap { $0 > 0 ? .int($0) : nil }
            stages.append(.object(stage))
        }
        var isEmpty = true
        var quarantine: JSON = [:]
        var failures: [ControlRecord] = []
        let layers: [(Layer, about: String, function: String)] = [
            (.bronze, "files", "bronze-writer"), (.silver, "bronze files", "silver-merge"),
            (.gold, "models", "gold-build"),
        ]
        for (layer, about, function) in layers {
            let page = try faults { () throws(ControlError) in
                try pipeline.control.page(.schema(layer.schema), limit: Self.countLimit)
            }
            // The index of open work has 16 partitions: a layer that one page holds is counted without it.
            let backlog =
                page.next == nil
                ? Self.backlog(of: page.records, at: .now())
                : try faults { () throws(ControlError) in try pipeline.control.backlog(in: layer.schema) }
            let failed = backlog.failedCount + backlog.retriedCount
            if layer == .bronze {
                let size = page.records.reduce(0) { $0 + $1.fileSizeInBytes }
                stages.append([
                    "title": "Raw", "link": "files", "total": .int(page.records.count),
                    "is_more": .bool(page.next != nil),
                    "about": .string("objects, \(Quantity.bytes(size))"), "function": "control-recorder",
                ])
            }
            var stage: JSONObject = [
                "title": .string(layer.rawValue.prefix(1).uppercased() + layer.rawValue.dropFirst()),
                "layer": .string(layer.rawValue), "link": .string("files?layer=\(layer.rawValue)"),
                "about": .string(about), "function": .string(function),
                "total": .int(page.records.count),
                "is_more": .bool(page.next != nil), "pending": .int(backlog.pendingCount),
                "running": .int(backlog.runningCount), "failed": .int(failed),
            ]
            if backlog.oldestPendingAgeInSeconds > 60 {
                stage["oldest_ms"] = .int(backlog.oldestPendingAgeInSeconds * 1000)
            }
            stages.append(.object(stage))
            if !page.records.isEmpty { isEmpty = false }
            if layer == .bronze {
                let held = page.records.reduce(0) { $0 + ($1.quarantinedCount ?? 0) }
                quarantine = [
                    "title": "Quarantine", "link": "quarantine", "total": .int(held), "is_aside": true,
                    "is_more": .bool(page.next != nil), "about": "rows that broke a contract, of files that succeeded",
                ]
            }
            if failed > 0 {
                failures +=
                    page.next == nil
                    ? page.records.filter { $0.status == .error }
                    : try faults { () throws(ControlError) in
                        try pipeline.control.records(.status(.error, in: layer.schema), limit: 200)
                    }
            }
        }
        stages.append(quarantine)
        failures.sort { $0.updatedAt > $1.updatedAt }
        return [
            "stages": .array(stages), "queues": .array(try queues()), "is_empty": .bool(isEmpty),
            "failures": .array(
                failures.prefix(Self.failureLimit).map { record in
                    var document = record.document
                    document["layer"] = .string(Self.layer(of: record.schema).rawValue)
                    return .object(document)
                }),
        ]
    }

    /// What the records of a whole layer say of its open work.
    private static func backlog(of records: [ControlRecord], at now: Timestamp) -> Backlog {
        var backlog = Backlog()
        for record in records {
            switch record.status {
            case .pending:
                backlog.pendingCount += 1
                let age = Int(max(0, now.milliseconds(since: record.updatedAt)) / 1000)
                backlog.oldestPendingAgeInSeconds = max(backlog.oldestPendingAgeInSeconds, age)
            case .running: backlog.runningCount += 1
            case .error: backlog.failedCount += 1
            case .success: break
            }
        }
        return backlog
    }

    private static func layer(of schema: ControlRecord.Schema) -> Layer {
        Layer.allCases.first { $0.schema == schema } ?? .bronze
    }

    /// The pipeline's queues that have messages, which are letters that nobody could take.
    private func queues() throws(ConsoleFault) -> [JSON] {
        let list = try call(
            "sqs", "AmazonSQS", "ListQueues", ["QueueNamePrefix": .string(pipeline.functionPrefix)])
        var queues: [JSON] = []
        for address in (list["QueueUrls"]?.array ?? []).compactMap(\.string) {
            let answer = try call(
                "sqs", "AmazonSQS", "GetQueueAttributes",
                ["QueueUrl": .string(address), "AttributeNames": ["ApproximateNumberOfMessages"]])
            let count = answer["Attributes"]?["ApproximateNumberOfMessages"]?.string.flatMap { Int($0) } ?? 0
            queues.append([
                "name": .string(address.split(separator: "/").last.map(String.init) ?? address),
                "messages": .int(count),
            ])
        }
        return queues.filter { $0["messages"]?.int != 0 }
    }

    // MARK: Streams

    func streams() throws(ConsoleFault) -> JSON {
        var sources: [JSON] = []
        let list = try call("kinesis", "Kinesis_20131202", "ListStreams", [:], version: "1.1")
        for name in (list["StreamNames"]?.array ?? []).compactMap(\.string)
        where name.hasPrefix(pipeline.functionPrefix) {
            let answer = try call(
                "kinesis", "Kinesis_20131202", "DescribeStreamSummary", ["StreamName": .string(name)], version: "1.1")
            let summary = answer["StreamDescriptionSummary"]
            sources.append([
                "name": .string(name), "status": summary?["StreamStatus"] ?? .null,
                "open_shards": summary?["OpenShardCount"] ?? .null,
                "retention_hours": summary?["RetentionPeriodHours"] ?? .null,
            ])
        }
        return ["streams": .array(StreamStatus.all(of: pipeline).map(\.document)), "sources": .array(sources)]
    }

    // MARK: Cost

    /// List prices of us-east-1, those of `infra/cost`.
    private enum Price {
        static let functionSecond = 0.0000166667 * functionMemory
        /// GB of the bronze writer's function.
        static let functionMemory = 1769.0 / 1024
        static let request = 0.20e-6
        /// The bronze writer's task: 2 vCPU and 4 GB.
        static let taskSecond = (2 * 0.04048 + 4 * 0.004445) / 3600
        /// A task is billed for a minute at least.
        static let taskLeast = 60.0
    }

    func cost() throws(ConsoleFault) -> JSON {
        struct Group: Hashable {
            let table: String
            let target: ControlRecord.ComputeTarget
        }
        struct Sum {
            var (files, rows, bytes, milliseconds, function, task) = (0, 0, 0, 0, 0.0, 0.0)
        }
        var sums: [Group: Sum] = [:]
        var place: ControlPage.Place?
        var examined = 0
        repeat {
            let page = try faults { () throws(ControlError) in
                try pipeline.control.page(.schema(.bronze), limit: 1000, from: place)
            }
            examined += page.records.count
            place = page.next
            for record in page.records {
                guard let took = record.durationInMilliseconds, let target = record.computeTarget else { continue }
                let seconds = Double(took) / 1000
                var sum = sums[Group(table: record.table, target: target)] ?? Sum()
                sum.files += 1
                sum.rows += record.recordCount ?? 0
                sum.bytes += record.fileSizeInBytes
                sum.milliseconds += took
                sum.function += seconds * Price.functionSecond + Price.request
                sum.task += max(Price.taskLeast, seconds) * Price.taskSecond
                sums[Group(table: record.table, target: target)] = sum
            }
        } while place != nil && examined < 5000
        let rows = sums.sorted { ($0.key.table, $0.key.target.rawValue) < ($1.key.table, $1.key.target.rawValue) }.map {
            group, sum -> JSON in
            let (own, other) = group.target == .lambda ? (sum.function, sum.task) : (sum.task, sum.function)
            var row: JSONObject = [
                "table": .string(group.table), "target": .string(group.target.rawValue), "files": .int(sum.files),
                "rows": .int(sum.rows), "bytes": .int(sum.bytes), "took_ms": .int(sum.milliseconds),
            ]
            row["dollars"] = JSONNumber(own).map(JSON.number)
            row["dollars_other"] = JSONNumber(other).map(JSON.number)
            if sum.rows > 0 {
                row["dollars_per_million_rows"] = JSONNumber(own / Double(sum.rows) * 1e6).map(JSON.number)
            }
            return .object(row)
        }
        func price(_ name: String, _ value: Double, _ unit: String) -> JSON {
            ["name": .string(name), "value": JSONNumber(value).map(JSON.number) ?? .null, "unit": .string(unit)]
        }
        return [
            "rows": .array(rows), "truncated": .bool(place != nil),
            "prices": [
                price("Lambda, bronze-writer's 1,769 MB", Price.functionSecond, "second"),
                price("Lambda, a request", Price.request, "request"),
                price("Fargate, 2 vCPU and 4 GB", Price.taskSecond, "second, a minute at least"),
            ],
        ]
    }
}
