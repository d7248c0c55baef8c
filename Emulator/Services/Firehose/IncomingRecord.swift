internal import EmulatorCore

/// A record that a delivery stream processes: one of its source, or a part of one that joined several.
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
    let data: ArraySlice<UInt8>
    /// Nil for a record that a client put.
    var kinesis: KinesisPlace?

    /// Its number among the parts of the source's record; nil if that was not separated.
    var part: Int?
    /// Why the record is kept as failed without being processed.
    var failure: (code: String, message: String)?

    /// The ID by which a transformation answers the record.
    var id: String { Self.text { appendID(to: &$0) } }

    /// Appends ``id`` without making a string of it.
    func appendID(to text: inout TextWriter) {
        if let kinesis { text.append(kinesis.sequenceNumber) } else { Self.appendID(ofPut: sequence, to: &text) }
        guard let part = part ?? (kinesis == nil ? nil : 0) else { return }
        text.append(Int64(part), width: 6)
    }

    static func appendID(ofPut sequence: Int64, to text: inout TextWriter) { text.append(sequence, width: 20) }

    /// The ID of a record that a client put, for PutRecord's answer and transformations.
    static func id(ofPut sequence: Int64) -> String { text { appendID(ofPut: sequence, to: &$0) } }

    private static func text(_ write: (inout TextWriter) -> Void) -> String {
        String(decoding: TextWriter.bytes(capacity: 70, write), as: UTF8.self)
    }
}

/// A record as the source has it, with the records that it joins.
///
/// It is taken off the source as a whole. It may have no parts.
struct SourceRecord: Sendable {
    /// Grows with every record of the lane.
    let sequence: Int64
    /// Milliseconds since 1970.
    let arrivedAt: Int64
    var parts: [IncomingRecord]

    /// The bytes of all parts.
    var size: Int { parts.reduce(0) { $0 + $1.data.count } }

    init(_ record: IncomingRecord) {
        sequence = record.sequence
        arrivedAt = record.arrivedAt
        parts = [record]
    }

    /// The records in it, if it is an aggregated one of a shard with these hash keys.
    ///
    /// An inner record that its producer wanted elsewhere in the stream is dropped: after a split, it would have gone to
    /// another shard than the record that has it.
    func disaggregated(_ hashKeys: ClosedRange<UInt128>?) -> (record: SourceRecord, dropped: Int) {
        guard let outer = parts.first, let place = outer.kinesis, let aggregated = AggregatedRecord(outer.data) else {
            return (self, 0)
        }
        var result = self
        result.parts = []
        for inner in aggregated.records {
            if let key = inner.explicitHashKey, let hashKeys, !hashKeys.contains(key) { continue }
            result.parts.append(
                IncomingRecord(
                    sequence: sequence, arrivedAt: arrivedAt, data: inner.data,
                    kinesis: .init(
                        shard: place.shard, partitionKey: inner.partitionKey, sequenceNumber: place.sequenceNumber)))
        }
        for index in result.parts.indices { result.parts[index].part = index }
        return (result, aggregated.records.count - result.parts.count)
    }

    /// The same record with each part separated further.
    func separated(by separation: RecordSeparation?) -> SourceRecord {
        guard let separation else { return self }
        var result = self
        result.parts = parts.flatMap { record in
            do throws(RecordSeparation.Failure) {
                return try separation.parts(of: Array(record.data)).map { data in
                    IncomingRecord(
                        sequence: sequence, arrivedAt: arrivedAt, data: data[...], kinesis: record.kinesis)
                }
            } catch {
                var failed = record
                failed.failure = ("DynamicPartitioning.RecordDeAggregationFailed", error.reason)
                return [failed]
            }
        }
        for index in result.parts.indices { result.parts[index].part = index }
        return result
    }
}
