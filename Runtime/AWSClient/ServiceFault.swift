internal import AWSModels
internal import JSON
internal import Time
internal import XML

/// An error response of a service, in JSON (DynamoDB, Logs, …) or XML (S3, STS).
struct ServiceFault: Sendable, Hashable {
    let status: Int
    let code: String
    let message: String
    let requestID: String?
    /// One code for each write of a cancelled transaction, in order; nil for a write that did not cause it.
    let cancellationReasons: [String?]
    /// The item for which a condition does not hold, where the request asked for it.
    let stored: Item?
    /// The service's time.
    private let date: Timestamp?

    init(_ head: HTTPResponseHead, body: [UInt8]) {
        status = head.status
        date = head.headers["date"].flatMap { Timestamp(httpDate: $0) }
        requestID = head.headers["x-amzn-requestid"] ?? head.headers["x-amz-request-id"]
        // S3 sends white space during a long operation, to keep the connection open.
        let first = body.first { $0 != 0x20 && !(0x09...0x0D).contains($0) }
        let json = first == UInt8(ascii: "{") ? try? JSON(parsing: body) : nil
        let xml = first == UInt8(ascii: "<") ? try? XMLElement(parsing: body) : nil
        let error = xml?.name == "Error" ? xml : xml?["Error"]
        // "com.amazonaws.dynamodb.v20120810#Code", or in the header "Code:http://…".
        // An Iceberg catalog has an object of its own for errors.
        let iceberg = json?["error"]
        let name =
            iceberg?["type"]?.string ?? json?["__type"]?.string ?? json?["code"]?.string
            ?? head.headers["x-amzn-errortype"]
        code =
            error?["Code"]?.text ?? name?.split(separator: "#").last?.split(separator: ":").first.map(String.init)
            ?? Self.code(ofStatus: head.status)
        message =
            error?["Message"]?.text ?? json?["message"]?.string ?? json?["Message"]?.string
            ?? iceberg?["message"]?.string ?? ""
        cancellationReasons = (json?["CancellationReasons"]?.array ?? []).map { (reason) in
            reason["Code"]?.string.flatMap { $0 == "None" ? nil : $0 }
        }
        stored = json?["Item"].flatMap { try? Item(attributes: $0) }
    }

    /// The code for a response without a body, such as that of a HEAD request.
    private static func code(ofStatus status: Int) -> String {
        switch status {
        case 301, 307: "PermanentRedirect"
        case 304: "NotModified"
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

    /// The service's time, if the signature was refused for the time that it has.
    var dateIfClockIsWrong: Timestamp? {
        let isWrong =
            switch code {
            case "RequestTimeTooSkewed", "RequestInTheFuture": true
            case "InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure":
                message.hasPrefix("Signature expired") || message.hasPrefix("Signature not yet current")
            default: false
            }
        return isWrong ? date : nil
    }

    /// Whether the credentials were refused as expired, so that new ones may succeed.
    var isExpiredToken: Bool { ["ExpiredToken", "ExpiredTokenException", "RequestExpired"].contains(code) }

    var isConditionFailure: Bool {
        code == "ConditionalCheckFailedException" || cancellationReasons.contains("ConditionalCheckFailed")
    }

    /// Whether a transaction failed only because of another transaction or a throttled partition. It had no effect.
    var isPassingConflict: Bool {
        let passing: Set<String> = ["TransactionConflict", "ProvisionedThroughputExceeded", "ThrottlingError"]
        let reasons = cancellationReasons.compactMap { $0 }
        return code == "TransactionCanceledException" && !reasons.isEmpty && reasons.allSatisfy(passing.contains)
    }

    func error(operation: String) -> AWSError {
        if isConditionFailure {
            return .conditionFailed(operation: operation, reasons: cancellationReasons, stored: stored)
        }
        return .service(code: code, message: message, status: status, requestID: requestID, operation: operation)
    }
}
