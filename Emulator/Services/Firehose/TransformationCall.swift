internal import EmulatorCore
internal import JSON

/// One invocation of a transformation: its event, and what its answer says about each record.
/// - SeeAlso: <https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html>
struct TransformationCall: Sendable {
    /// Firehose's limit on requests, in bytes.
    static let payloadLimit = 6_000_000

    enum Outcome: Sendable {
        case ok([UInt8], partitionKeys: [String: String])
        case dropped
        case failed(code: String, message: String)
    }

    let invocationID: String
    let deliveryStream: String
    let sourceStream: String?
    let region: String
    let records: [IncomingRecord]

    /// What a record adds to the event, at most.
    static func payloadSize(of record: IncomingRecord) -> Int {
        (record.data.count + 2) / 3 * 4 + (record.kinesis?.partitionKey.utf8.count ?? 0) * 6 + 400
    }

    var event: [UInt8] {
        var event: [UInt8] = []
        event.reserveCapacity(records.reduce(300) { $0 + Self.payloadSize(of: $1) })
        func text(_ text: String) -> String { JSON.string(text).text }
        event += #"{"invocationId":\#(text(invocationID)),"deliveryStreamArn":\#(text(deliveryStream))"#.utf8
        if let sourceStream { event += #","sourceKinesisStreamArn":\#(text(sourceStream))"#.utf8 }
        event += #","region":\#(text(region)),"records":["#.utf8
        for (index, record) in records.enumerated() {
            if index > 0 { event.append(UInt8(ascii: ",")) }
            event += #"{"recordId":"\#(record.id)","approximateArrivalTimestamp":\#(record.arrivedAt)"#.utf8
            if let place = record.kinesis {
                event += #","kinesisRecordMetadata":{"sequenceNumber":"\#(place.sequenceNumber)","#.utf8
                event += #""subsequenceNumber":\#(record.part ?? 0),"partitionKey":\#(text(place.partitionKey)),"#.utf8
                event += #""shardId":"\#(place.shard)","approximateArrivalTimestamp":\#(record.arrivedAt)}"#.utf8
            }
            event += #","data":"\#(record.data.base64)"}"#.utf8
        }
        event += "]}".utf8
        return event
    }

    /// What the function's answer says about each record, in the order of the records.
    /// - SeeAlso: <https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-status-model.html>
    func outcomes(of answer: [UInt8]) -> [Outcome] {
        let returned: [JSON]
        do {
            returned = try JSON(parsing: answer)["records"]?.array ?? []
        } catch {
            return records.map { _ in Self.unreadable("the answer is \(error)") }
        }
        // A function usually answers the records in their order.
        if returned.count == records.count,
            zip(records, returned).allSatisfy({ record, answer in answer["recordId"]?.string == record.id })
        {
            return returned.map(Self.outcome)
        }
        var byID: [String: JSON] = [:]
        var repeated: Set<String> = []
        for record in returned {
            guard let id = record["recordId"]?.string else { continue }
            if byID.updateValue(record, forKey: id) != nil { repeated.insert(id) }
        }
        return records.map { record in
            guard let answer = byID[record.id] else {
                return .failed(
                    code: "Lambda.MissingRecordId", message: "The function's answer does not have the record's ID.")
            }
            guard !repeated.contains(record.id) else {
                return .failed(
                    code: "Lambda.DuplicatedRecordId", message: "The function's answer has the record's ID twice.")
            }
            return Self.outcome(answer)
        }
    }

    private static func outcome(_ answer: JSON) -> Outcome {
        switch answer["result"]?.string {
        case "Ok":
            guard let data = answer["data"]?.string.flatMap({ [UInt8](base64: $0) }) else {
                return unreadable("data of the record is not base64")
            }
            var keys: [String: String] = [:]
            for (name, value) in answer["metadata"]?["partitionKeys"]?.object ?? [:] { keys[name] = value.string }
            return .ok(data, partitionKeys: keys)
        case "Dropped": return .dropped
        case "ProcessingFailed":
            return .failed(
                code: "Lambda.FunctionError",
                message: "The Lambda function was successfully invoked but it returned an error result.")
        case let result:
            return unreadable("the result \(result ?? "is missing") is not Ok, Dropped or ProcessingFailed")
        }
    }

    private static func unreadable(_ reason: String) -> Outcome {
        .failed(
            code: "Lambda.JsonProcessingException",
            message: "The records that the function returned cannot be read: \(reason).")
    }
}
