internal import Console
internal import Control
internal import JSON
internal import Time

extension PipelineSource {
    /// Records of a layer that are counted; there may be more.
    private static let countLimit = 1000
    /// Records with work left that are counted.
    private static let openLimit = 5000
    private static let failureLimit = 10

    /// What the records of a layer say.
    private struct LayerCounts {
        let layer: Layer
        var total = 0
        /// Whether the layer has more records than were counted.
        var isMore = false
        var backlog = Backlog()
        var bytes = 0
        var quarantined = 0
        /// Records that ended in the last minute; nil if not all were looked at.
        var rate: Int?

        var failed: Int { backlog.failedCount }
        var oldestInMilliseconds: Int? {
            backlog.oldestPendingAgeInSeconds > 0 ? backlog.oldestPendingAgeInSeconds * 1000 : nil
        }
    }

    func flow() throws(ConsoleFault) -> JSON {
        let deployed = memory.deployed(of: pipeline)
        let streams = deployed.deliveryStreams.isEmpty ? [] : StreamStatus.all(of: pipeline)
        var layers: [Layer: LayerCounts] = [:]
        var failures: [ControlRecord] = []
        for layer in Layer.allCases { layers[layer] = try counts(of: layer, &failures) }
        failures.sort { $0.updatedAt > $1.updatedAt }
        let queues = try queues()
        var stages: [JSON] = []
        if !streams.isEmpty { stages.append(Self.stage(of: streams)) }
        for layer in Layer.allCases {
            guard let counts = layers[layer] else { continue }
            if layer == .bronze { stages.append(Self.rawStage(counts)) }
            stages.append(Self.stage(counts))
        }
        if let bronze = layers[.bronze] { stages.append(Self.quarantineStage(bronze)) }
        let activity = memory.activity(of: deployed, in: pipeline)
        return [
            "stages": .array(stages), "queues": .array(queues.filter { $0["messages"]?.int != 0 }),
            "is_empty": .bool(layers.values.allSatisfy { $0.total == 0 }),
            "nodes": .array(
                FlowPart.all(of: deployed).map { Self.node($0, layers, streams, activity) } + Self.nodes(of: queues)),
            "failures": .array(
                failures.prefix(Self.failureLimit).map { record in
                    var document = record.document
                    document["layer"] = .string(Self.layer(of: record.schema).rawValue)
                    return .object(document)
                }),
        ]
    }

    /// Counts a layer, and adds the records in error to `failures`.
    private func counts(
        of layer: Layer, _ failures: inout [ControlRecord]
    ) throws(ConsoleFault) -> LayerCounts {
        let page = try faults { () throws(ControlError) in
            try pipeline.control.page(.schema(layer.schema), limit: Self.countLimit)
        }
        let now = Timestamp.now()
        var counts = LayerCounts(layer: layer, total: page.records.count, isMore: page.next != nil)
        // The index of open work has 16 partitions: a layer that one page holds is counted without it.
        counts.backlog =
            counts.isMore
            ? try openWork(in: layer, at: now) : Self.backlog(of: page.records, at: now)
        counts.bytes = page.records.reduce(0) { $0 + $1.fileSizeInBytes }
        counts.quarantined = page.records.reduce(0) { $0 + ($1.quarantinedCount ?? 0) }
        if !counts.isMore {
            counts.rate = page.records.count { record in
                record.finishedAt.map { now.milliseconds(since: $0) < 60_000 } ?? false
            }
        }
        if counts.failed > 0 {
            failures +=
                counts.isMore
                ? try faults { () throws(ControlError) in
                    try pipeline.control.records(.status(.error, in: layer.schema), limit: 200)
                } : page.records.filter { $0.status == .error }
        }
        return counts
    }

    // MARK: Stages

    private static func stage(of streams: [StreamStatus]) -> JSON {
        var stage: JSONObject = [
            "title": "Changes", "link": "streams", "about": "records wait in streams",
            "total": .int(streams.reduce(0) { $0 + $1.recordsWaiting }),
            "running": .int(streams.reduce(0) { $0 + $1.buffers }),
        ]
        stage["oldest_ms"] = streams.map(\.lag).max().flatMap { $0 > 0 ? .int($0) : nil }
        return .object(stage)
    }

