package import JSON
internal import Time

// Records of streams, as functions and pipes receive them.
// See <https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html>

extension StreamRecord {
    /// The members of a Kinesis record; nil for a change of an item.
    package var kinesis: JSONObject? {
        guard case .data(let data, let partitionKey) = content else { return nil }
        return [
            "kinesisSchemaVersion": "1.0", "partitionKey": .string(partitionKey),
            "sequenceNumber": .string(sequenceNumber), "data": .string(data.base64),
            "approximateArrivalTimestamp": Timestamp.json(arrivedAt),
        ]
    }

    /// The members of an event that say where a Kinesis record comes from.
    package func origin(shard: StreamShard, stream: String, account: Account) -> JSONObject {
        [
            "eventSource": "aws:kinesis", "eventVersion": "1.0",
            "eventID": .string("\(shard.name):\(sequenceNumber)"), "eventName": "aws:kinesis:record",
            "invokeIdentityArn": .string("arn:aws:iam::\(account.id):role/emulator"),
            "awsRegion": .string(account.region), "eventSourceARN": .string(stream),
        ]
    }

    /// What a filter sees: the change of an item, or a Kinesis record with its data as JSON if they are that.
    package var filtered: JSON {
        switch content {
        case .change(let event): return event
        case .data(let data, _):
            var members = kinesis ?? [:]
            members["data"] = (try? JSON(parsing: Array(data))) ?? .string(String(decoding: data, as: UTF8.self))
            return .object(members)
        }
    }
}

/// The records of a batch that was given up, as the message about it names them.
/// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>
package struct DiscardedBatch: Sendable {
    let records: [StreamRecord]
    let shard: StreamShard
    let stream: String

    package init(_ records: [StreamRecord], of shard: StreamShard, stream: String) {
        self.records = records
        self.shard = shard
        self.stream = stream
    }

    /// `KinesisBatchInfo` or `DDBStreamBatchInfo` with positions in the stream, not with content.
    package var info: (name: String, document: JSON)? {
        guard let first = records.first, let last = records.last else { return nil }
        func moment(_ record: StreamRecord) -> JSON { .string(Timestamp(milliseconds: record.arrivedAt).rfc3339) }
        let isKinesis = first.kinesis != nil
        return (
            isKinesis ? "KinesisBatchInfo" : "DDBStreamBatchInfo",
            [
                "shardId": .string(shard.name), "startSequenceNumber": .string(first.sequenceNumber),
                "endSequenceNumber": .string(last.sequenceNumber), "approximateArrivalOfFirstRecord": moment(first),
                "approximateArrivalOfLastRecord": moment(last), "batchSize": .int(records.count),
                "streamArn": .string(stream),
            ]
        )
    }
}
