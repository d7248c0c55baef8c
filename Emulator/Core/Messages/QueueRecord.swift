package import JSON

/// A message of a queue as functions and the targets of pipes get it.
/// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html>
package enum QueueRecord {
    /// - Parameters:
    ///   - message: what `ReceiveMessage` answers.
    ///   - queue: the queue's ARN.
    package static func record(of message: JSON, from queue: String, in region: String) -> JSON {
        var attributes = JSONObject()
        for (name, value) in message["MessageAttributes"]?.object ?? [:] {
            var attribute: JSONObject = [
                "stringListValues": [], "binaryListValues": [], "dataType": value["DataType"] ?? "String",
            ]
            attribute["stringValue"] = value["StringValue"]
            attribute["binaryValue"] = value["BinaryValue"]
            attributes[name] = .object(attribute)
        }
        return [
            "messageId": message["MessageId"] ?? .null, "receiptHandle": message["ReceiptHandle"] ?? .null,
            "body": message["Body"] ?? "", "attributes": message["Attributes"] ?? [:],
            "messageAttributes": .object(attributes), "md5OfBody": message["MD5OfBody"] ?? .null,
            "eventSource": "aws:sqs", "eventSourceARN": .string(queue), "awsRegion": .string(region),
        ]
    }
}
