/// A record of a delivery stream's source.
struct IncomingRecord: Sendable {
    /// The record's place in a Kinesis stream.
    struct KinesisPlace: Sendable {
        let shard: String
        let partitionKey: String
        let sequenceNumber: String
    }

    /// Grows with every record of the lane.
    let sequence: Int64
    /// Milliseconds since 1970.
    let arrivedAt: Int64
    let data: [UInt8]
    /// Nil for a record that a client put.
    var kinesis: KinesisPlace?

    /// The ID by which a transformation answers the record.
    var id: String {
        if let kinesis { return kinesis.sequenceNumber + "000000" }
        return Self.id(ofPut: sequence)
    }

    /// The ID of a record that a client put, for PutRecord's answer and transformations.
    static func id(ofPut sequence: Int64) -> String {
        let digits = String(sequence)
        return String(repeating: "0", count: 20 - digits.utf8.count) + digits
    }
}
