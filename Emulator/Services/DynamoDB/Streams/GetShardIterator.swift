internal import EmulatorCore
internal import JSON
internal import Time

/// Returns an iterator of a stream's shard.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetShardIterator.html>
struct GetShardIterator: ReadingOperation {
    private enum IteratorType: String, CaseIterable {
        case afterSequenceNumber = "AFTER_SEQUENCE_NUMBER"
        case latest = "LATEST"
        case atSequenceNumber = "AT_SEQUENCE_NUMBER"
        case trimHorizon = "TRIM_HORIZON"
    }

    private let arn: String
    private let shardID: String
    private let type: IteratorType
    private let sequence: Int64?

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        let arn = try request.string("StreamArn")
        constraints.notNull("streamArn", isPresent: arn != nil)
        let shardID = try request.string("ShardId")
        constraints.notNull("shardId", isPresent: shardID != nil)
        let type = try request.string("ShardIteratorType")
        constraints.notNull("shardIteratorType", isPresent: type != nil)
        let iteratorType = constraints.oneOf("shardIteratorType", type, IteratorType.self)
        let number = try request.string("SequenceNumber")
        try constraints.check()
        self.arn = arn ?? ""
        self.shardID = shardID ?? ""
        self.type = iteratorType ?? .latest
        sequence = number.flatMap(StreamPosition.read)
        let needsNumber = self.type == .atSequenceNumber || self.type == .afterSequenceNumber
        if needsNumber, sequence == nil {
            throw .validation("Invalid SequenceNumber: \(number ?? "null")")
        }
    }

    func perform(on state: DynamoDBState, in snapshot: borrowing Snapshot) throws -> JSON {
        let stream = try ChangeLog.stream(arn: arn, in: snapshot)
        guard stream.shardID == shardID else {
            throw DynamoDBFault.resourceNotFound(
                "Requested resource not found: Shard \(shardID) in stream \(arn) not found")
        }
        let after: Int64 =
            switch type {
            case .trimHorizon: 0
            case .latest: stream.lastSequence
            case .atSequenceNumber: (sequence ?? 1) - 1
            case .afterSequenceNumber: sequence ?? 0
            }
        let oldest = try ChangeLog.oldestSequence(of: stream, in: snapshot) ?? stream.lastSequence + 1
        if sequence != nil, after < oldest - 1, type != .trimHorizon, type != .latest {
            throw DynamoDBFault.trimmedDataAccess(
                "The operation attempted to read past the oldest stream record in a shard.")
        }
        return [
            "ShardIterator": .string(ShardIterator(arn: arn, after: after, issued: state.clock.now().milliseconds).text)
        ]
    }
}

/// A position in a shard, which clients hold as an opaque text.
struct ShardIterator: Sendable {
    var arn: String
    /// The sequence of the last record read.
    var after: Int64
    /// Milliseconds since 1970.
    var issued: Int64

    static let lifetimeMilliseconds: Int64 = 15 * 60 * 1000

    init(arn: String, after: Int64, issued: Int64) {
        self.arn = arn
        self.after = after
        self.issued = issued
    }

    var text: String { "\(arn)|1|\(after)|\(issued)" }

    init?(_ text: String) {
        let parts = text.split(separator: "|", omittingEmptySubsequences: false)
        guard parts.count == 4, let after = Int64(parts[2]), let issued = Int64(parts[3]) else { return nil }
        self.init(arn: String(parts[0]), after: after, issued: issued)
    }
}
