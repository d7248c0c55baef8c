internal import Console
internal import Control
internal import JSON

extension PipelineSource {
    /// The counts. A page does not wait for them: it shows those that were read last, and hears of newer ones.
    func flow(patience: Duration?) throws(ConsoleFault) -> JSON {
        let known = try memory.reading.document(age: age, patience: patience) {
            (tallies: inout [Layer: LayerTally]) throws(ConsoleFault) in try readFlow(&tallies)
        }
        guard let known else {
            return [
                "stages": [], "nodes": [], "queues": [], "failures": [], "is_empty": false, "is_counting": true,
            ]
        }
        guard known.isOld, var document = known.counts.object else { return known.counts }
        document["is_old"] = true
        return .object(document)
    }

    private func readFlow(_ tallies: inout [Layer: LayerTally]) throws(ConsoleFault) -> JSON {
        let deployed = memory.deployed(of: pipeline)
        let streams = deployed.deliveryStreams.isEmpty ? [] : StreamStatus.all(of: pipeline)
        var layers: [Layer: LayerCounts] = [:]
        var failures: [(layer: Layer, record: ControlRecord)] = []
        for layer in Layer.allCases {
            var tally = tallies[layer] ?? LayerTally(layer)
            try tally.read(self)
            tallies[layer] = tally
            layers[layer] = tally.counts
            failures += tally.counts.failures.map { (layer, $0) }
        }
        failures.sort { $0.record.updatedAt > $1.record.updatedAt }
        let queues = try queues()
        var stages: [JSON] = []
        if !streams.isEmpty { stages.append(Self.stage(of: streams)) }
        for layer in Layer.allCases {
            guard let counts = layers[layer] else { continue }
            if layer == .bronze { stages.append(Self.rawStage(counts)) }
            stages.append(Self.stage(counts, layer))
        }
        if let bronze = layers[.bronze] { stages.append(Self.quarantineStage(bronze)) }
        let activity = memory.activity(of: deployed, in: pipeline, age: activityAge)
        return [
            "stages": .array(stages), "queues": .array(queues.filter { $0["messages"]?.int != 0 }),
            "is_empty": .bool(layers.values.allSatisfy { $0.total == 0 }),
            "nodes": .array(
                FlowPart.all(of: deployed).map { Self.node($0, layers, streams, activity) } + Self.nodes(of: queues)),
            "failures": .array(
                failures.prefix(LayerTally.failureLimit).map { failure in
                    var document = failure.record.document
                    document["layer"] = .string(failure.layer.rawValue)
                    return .object(document)
                }),
        ]
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

    private static func stage(_ counts: LayerCounts, _ layer: Layer) -> JSON {
        let name = layer.rawValue
        let about: JSON =
            switch layer {
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
            node["per_minute"] = .int(seen.perMinute)
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
            node["about"] = node["name"] == "gold" ? "models" : "files"
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
}