    private static func rawStage(_ counts: LayerCounts) -> JSON {
        [
            "title": "Raw", "link": "files", "total": .int(counts.total), "is_more": .bool(counts.isMore),
            "about": .string("objects, \(Quantity.bytes(counts.bytes))"),
        ]
    }

    private static func stage(_ counts: LayerCounts) -> JSON {
        let name = counts.layer.rawValue
        let about: JSON =
            switch counts.layer {
            case .bronze: "files"
            case .silver: "bronze files"
            case .gold: "models"
            }
        var stage: JSONObject = [
            "title": .string(name.prefix(1).uppercased() + name.dropFirst()), "layer": .string(name),
            "link": .string("files?layer=\(name)"), "about": about, "total": .int(counts.total),
            "is_more": .bool(counts.isMore), "pending": .int(counts.backlog.pendingCount),
            "running": .int(counts.backlog.runningCount), "failed": .int(counts.failed),
        ]
        stage["oldest_ms"] = counts.oldestInMilliseconds.flatMap { $0 > 60_000 ? .int($0) : nil }
        return .object(stage)
    }

    private static func quarantineStage(_ counts: LayerCounts) -> JSON {
        [
            "title": "Quarantine", "link": "quarantine", "total": .int(counts.quarantined), "is_aside": true,
            "is_more": .bool(counts.isMore), "about": "rows that broke a contract, of files that succeeded",
        ]
    }

    // MARK: Picture

    /// A part as the picture shows it: what is in it, what waits, runs and failed, and how much passes in a minute.
    private static func node(
        _ part: FlowPart, _ layers: [Layer: LayerCounts], _ streams: [StreamStatus],
        _ activity: [String: FlowMemory.Activity]
    ) -> JSON {
        var node: JSONObject = [
            "name": .string(part.name), "title": .string(part.title), "kind": .string(part.kind.rawValue),
            "column": .int(part.column), "row": .int(part.row), "next": .array(part.next.map { .string($0) }),
            "calls": .array(part.calls.map { .string($0) }),
        ]
        if let seen = activity[part.name] {
            node["per_minute"] = .int(seen.count)
            node["errors"] = .int(seen.errors)
            node["running"] = seen.running.map { .int($0) }
        }
        let (bronze, silver, gold) = (layers[.bronze], layers[.silver], layers[.gold])
        switch part.name {
        case "stream":
            node["waiting"] = .int(streams.reduce(0) { $0 + $1.recordsWaiting })
            node["oldest_ms"] = streams.map(\.lag).max().flatMap { $0 > 0 ? .int($0) : nil }
        case "delivery":
            node["running"] = .int(streams.reduce(0) { $0 + $1.buffers })
            let bytes = streams.reduce(0) { $0 + $1.bufferedBytes }
            if bytes > 0 { node["about"] = .string("\(Quantity.bytes(bytes)) buffered") }
        case "raw":
            node["total"] = bronze.map { .int($0.total) }
            node["is_more"] = bronze.map { .bool($0.isMore) }
            node["unit"] = "objects"
            node["about"] = bronze.map { .string("(\(Quantity.bytes($0.bytes)))") }
        case "control": add(bronze, to: &node, waits: true)
        case "bronze-writer": node["running"] = bronze.map { .int($0.backlog.runningCount) }
        case "bronze": add(bronze, to: &node, holds: true)
        case "quarantine":
            node["total"] = bronze.map { .int($0.quarantined) }
            node["is_more"] = bronze.map { .bool($0.isMore) }
            node["about"] = "rows"
        case "silver-machine": add(silver, to: &node, waits: true)
        case "silver-merge": node["running"] = silver.map { .int($0.backlog.runningCount) }
        case "silver": add(silver, to: &node, holds: true)
        case "gold-machine": add(gold, to: &node, waits: true)
        case "gold-build": node["running"] = gold.map { .int($0.backlog.runningCount) }
        case "gold": add(gold, to: &node, holds: true)
        default: break
        }
        return .object(node)
    }

