internal import AWSClient
internal import JSON

/// How far a delivery stream of the pipeline is. Only an emulator says so; AWS has metrics for it.
struct StreamStatus: Sendable {
    let name: String
    /// The open shards of the stream that it reads; nil where clients put.
    let shards: Int?
    let recordsWaiting: Int
    /// How old the oldest waiting record is, in milliseconds.
    let lag: Int
    let buffers: Int
    let bufferedBytes: Int
    let partitions: Int

    /// Nil if the description has no progress.
    init?(_ name: String, _ description: JSON?) {
        guard let progress = description?["EmulatorProgress"] else { return nil }
        func number(_ name: String) -> Int { progress[name]?.int ?? 0 }
        self.name = name
        shards = progress["Shards"]?.int
        recordsWaiting = number("RecordsWaiting")
        lag = number("MillisBehindLatest")
        buffers = number("Buffers")
        bufferedBytes = number("BufferedBytes")
        partitions = number("Partitions")
    }

    /// The pipeline's delivery streams; none on AWS, and none where they cannot be listed.
    static func all(of pipeline: Pipeline) -> [StreamStatus] {
        func call(_ action: String, _ input: JSON) -> JSON? {
            try? pipeline.client.jsonCall(
                service: "firehose", target: "Firehose_20150804", action: action, input: input, version: "1.1",
                isRepeatable: true)
        }
        let names = call("ListDeliveryStreams", ["Limit": 100])?["DeliveryStreamNames"]?.array ?? []
        return names.compactMap(\.string).filter { $0.hasPrefix(pipeline.functionPrefix) }.compactMap { name in
            let answer = call("DescribeDeliveryStream", ["DeliveryStreamName": .string(name)])
            return StreamStatus(name, answer?["DeliveryStreamDescription"])
        }
    }

    var document: JSON {
        [
            "name": .string(name), "shards": shards.map { .int($0) } ?? .null,
            "records_waiting": .int(recordsWaiting), "lag_ms": .int(lag),
            "buffers": .int(buffers), "buffered_bytes": .int(bufferedBytes), "partitions": .int(partitions),
        ]
    }

    static func table(of streams: [StreamStatus]) -> TextTable {
        var table = TextTable([
            .left("STREAM"), .right("SHARDS"), .right("WAITING"), .right("LAG S"), .right("BUFFERS"), .right("BYTES"),
            .right("PARTITIONS"),
        ])
        for stream in streams {
            table.add([
                stream.name, Quantity.count(stream.shards), Quantity.count(stream.recordsWaiting),
                Quantity.decimal(Double(stream.lag) / 1000, places: 1),
                Quantity.count(stream.buffers), Quantity.bytes(stream.bufferedBytes), Quantity.count(stream.partitions),
            ])
        }
        return table
    }
}
