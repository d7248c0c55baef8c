internal import AWSModels
internal import JSON

/// An error as a service answers it, in JSON (DynamoDB, Logs, …) or XML (S3, STS).
struct ServiceFault: Sendable, Hashable {
    let status: Int
    let code: String
    let message: String
    let requestID: String?
    /// For a cancelled transaction, one code a write, in order; nil where that write was not in the way.
    let cancellationReasons: [String?]

    init(_ head: HTTPResponseHead, body: [UInt8]) {
        status = head.status
        requestID = head.headers["x-amzn-requestid"] ?? head.headers["x-amz-request-id"]
        // S3 sends white space while a long operation runs, to keep the connection open.
        let first = body.first { $0 != 0x20 && !(0x09...0x0D).contains($0) }
        let json = first == UInt8(ascii: "{") ? try? JSON(parsing: body) : nil
        let xml = first == UInt8(ascii: "<") ? XMLElement(parsing: body) : nil
        let error = xml?.name == "Error" ? xml : xml?["Error"]
        // "com.amazonaws.dynamodb.v20120810#Code", or in the header "Code:http://…".
        let name = json?["__type"]?.string ?? json?["code"]?.string ?? head.headers["x-amzn-errortype"]
        code =
            error?["Code"]?.text ?? name?.split(separator: "#").last?.split(separator: ":").first.map(String.init)
            ?? Self.code(ofStatus: head.status)
        message = error?["Message"]?.text ?? json?["message"]?.string ?? json?["Message"]?.string ?? ""
        cancellationReasons = (json?["CancellationReasons"]?.array ?? []).map { (reason) in
            reason["Code"]?.string.flatMap { $0 == "None" ? nil : $0 }
        }
    }

    /// A HEAD request is answered without a body, so the status is all there is to tell.
    private static func code(ofStatus status: Int) -> String {
        switch status {
        case 301, 307: "PermanentRedirect"
        case 400: "BadRequest"
        case 403: "Forbidden"
        case 404: "NotFound"
        case 409: "Conflict"
        case 412: "PreconditionFailed"
        case 416: "InvalidRange"
        case 503: "ServiceUnavailable"
        default: "HTTP\(status)"
        }
    }

    /// Whether the credentials were refused for their age, so that fresh ones may do.
    var isExpiredToken: Bool { ["ExpiredToken", "ExpiredTokenException", "RequestExpired"].contains(code) }

    var isConditionFailure: Bool {
        code == "ConditionalCheckFailedException" || cancellationReasons.contains("ConditionalCheckFailed")
    }

    /// A transaction that met another one, or a throttled partition, and no failed condition: it took no effect.
    var isPassingConflict: Bool {
        let passing: Set<String> = ["TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError"]
        let reasons = cancellationReasons.compactMap { $0 }
        return code == "TransactionCanceledException" && !reasons.isEmpty && reasons.allSatisfy(passing.contains)
    }

    func error(operation: String) -> AWSError {
        if isConditionFailure { return .conditionFailed(operation: operation, reasons: cancellationReasons) }
        return .service(code: code, message: message, status: status, requestID: requestID, operation: operation)
    }
}
