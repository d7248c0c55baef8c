internal import JSON
internal import LambdaRuntime

/// The records of a Firehose transformation event, as slices of its text.
///
/// - SeeAlso: <https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html>
struct FirehoseEvent {
    struct Record {
        /// The ID as it is written in the event, with its escapes: the answer repeats it unchanged.
        let id: ByteSlice
        /// The record's bytes in base64, as a JSON string.
        let data: JSONString
        /// The record's place in its Kinesis stream; nil if the source is none.
        let place: StreamPlace?
    }

    private(set) var records: [Record] = []

    /// - Throws: ``UnreadableEvent`` if the event is not Firehose's; then no record can be answered by its ID.
    init(_ text: ByteSlice) throws(UnreadableEvent) {
        var scanner = JSONScanner(text)
        var found: [Record]?
        do throws(JSONScanner.Fault) {
            try scanner.document { scanner, name throws(JSONScanner.Fault) in
                guard text[name.range].equals("records") else { return _ = try scanner.value() }
                var records: [Record] = []
                try scanner.array { scanner throws(JSONScanner.Fault) in
                    records.append(try Self.record(&scanner))
                }
                found = records
            }
        } catch {
            throw UnreadableEvent(reason: "\(error)")
        }
        guard let found else { throw UnreadableEvent(reason: "expected a member \"records\"") }
        records = found
    }

    private static func record(_ scanner: inout JSONScanner) throws(JSONScanner.Fault) -> Record {
        let text = scanner.text
        var id: ByteSlice?
        var data: JSONString?
        var place: StreamPlace?
        try scanner.object { scanner, name throws(JSONScanner.Fault) in
            let name = text[name.range]
            if name.equals("kinesisRecordMetadata"), scanner.isAtObject {
                place = try streamPlace(&scanner)
                return
            }
            let value = try scanner.value()
            guard value.kind == .string else { return }
            if name.equals("recordId") { id = text[value.range] }
            if name.equals("data") { data = JSONString(value, in: text) }
        }
        guard let id, let data else { throw scanner.fault("expected recordId and data in a record") }
        return Record(id: id, data: data, place: place)
    }

    private static func streamPlace(_ scanner: inout JSONScanner) throws(JSONScanner.Fault) -> StreamPlace? {
        let text = scanner.text
        var sequenceNumber: ByteSlice?
        // Firehose writes "" for a record that is not aggregated.
        var subsequenceNumber: UInt64 = 0
        var arrival: UInt64?
        try scanner.object { scanner, name throws(JSONScanner.Fault) in
            let name = text[name.range]
            let value = try scanner.value()
            if name.equals("sequenceNumber"), value.kind == .string {
                sequenceNumber = text[value.range]
            } else if name.equals("subsequenceNumber") {
                subsequenceNumber = text[value.range].number(below: ChangeOrder.indexLimit) ?? 0
            } else if name.equals("approximateArrivalTimestamp") {
                arrival = text[value.range].number(below: ChangeOrder.timeLimit / 1000)
            }
        }
        return sequenceNumber.map {
            StreamPlace(sequenceNumber: $0, subsequenceNumber: subsequenceNumber, arrival: arrival)
        }
    }
}

/// Where a record is in a Kinesis stream.
struct StreamPlace {
    /// As written between the quotes.
    let sequenceNumber: ByteSlice
    /// The place among the records that one Kinesis record aggregates.
    let subsequenceNumber: UInt64
    /// When the stream took it, in milliseconds since 1970.
    let arrival: UInt64?
}

/// The invocation's event is not a Firehose transformation event.
struct UnreadableEvent: LambdaFailure, CustomStringConvertible {
    let reason: String

    var errorType: String { "UnreadableEvent" }
    var description: String { "not a Firehose transformation event: \(reason)" }
}
