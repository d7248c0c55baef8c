package import EmulatorCore
package import JSON
internal import Synchronization

/// A stream in memory, of Kinesis or DynamoDB, whose shards and records the test adds.
package final class TestStream: StreamSource {
    package static let kinesis = "arn:aws:kinesis:us-east-1:000000000000:stream/changes"
    package static let dynamodb = "arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/1"

    package let streamService: String
    package let readers = BellGroup()
    private let clock: TestClock
    private let given = Mutex(0)
    private let state = Mutex<[(shard: StreamShard, records: [StreamRecord])]>([])

    package init(_ service: String = "kinesis", clock: TestClock) {
        streamService = service
        self.clock = clock
    }

    /// How many records its readers have got, repeated ones too.
    package var recordsGiven: Int { given.withLock { $0 } }

    /// Opens the shard `shardId-<id>`.
    package func open(_ id: String, parents: [String] = []) {
        let shard = StreamShard(id: id, name: "shardId-" + id, parents: parents, lastSequence: 0, isClosed: false)
        state.withLock { $0.append((shard, [])) }
        readers.ring()
    }

    package func close(_ id: String) {
        change(id) { $0.shard.isClosed = true }
    }

    /// Adds a record with the sequence number `<id>-<n>`, which arrives now.
    package func put(_ text: String, key: String = "k", into id: String = "0") {
        add(.data(Array(text.utf8)[...], partitionKey: key), id)
    }

    package func put(_ change: JSON, into id: String = "0") { add(.change(change), id) }

    private func add(_ content: StreamRecord.Content, _ id: String) {
        change(id) { [clock] shard in
            shard.shard.lastSequence += 1
            let sequence = shard.shard.lastSequence
            shard.records.append(
                StreamRecord(
                    sequence: sequence, sequenceNumber: "\(id)-\(sequence)", arrivedAt: clock.now, content: content))
        }
    }

    private func change(_ id: String, _ body: (inout (shard: StreamShard, records: [StreamRecord])) -> Void) {
        state.withLock { shards in
            for index in shards.indices where shards[index].shard.id == id { body(&shards[index]) }
        }
        readers.ring()
    }

    package func shards(ofStream arn: String) throws(AWSFault) -> [StreamShard] { state.withLock { $0.map(\.shard) } }

    package func records(
        ofStream arn: String, shard: StreamShard, after sequence: Int64, limit: Int
    ) throws(AWSFault) -> [StreamRecord] {
        let records = state.withLock { $0.first { $0.shard.id == shard.id }?.records ?? [] }
        let answer = Array(records.filter { $0.sequence > sequence }.prefix(limit))
        given.withLock { $0 += answer.count }
        return answer
    }
}
