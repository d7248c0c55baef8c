internal import AWSClient
internal import AWSModels
internal import Console
internal import JSON
internal import Time

extension PipelineSource {
    /// Periods of five minutes that CloudWatch is asked for; the last ones may not be there yet.
    private static let periods = 3

    func streams() throws(ConsoleFault) -> JSON {
        let deliveries = try deliveryStreams()
        // How far shards are is known by what reads them.
        var progress: [String: JSON] = [:]
        for delivery in deliveries {
            guard let source = delivery["source"]?.string else { continue }
            for shard in delivery["shard_progress"]?.array ?? [] {
                progress["\(source) \(shard["shard"]?.string ?? "")"] = shard
            }
        }
        return [
            "streams": .array(deliveries), "sources": .array(try sources(progress)), "captures": .array(captures()),
        ]
    }

    // MARK: Firehose

    /// Delivery streams with what is in them: by their own description in an emulator, by CloudWatch's figures on AWS.
    private func deliveryStreams() throws(ConsoleFault) -> [JSON] {
        let list = try call("firehose", "Firehose_20150804", "ListDeliveryStreams", ["Limit": 100], version: "1.1")
        var streams: [JSON] = []
        for name in (list["DeliveryStreamNames"]?.array ?? []).compactMap(\.string)
        where name.hasPrefix(pipeline.functionPrefix) {
            let answer = try call(
                "firehose", "Firehose_20150804", "DescribeDeliveryStream", ["DeliveryStreamName": .string(name)],
                version: "1.1")
            let description = answer["DeliveryStreamDescription"] ?? [:]
            let destination = description["Destinations"]?[0]?["ExtendedS3DestinationDescription"] ?? [:]
            let source = description["Source"]?["KinesisStreamSourceDescription"]?["KinesisStreamARN"]?.string
            var document: JSONObject = [
                "name": .string(name), "status": description["DeliveryStreamStatus"] ?? .null,
                "prefix": destination["Prefix"] ?? .null,
                "buffer_seconds": destination["BufferingHints"]?["IntervalInSeconds"] ?? .null,
                "buffer_megabytes": destination["BufferingHints"]?["SizeInMBs"] ?? .null, "open_buffers": [],
            ]
            document["source"] = source.map { .string($0.split(separator: "/").last.map(String.init) ?? $0) }
            if let status = StreamStatus(name, description) {
                for member in status.document.object ?? [:] { document[member.name] = member.value }
                addProgress(description["EmulatorProgress"] ?? [:], to: &document)
            } else {
                addFigures(of: name, to: &document)
            }
            streams.append(.object(document))
        }
        return streams
    }

