internal import EmulatorCore
internal import JSON
internal import Synchronization
internal import Time

extension KinesisService {
    /// Answers SubscribeToShard: an event stream of the records of a shard, for five minutes.
    /// - SeeAlso: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SubscribeToShard.html>
    func subscribe(_ request: HTTPRequest) async throws -> HTTPResponse {
        let input: JSON
        do { input = try JSON(parsing: try await request.body.collect(upTo: 1 << 20)) } catch let error as JSONError {
            throw AWSFault("SerializationException", "The request body is \(error).")
        }
        var reader = RequestReader(input)
        let arn = try reader.string("ConsumerARN", .text(1...2048), isRequired: true) ?? ""
        let shardName = try reader.string("ShardId", .name, isRequired: true) ?? ""
        var position = try reader.structure("StartingPosition") ?? RequestReader([:], path: "startingPosition.")
        let type = try position.choice("Type", IteratorType.self, isRequired: true) ?? .latest
        let number = try position.string("SequenceNumber", .sequenceNumber)
        let moment = try position.moment("Timestamp")
        reader.add(position.failures)
        try reader.check()
        let (name, consumer) = try names(inConsumerARN: arn)
        let shardNumber = try shardNumber(shardName, name)
        let index = try store.read { snapshot in
            _ = try find(consumer, of: name, in: snapshot)
            let stream = try stream(name, in: snapshot)
            let shard = try shard(shardNumber, of: stream, in: snapshot)
            return try startingIndex(type, number, moment, in: shard, of: stream, snapshot)
        }
        let subscription = Subscription(self, stream: name, shard: StoredShard.name(shardNumber), from: index)
        return HTTPResponse(
            status: 200, headers: HTTPHeaders([("Content-Type", "application/vnd.amazon.eventstream")]),
            body: .stream(ResponseStream { await subscription.next() }))
    }
}

/// The messages of one subscription, as they are asked for.
private final class Subscription: Sendable {
    private static let duration: Int64 = 300_000
    /// How often a subscription without records says how far it is.
    private static let heartbeat: Int64 = 5000

    private enum State: Sendable {
        case beginning
        case reading(next: Int64)
        case ended
    }

    private let service: KinesisService
    private let stream: String
    private let shard: String
    private let state: Mutex<State>
    private let start: Int64
    private let end: Int64
    private let bell = Bell()

    init(_ service: KinesisService, stream: String, shard: String, from index: Int64) {
        self.service = service
        self.stream = stream
        self.shard = shard
        start = index
        end = service.clock.now().milliseconds + Self.duration
        state = Mutex(.beginning)
        service.readers.add(bell)
    }

    /// Nil once the subscription has ended.
    func next() async -> [UInt8]? {
        switch state.withLock({ $0 }) {
        case .ended: return nil
        case .beginning:
            state.withLock { $0 = .reading(next: start) }
            return EventMessage(event: "initial-response", Array("{}".utf8)).bytes
        case .reading(let index):
            guard let event = try? await event(from: index) else {
                // The stream is gone, the time is over, or the client is.
                service.readers.remove(bell)
                return nil
            }
            return EventMessage(event: "SubscribeToShardEvent", event.bytes).bytes
        }
    }

    private struct Over: Error {}

    private func event(from index: Int64) async throws -> JSON {
        let due = service.clock.now().milliseconds + Self.heartbeat
        while true {
            let now = service.clock.now().milliseconds
            guard now < end, !Task.isCancelled else { throw Over() }
            let found = try service.records(of: shard, in: stream, from: index)
            if found.isAtEnd {
                state.withLock { $0 = .ended }
                service.readers.remove(bell)
                return found.document
            }
            if found.count > 0 || now >= due {
                state.withLock { $0 = .reading(next: found.next) }
                return found.document
            }
            await bell.wait(until: min(due, end), service.clock)
        }
    }
}

extension KinesisService {
    /// The records for one event of a subscription.
    fileprivate func records(
        of shardName: String, in name: String, from index: Int64
    ) throws -> (document: JSON, count: Int, next: Int64, isAtEnd: Bool) {
        let now = clock.now().milliseconds
        return try store.read { snapshot in
            let stream = try stream(name, in: snapshot)
            let shard = try shard(shardName, of: stream, in: snapshot)
            let found = try records(
                of: shard, from: index, since: stream.horizon(at: now), limit: 1000, in: snapshot)
            let isAtTip = found.next > shard.lastIndex
            let isAtEnd = isAtTip && shard.closedAt != nil
            var document: JSONObject = [
                "Records": .array(found.records.map { $0.json(in: shard, of: stream) }),
                "MillisBehindLatest": .int(isAtTip ? 0 : max(0, now - (found.records.last?.arrivedAt ?? now))),
            ]
            if isAtEnd {
                document["ChildShards"] = .array(try children(of: shard, stream, in: snapshot))
            } else {
                let last = shard.sequenceNumber(
                    of: found.next - 1, arrived: found.records.last?.arrivedAt ?? shard.openedAt)
                document["ContinuationSequenceNumber"] = .string(last.text)
            }
            return (.object(document), found.records.count, found.next, isAtEnd)
        }
    }
}
