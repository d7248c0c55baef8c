package import JSON

/// One record of a stream.
package struct StreamRecord: Sendable {
    /// Grows with every record of the stream.
    package var sequence: Int64
    /// The record as event source mappings and pipes deliver it: `eventID`, `eventName`, `dynamodb`, …
    package var event: JSON

    package init(sequence: Int64, event: JSON) {
        self.sequence = sequence
        self.event = event
    }
}

/// A service whose streams pipes read.
package protocol StreamSource: Sendable {
    /// The service in its streams' ARNs, such as `dynamodb`.
    var streamService: String { get }
    /// At most `limit` records after `sequence` (0: from the start), oldest first.
    func records(ofStream arn: String, after sequence: Int64, limit: Int) throws(AWSFault) -> [StreamRecord]
    /// The sequence of the newest record, 0 if there is none.
    func lastSequence(ofStream arn: String) throws(AWSFault) -> Int64
    /// The ID of the shard with all of the stream's records.
    func shardID(ofStream arn: String) throws(AWSFault) -> String
    /// Rings after every commit that adds records.
    var recordsBell: Bell { get }
}
