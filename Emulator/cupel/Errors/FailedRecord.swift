internal import JSON
internal import Time

/// A record that Firehose could not process, as it keeps it under the error prefix.
/// - SeeAlso: <https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html>
struct FailedRecord: Sendable, Hashable {
    let objectKey: String
    let code: String
    let message: String
    let arrivedAt: Timestamp?
    let attempts: Int
    /// The record's own bytes.
    let data: [UInt8]

    /// - Parameter document: a line of an object under the error prefix. Its numbers may be texts.
    init?(_ document: JSON, in objectKey: String) {
        guard let text = document["rawData"]?.string, let data = [UInt8](base64: text) else { return nil }
        self.objectKey = objectKey
        self.data = data
        func number(_ name: String) -> Int? { document[name].flatMap { $0.int ?? $0.string.flatMap { Int($0) } } }
        code = (document["errorCode"] ?? document["lastErrorCode"])?.string ?? "-"
        message = (document["errorMessage"] ?? document["lastErrorMessage"])?.string ?? ""
        arrivedAt = number("arrivalTimestamp").map { Timestamp(milliseconds: Int64($0)) }
        attempts = number("attemptsMade") ?? 0
    }

    /// The records of an object.
    /// - Throws: ``CommandFailure`` with the line that is no document of Firehose.
    static func all(in content: [UInt8], of objectKey: String) throws(CommandFailure) -> [FailedRecord] {
        var records: [FailedRecord] = []
        for (index, line) in content.split(separator: UInt8(ascii: "\n")).enumerated() {
            guard let document = try? JSON(parsing: Array(line)), let record = FailedRecord(document, in: objectKey)
            else {
                throw .unreadable(
                    "\(objectKey), line \(index + 1): expected a document of Firehose with rawData; is this prefix used "
                        + "for something else?")
            }
            records.append(record)
        }
        return records
    }

    var document: JSON {
        [
            "object_key": .string(objectKey), "code": .string(code), "message": .string(message),
            "arrived_at": arrivedAt.map { .string($0.rfc3339) } ?? .null, "attempts": .int(attempts),
            "size": .int(data.count), "data": .string(data.base64),
        ]
    }
}
