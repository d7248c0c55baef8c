internal import EmulatorCore
internal import JSON
internal import Time

/// The message about a batch that a mapping has given up.
/// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>
struct DiscardLetter: Sendable {
    let document: JSON
    private let mapping: String
    private let shard: String
    private let moment: Timestamp

    /// - Parameters:
    ///   - function: its ARN.
    ///   - answer: what the function answered last; nil if it was not invoked.
    ///   - moment: milliseconds since 1970.
    init(
        _ batch: MappingBatch, _ condition: String, _ mapping: EventSourceMapping, _ shard: StreamShard,
        function: String, answer: FunctionAnswer?, requestID: String, at moment: Int64
    ) {
        self.mapping = mapping.id
        self.shard = shard.name
        self.moment = Timestamp(milliseconds: moment)
        var document: JSONObject = [
            "requestContext": [
                "requestId": .string(requestID), "functionArn": .string(function), "condition": .string(condition),
                "approximateInvokeCount": .int(max(1, batch.attempts)),
            ]
        ]
        if let answer {
            var context: JSONObject = ["statusCode": 200, "executedVersion": "$LATEST"]
            if let error = answer.functionError { context["functionError"] = .string(error) }
            document["responseContext"] = .object(context)
        }
        document["version"] = "1.0"
        document["timestamp"] = .string(self.moment.rfc3339)
        if let info = DiscardedBatch(batch.records, of: shard, stream: mapping.source).info {
            document[info.name] = info.document
        }
        self.document = .object(document)
    }

    /// The message for a bucket, which gets the event too.
    func withPayload(_ payload: [UInt8]) -> JSON {
        var members = document.object ?? [:]
        members["payload"] = .string(String(decoding: payload, as: UTF8.self))
        return .object(members)
    }

    /// `aws/lambda/<mapping>/<shard>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<uuid>`
    func objectKey(_ uuid: String) -> String {
        // The first 19 characters are the date, a T and the time.
        let text = String(moment.rfc3339.prefix(19))
        let day = text.prefix(10).map { $0 == "-" ? "/" : String($0) }.joined()
        let time = text.map { $0 == ":" ? "." : String($0) }.joined()
        return "aws/lambda/\(mapping)/\(shard)/\(day)/\(time)-\(uuid)"
    }
}
