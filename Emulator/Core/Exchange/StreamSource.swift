package import JSON

/// One shard of a stream.
package struct StreamShard: Sendable, Hashable {
    /// Unique in the emulator: the shards of a later stream of the same name have other IDs.
    package var id: String
    /// As clients see it, such as `shardId-000000000000`.
    package var name: String
    /// The IDs of the shards whose records precede this shard's.
    package var parents: [String]
    /// The sequence of the newest record, 0 if there is none.
    package var lastSequence: Int64
    /// Whether no more records will be added.
    package var isClosed: Bool
    /// The hash keys of its records; nil if the stream has none.
    package var hashKeys: ClosedRange<UInt128>?

    package init(
        id: String, name: String, parents: [String] = [], lastSequence: Int64, isClosed: Bool,
        hashKeys: ClosedRange<UInt128>? = nil
    ) {
        self.id = id
        self.name = name
        self.parents = parents
        self.lastSequence = lastSequence
        self.isClosed = isClosed
        self.hashKeys = hashKeys
    }
}

/// One record of a shard.
package struct StreamRecord: Sendable {
    package enum Content: Sendable {
        /// The change of an item, as event source mappings and pipes deliver it: `eventID`, `eventName`, `dynamodb`, …
        case change(JSON)
        case data(ArraySlice<UInt8>, partitionKey: String)
    }

    /// Grows with every record of the shard, from 1.
    package var sequence: Int64
    /// The sequence as clients see it.
    package var sequenceNumber: String
    /// Milliseconds since 1970.
    package var arrivedAt: Int64
    package var content: Content

    package init(sequence: Int64, sequenceNumber: String, arrivedAt: Int64, content: Content) {
        self.sequence = sequence
        self.sequenceNumber = sequenceNumber
        self.arrivedAt = arrivedAt
        self.content = content
    }
}

/// A service whose streams pipes and delivery streams read.
package protocol StreamSource: Peer {
    /// The service in its streams' ARNs, such as `dynamodb`.
    var streamService: String { get }
    /// The shards that may have records, parents before their children.
    func shards(ofStream arn: String) throws(AWSFault) -> [StreamShard]
    /// The records of a shard after `sequence` (0: from the start), oldest first: at most `limit`, and not many more than
    /// ten megabytes.
    func records(
        ofStream arn: String, shard: StreamShard, after sequence: Int64, limit: Int
    ) throws(AWSFault) -> [StreamRecord]
    /// The bells to ring after every commit that adds records or shards.
    var readers: BellGroup { get }
}
