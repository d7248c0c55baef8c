internal import EmulatorCore
internal import JSON
internal import Time

/// Which of a stream's shards ListShards shows.
/// - SeeAlso: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ShardFilter.html>
struct ShardFilter: Sendable {
    private enum Kind: String, CaseIterable {
        case afterShardID = "AFTER_SHARD_ID"
        case atTrimHorizon = "AT_TRIM_HORIZON"
        case fromTrimHorizon = "FROM_TRIM_HORIZON"
        case atLatest = "AT_LATEST"
        case atTimestamp = "AT_TIMESTAMP"
        case fromTimestamp = "FROM_TIMESTAMP"
    }

    /// As the request had it, for the tokens of further pages.
    let json: JSON
    private let kind: Kind
    private let shard: Int
    /// Milliseconds since 1970.
    private let moment: Int64

    init(_ request: RequestReader) throws(AWSFault) {
        var request = request
        json = request.input
        kind = try request.choice("Type", Kind.self, isRequired: true) ?? .fromTrimHorizon
        let name = try request.string("ShardId", .name)
        let moment = try request.moment("Timestamp")
        try request.check()
        guard kind != .afterShardID || name != nil else {
            throw .kinesisArgument("ShardFilter: AFTER_SHARD_ID needs a ShardId.")
        }
        guard kind != .atTimestamp && kind != .fromTimestamp || moment != nil else {
            throw .kinesisArgument("ShardFilter: \(kind.rawValue) needs a Timestamp.")
        }
        shard = name.map { StoredShard.number($0) ?? Int.max } ?? -1
        self.moment = moment ?? 0
    }

    /// - Parameter oldest: when the oldest records that are kept arrived, or the stream was created.
    func takes(_ shard: StoredShard, since oldest: Int64) -> Bool {
        switch kind {
        case .afterShardID: shard.number > self.shard
        case .fromTrimHorizon: true
        case .atLatest: shard.closedAt == nil
        case .atTrimHorizon: Self.isOpen(shard, at: oldest)
        case .atTimestamp: Self.isOpen(shard, at: max(moment, oldest))
        case .fromTimestamp: shard.closedAt ?? .max >= moment
        }
    }

    /// Both ends count, as the service documents: a shard may have records of the millisecond in which it was closed.
    private static func isOpen(_ shard: StoredShard, at moment: Int64) -> Bool {
        shard.openedAt <= moment && shard.closedAt ?? .max >= moment
    }
}

/// A page of ListShards, as the token of the page before it carries it.
struct ShardPage: Sendable {
    let stream: String
    /// The number of the last shard that was shown; -1 before the first.
    let after: Int
    let filter: ShardFilter?

    private static let lifetimeMilliseconds: Int64 = 300_000

    init(stream: String, after: Int, filter: ShardFilter?) {
        self.stream = stream
        self.after = after
        self.filter = filter
    }

    func token(at now: Int64) -> String {
        var token: JSONObject = ["stream": .string(stream), "after": .int(after), "issued": .int(now)]
        if let filter { token["filter"] = filter.json }
        return JSON.object(token).bytes.base64
    }

    init(_ token: String, now: Int64) throws(AWSFault) {
        guard let bytes = [UInt8](base64: token), let json = try? JSON(parsing: bytes),
            let stream = json["stream"]?.string, let after = json["after"]?.int, let issued = json["issued"]?.int
        else { throw .kinesisArgument("NextToken is not valid.") }
        guard now - Int64(issued) <= Self.lifetimeMilliseconds else {
            throw AWSFault("ExpiredNextTokenException", "NextToken has expired; list the shards from the beginning.")
        }
        self.stream = stream
        self.after = after
        filter = try json["filter"].map { json throws(AWSFault) in try ShardFilter(RequestReader(json)) }
    }
}
