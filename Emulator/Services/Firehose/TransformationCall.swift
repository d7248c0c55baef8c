internal import EmulatorCore
internal import JSON

/// One invocation of a transformation: its event, and what its answer says about each record.
/// - SeeAlso: <https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html>
struct TransformationCall: Sendable {
    /// Firehose's limit on requests, in bytes.
    static let payloadLimit = 6_000_000

    /// The partition keys in the function's answer. Records with the same ones usually share an object.
    final class Keys: Sendable {
        let values: [String: String]

        init(_ values: [String: String] = [:]) { self.values = values }
    }

    enum Outcome: Sendable {
        case ok(ArraySlice<UInt8>, Keys)
        case dropped
        case failed(code: String, message: String)
    }

    let records: [IncomingRecord]
    let event: [UInt8]
    /// Where each record's ID is in the event.
    private let ids: [Range<Int>]

    init(
        invocationID: String, deliveryStream: String, sourceStream: String?, region: String, records: [IncomingRecord]
    ) {
        self.records = records
        var ids: [Range<Int>] = []
        ids.reserveCapacity(records.count)
        let capacity = records.reduce(300) { $0 + Self.payloadSize(of: $1) }
        event = TextWriter.bytes(capacity: capacity) { event in
            event.append("{\"invocationId\":")
            event.append(json: invocationID)
            event.append(",\"deliveryStreamArn\":")
            event.append(json: deliveryStream)
            if let sourceStream {
                event.append(",\"sourceKinesisStreamArn\":")
                event.append(json: sourceStream)
            }
            event.append(",\"region\":")
            event.append(json: region)
            event.append(",\"records\":[")
            for (index, record) in records.enumerated() {
                event.append(index > 0 ? ",{\"recordId\":\"" : "{\"recordId\":\"")
                let start = event.count
                record.appendID(to: &event)
                ids.append(start..<event.count)
                event.append("\",\"approximateArrivalTimestamp\":")
                event.append(record.arrivedAt)
                if let place = record.kinesis { Self.append(place, of: record, to: &event) }
                event.append(",\"data\":\"")
                event.append(base64: record.data)
                event.append("\"}")
            }
            event.append("]}")
        }
        self.ids = ids
    }

    private static func append(
        _ place: IncomingRecord.KinesisPlace, of record: IncomingRecord, to event: inout TextWriter
    ) {
        event.append(",\"kinesisRecordMetadata\":{\"sequenceNumber\":\"")
        event.append(place.sequenceNumber)
        event.append("\",\"subsequenceNumber\":")
        event.append(Int64(record.part ?? 0))
        event.append(",\"partitionKey\":")
        event.append(json: place.partitionKey)
        event.append(",\"shardId\":\"")
        event.append(place.shard)
        event.append("\",\"approximateArrivalTimestamp\":")
        event.append(record.arrivedAt)
        event.append("}")
    }

    /// What a record adds to the event, at most.
    static func payloadSize(of record: IncomingRecord) -> Int {
        (record.data.count + 2) / 3 * 4 + (record.kinesis?.partitionKey.utf8.count ?? 0) * 6 + 400
    }

    /// What the function's answer says about each record, in the order of the records.
    /// - SeeAlso: <https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-status-model.html>
    func outcomes(of answer: [UInt8]) -> [Outcome] {
        if let plain = event.withUnsafeBufferPointer({ PlainAnswer(answer, to: $0, ids) }) { return plain.outcomes }
        let returned: [JSON]
        do {
            returned = try JSON(parsing: answer)["records"]?.array ?? []
        } catch {
            return records.map { _ in Self.unreadable("the answer is \(error)") }
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
            return .ok(data[...], Keys(keys))
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