    private static func add(
        _ counts: LayerCounts?, to node: inout JSONObject, waits: Bool = false, holds: Bool = false
    ) {
        guard let counts else { return }
        if waits {
            node["waiting"] = .int(counts.backlog.pendingCount)
            node["oldest_ms"] = counts.oldestInMilliseconds.map { .int($0) }
        }
        if holds {
            node["total"] = .int(counts.total)
            node["is_more"] = .bool(counts.isMore)
            node["failed"] = .int(counts.failed)
            node["per_minute"] = counts.rate.map { .int($0) }
            node["about"] = counts.layer == .gold ? "models" : "files"
        }
    }

    /// The queues below everything else: nothing is in them while all is well.
    private static func nodes(of queues: [JSON]) -> [JSON] {
        queues.enumerated().map { place, queue in
            let name = queue["name"]?.string ?? ""
            return [
                "name": .string("queue:\(name)"), "title": .string(name), "kind": "queue",
                "column": .int(place % 7), "row": .int(100 + place / 7), "next": [], "calls": [],
                "total": queue["messages"] ?? .null, "about": "messages",
            ]
        }
    }

    /// Counts the index of open work, as far as it is looked at.
    private func openWork(in layer: Layer, at now: Timestamp) throws(ConsoleFault) -> Backlog {
        var backlog = Backlog()
        var count = 0
        try faults { () throws(ControlError) in
            try pipeline.control.forEachRecord(.open(in: layer.schema)) { (record) throws(ControlError) in
                Self.add(record, to: &backlog, at: now)
                count += 1
                return count < Self.openLimit
            }
        }
        return backlog
    }

    /// What the records of a whole layer say of its open work.
    private static func backlog(of records: [ControlRecord], at now: Timestamp) -> Backlog {
        var backlog = Backlog()
        for record in records { add(record, to: &backlog, at: now) }
        return backlog
    }

    private static func add(_ record: ControlRecord, to backlog: inout Backlog, at now: Timestamp) {
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

    private static func layer(of schema: ControlRecord.Schema) -> Layer {
        Layer.allCases.first { $0.schema == schema } ?? .bronze
    }

    /// The pipeline's queues, of which most are for dead letters, with how many messages wait in each.
    func queues() throws(ConsoleFault) -> [JSON] {
        let prefix = pipeline.functionPrefix
        let list = try call("sqs", "AmazonSQS", "ListQueues", ["QueueNamePrefix": .string(prefix)])
        var queues: [JSON] = []
        for address in (list["QueueUrls"]?.array ?? []).compactMap(\.string).prefix(50) {
            let answer = try call(
                "sqs", "AmazonSQS", "GetQueueAttributes",
                ["QueueUrl": .string(address), "AttributeNames": ["ApproximateNumberOfMessages"]])
            let count = answer["Attributes"]?["ApproximateNumberOfMessages"]?.string.flatMap { Int($0) } ?? 0
            let name = address.split(separator: "/").last.map(String.init) ?? address
            queues.append([
                "name": .string(name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name),
                "messages": .int(count), "url": .string(address),
            ])
        }
        return queues
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
        return [
            "streams": .array(StreamStatus.all(of: pipeline).map(\.document)), "sources": .array(sources),
            "capture": capture() ?? .null,
        ]
    }

    /// What change-capture's task said last of the database's log; nil if it has no log or has said nothing.
    private func capture() -> JSON? {
        let group = "/ecs/\(pipeline.functionPrefix)change-capture"
        let events = try? FunctionLog.lastEvents(
            of: group, matching: "{ $.message = \"capturing\" }", limit: 1, from: pipeline)
        guard let event = events?.last, let line = try? JSON(parsing: event.message) else { return nil }
        return [
            "at": .string(event.timestamp.rfc3339), "slot": line["slot"] ?? .null,
            "position": line["position"] ?? .null, "lag_bytes": line["lagBytes"] ?? .null,
            "slot_bytes": line["slotBytes"] ?? .null, "changes_per_second": line["changesPerSecond"] ?? .null,
            "refused": line["refused"] ?? .null,
        ]
    }
}
