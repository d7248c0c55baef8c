package import EmulatorCore
package import JSON

/// DynamoDB Streams: the changes in the tables of ``DynamoDB``. Each stream is one shard.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB_Streams.html>
package struct DynamoDBStreams: JSONService {
    private let store: Store
    private let state: DynamoDBState

    package init(_ dynamoDB: DynamoDB) {
        store = dynamoDB.store
        state = dynamoDB.state
    }

    package var actionService: String { "streams.dynamodb" }
    package var targetPrefix: String { "DynamoDBStreams_20120810" }
    package var protocolVersion: String { "1.0" }
    package func faultType(_ code: String) -> String { DynamoDBFault.type(ofCode: code) }

    private static let operations: [String: any ReadingOperation.Type] = [
        "ListStreams": ListStreams.self, "DescribeStream": DescribeStream.self,
        "GetShardIterator": GetShardIterator.self, "GetRecords": GetRecords.self,
    ]

    package func perform(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON {
        do {
            guard let operation = Self.operations[action] else { throw DynamoDBFault.unknownOperation(action) }
            let reading = try operation.init(WireStructure(request: input))
            return try store.read { snapshot in try reading.perform(on: state, in: snapshot) }
        } catch let fault as DynamoDBFault {
            throw fault.answer
        } catch {
            throw .internalFailure(error)
        }
    }
}

extension DynamoDB: StreamSource {
    package var streamService: String { "dynamodb" }
    package var readers: BellGroup { state.changes.readers }

    package func shards(ofStream arn: String) throws(AWSFault) -> [StreamShard] {
        try reading { snapshot in
            let stream = try ChangeLog.place(ofStream: arn, in: snapshot)
            return [
                StreamShard(
                    id: arn, name: stream.shardID, lastSequence: stream.lastSequence, isClosed: stream.isEnded)
            ]
        }
    }

    package func records(
        ofStream arn: String, shard: StreamShard, after sequence: Int64, limit: Int
    ) throws(AWSFault) -> [StreamRecord] {
        try reading { snapshot in
            let stream = try ChangeLog.place(ofStream: arn, in: snapshot).id
            return try ChangeLog.records(of: stream, after: sequence, limit: limit, in: snapshot).map {
                sequence, record in
                var event = record.object ?? JSONObject()
                event["eventSourceARN"] = .string(arn)
                let seconds = record["dynamodb"]?["ApproximateCreationDateTime"]?.int ?? 0
                return StreamRecord(
                    sequence: sequence, sequenceNumber: StreamPosition.shown(sequence),
                    arrivedAt: Int64(seconds) * 1000, content: .change(.object(event)))
            }
        }
    }

    private func reading<Value>(_ body: (borrowing Snapshot) throws -> Value) throws(AWSFault) -> Value {
        do {
            return try store.read(body)
        } catch let fault as DynamoDBFault {
            throw fault.answer
        } catch {
            throw .internalFailure(error)
        }
    }
}