    private func addProgress(_ progress: JSON, to document: inout JSONObject) {
        let buffers = progress["OldestBuffers"]?.array ?? []
        document["oldest_ms"] = buffers.compactMap { $0["OpenMillis"]?.int }.max().map { .int($0) }
        document["open_buffers"] = .array(
            buffers.map { buffer in
                [
                    "prefix": buffer["Prefix"] ?? .null, "kind": buffer["Kind"] ?? .null,
                    "bytes": buffer["Bytes"] ?? .null, "open_ms": buffer["OpenMillis"] ?? .null,
                    "is_closed": buffer["IsClosed"] ?? .null,
                ]
            })
        document["shard_progress"] = .array(
            (progress["ShardProgress"]?.array ?? []).map { shard in
                [
                    "shard": shard["ShardId"] ?? .null, "records_waiting": shard["RecordsWaiting"] ?? .null,
                    "lag_ms": shard["MillisBehindLatest"] ?? .null,
                ]
            })
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html>
    private func addFigures(of name: String, to document: inout JSONObject) {
        func metric(_ metric: String, _ statistic: String) -> MetricFigures.Metric {
            MetricFigures.Metric(
                namespace: "AWS/Firehose", name: metric, dimension: "DeliveryStreamName", value: name,
                statistic: statistic)
        }
        let lag = metric("KinesisMillisBehindLatest", "Maximum")
        let freshness = metric("DeliveryToS3.DataFreshness", "Maximum")
        let partitions = metric("PartitionCount", "Maximum")
        let delivered = metric("DeliveryToS3.Records", "Sum")
        guard
            let figures = MetricFigures(
                [lag, freshness, partitions, delivered], period: 300, count: Self.periods, from: pipeline)
        else { return }
        document["lag_ms"] = figures.newest(lag).map { .int($0) }
        document["oldest_ms"] = figures.newest(freshness).map { .int($0 * 1000) }
        document["partitions"] = figures.newest(partitions).map { .int($0) }
        document["delivered_records"] = figures.newest(delivered).map { .int($0) }
    }

    // MARK: Kinesis

    /// - Parameter progress: what is known of shards, by `stream shard`.
    private func sources(_ progress: [String: JSON]) throws(ConsoleFault) -> [JSON] {
        var sources: [JSON] = []
        let list = try call("kinesis", "Kinesis_20131202", "ListStreams", [:], version: "1.1")
        for name in (list["StreamNames"]?.array ?? []).compactMap(\.string)
        where name.hasPrefix(pipeline.functionPrefix) {
            let answer = try call(
                "kinesis", "Kinesis_20131202", "DescribeStreamSummary", ["StreamName": .string(name)], version: "1.1")
            let summary = answer["StreamDescriptionSummary"]
            var document: JSONObject = [
                "name": .string(name), "status": summary?["StreamStatus"] ?? .null,
                "open_shards": summary?["OpenShardCount"] ?? .null,
                "retention_hours": summary?["RetentionPeriodHours"] ?? .null,
                "shards": .array(try shards(of: name, progress)),
            ]
            addFigures(ofSource: name, to: &document)
            sources.append(.object(document))
        }
        return sources
    }

    private func shards(of stream: String, _ progress: [String: JSON]) throws(ConsoleFault) -> [JSON] {
        let answer = try call(
            "kinesis", "Kinesis_20131202", "ListShards", ["StreamName": .string(stream), "MaxResults": 200],
            version: "1.1")
        return (answer["Shards"]?.array ?? []).map { shard in
            let name = shard["ShardId"]?.string ?? ""
            let known = progress["\(stream) \(name)"]
            var document: JSONObject = [
                "shard": .string(name),
                "is_open": .bool(shard["SequenceNumberRange"]?["EndingSequenceNumber"]?.string == nil),
                "records_waiting": known?["records_waiting"] ?? .null, "lag_ms": known?["lag_ms"] ?? .null,
            ]
            if let first = shard["HashKeyRange"]?["StartingHashKey"]?.string.flatMap({ Double($0) }),
                let last = shard["HashKeyRange"]?["EndingHashKey"]?.string.flatMap({ Double($0) })
            {
                document["share_percent"] = .int(Int(((last - first) / 0x1p128 * 100).rounded()))
            }
            return .object(document)
        }
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html>
    private func addFigures(ofSource name: String, to document: inout JSONObject) {
        func metric(_ metric: String, _ statistic: String) -> MetricFigures.Metric {
            MetricFigures.Metric(
                namespace: "AWS/Kinesis", name: metric, dimension: "StreamName", value: name, statistic: statistic)
        }
        let records = metric("IncomingRecords", "Sum")
        let age = metric("GetRecords.IteratorAgeMilliseconds", "Maximum")
        let refused = metric("WriteProvisionedThroughputExceeded", "Sum")
        guard let figures = MetricFigures([records, age, refused], period: 300, count: Self.periods, from: pipeline)
        else { return }
        document["records"] = figures.newest(records).map { .int($0) }
        document["lag_ms"] = figures.newest(age).map { .int($0) }
        document["refused"] = figures.newest(refused).map { .int($0) }
    }

    // MARK: Change-capture

    /// Each capture by the state that it keeps in the bucket, and by what its log said last where it has one.
    private func captures() -> [JSON] {
        let objects = ObjectStore(pipeline.client)
        let prefix = "state/change-capture/"
        let listed =
            (try? objects.list(bucket: pipeline.stageBucket, prefix: prefix, limit: 20))?.objects.filter {
                $0.key.hasSuffix(".json")
            } ?? []
        let said = saidLast()
        var captures = listed.compactMap { object -> JSONObject? in
            guard let (_, bytes) = try? objects.get(S3Object(bucket: pipeline.stageBucket, key: object.key)),
                let state = try? JSON(parsing: bytes)
            else { return nil }
            let slot = String(object.key.dropFirst(prefix.count).dropLast(".json".count))
            let report = state["report"]
            var capture: JSONObject = [
                "slot": .string(slot), "position": state["position"] ?? .null,
                "lag_bytes": report?["lag_bytes"] ?? .null, "slot_bytes": report?["slot_bytes"] ?? .null,
                "changes_per_second": report?["changes_per_second"] ?? .null, "refused": report?["refused"] ?? .null,
                "tables": .int(state["tables"]?.object?.count ?? 0),
            ]
            capture["at"] = object.lastModified.map { .string($0.rfc3339) }
            return capture
        }
        guard let said else { return captures.map { .object($0) } }
        // A log is newer than the state; older logs do not name the slot.
        let slot = said["slot"]?.string
        if let place = captures.firstIndex(where: { $0["slot"]?.string == slot })
            ?? (slot == nil ? captures.indices.first : nil)
        {
            for member in said where !member.value.isNull { captures[place][member.name] = member.value }
        } else {
            captures.append(said)
        }
        return captures.map { .object($0) }
    }

    /// What the pipeline's own task of change-capture said last of the database's log; nil if it has no log or has said nothing.
    private func saidLast() -> JSONObject? {
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
