internal import JSON

/// Kinesis Data Streams: records into a stream.
/// - SeeAlso: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html>
public struct Kinesis: Sendable {
    private let client: AWSClient

    public init(_ client: AWSClient) { self.client = client }

    /// Why a record of a request was not taken. The others were.
    public struct Refusal: Sendable, Hashable {
        /// The record's place in the request.
        public let index: Int
        /// Such as `ProvisionedThroughputExceededException` or `InternalFailure`.
        public let code: String
        public let message: String
    }

    /// Sends the text of a `PutRecords` request, which the caller has written.
    ///
    /// A lost response makes the client send the request again, so records may arrive twice.
    /// - Returns: the records that were not taken, in order.
    public func putRecords(_ request: [UInt8]) throws(AWSError) -> [Refusal] {
        let operation = "kinesis PutRecords"
        let response = try client.call(
            HTTPRequest(
                .post, client.configuration.origin(of: "kinesis"),
                headers: [
                    "content-type": "application/x-amz-json-1.1", "x-amz-target": "Kinesis_20131202.PutRecords",
                ], body: request), service: "kinesis", operation: operation)
        let answer: JSON
        do throws(JSONError) { answer = try JSON(parsing: response.body) } catch {
            throw .unexpectedResponse(operation: operation, reason: "\(error)")
        }
        guard let failed = answer["FailedRecordCount"]?.int, let records = answer["Records"]?.array else {
            throw .unexpectedResponse(operation: operation, reason: "FailedRecordCount or Records is missing")
        }
        guard failed > 0 else { return [] }
        return records.enumerated().compactMap { index, record in
            record["ErrorCode"]?.string.map {
                Refusal(index: index, code: $0, message: record["ErrorMessage"]?.string ?? "")
            }
        }
    }
}
