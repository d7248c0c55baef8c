internal import EmulatorCore

/// An error as S3 sends it.
///
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList>
struct S3Fault: Error, Sendable {
    var code: String
    var message: String
    var status: Int
    /// Further elements of the error document, such as `Key`.
    var details: [(name: String, value: String)] = []
    var headers: [(String, String)] = []

    init(
        _ code: String, _ message: String, _ status: Int, details: [(String, String)] = [],
        headers: [(String, String)] = []
    ) {
        self.code = code
        self.message = message
        self.status = status
        self.details = details.map { (name: $0.0, value: $0.1) }
        self.headers = headers
    }

    static func invalidArgument(_ message: String) -> S3Fault { S3Fault("InvalidArgument", message, 400) }
    static func invalidRequest(_ message: String) -> S3Fault { S3Fault("InvalidRequest", message, 400) }

    static func argument(_ name: String, _ value: String, _ message: String) -> S3Fault {
        S3Fault("InvalidArgument", message, 400, details: [("ArgumentName", name), ("ArgumentValue", value)])
    }

    static func invalidBucketName(_ bucket: String) -> S3Fault {
        S3Fault("InvalidBucketName", "The specified bucket is not valid.", 400, details: [("BucketName", bucket)])
    }

    static func noSuchBucket(_ bucket: String) -> S3Fault {
        S3Fault("NoSuchBucket", "The specified bucket does not exist", 404, details: [("BucketName", bucket)])
    }

    static func noSuchKey(_ key: String) -> S3Fault {
        S3Fault("NoSuchKey", "The specified key does not exist.", 404, details: [("Key", key)])
    }

    static func noSuchVersion(_ key: String, _ version: String) -> S3Fault {
        S3Fault(
            "NoSuchVersion", "The specified version does not exist.", 404,
            details: [("Key", key), ("VersionId", version)])
    }

    static let noSuchUpload = S3Fault(
        "NoSuchUpload",
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
        404)
    static let malformedXML = S3Fault(
        "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema", 400
    )
    static let badDigest = S3Fault(
        "BadDigest", "The Content-MD5 you specified did not match what we received.", 400)
    static let invalidDigest = S3Fault("InvalidDigest", "The Content-MD5 you specified was invalid.", 400)
    static let incompleteBody = S3Fault(
        "IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header", 400)
    static let methodNotAllowed = S3Fault(
        "MethodNotAllowed", "The specified method is not allowed against this resource.", 405)
    static let invalidURI = S3Fault("InvalidURI", "Couldn't parse the specified URI.", 400)
    static let keyTooLong = S3Fault("KeyTooLongError", "Your key is too long", 400)
    static let entityTooLarge = S3Fault(
        "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size", 400)

    /// No bucket has Object Lock: with it, none is created.
    static let noObjectLock = S3Fault("InvalidRequest", "Bucket is missing Object Lock Configuration", 400)

    static func preconditionFailed(_ condition: String) -> S3Fault {
        S3Fault(
            "PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412,
            details: [("Condition", condition)])
    }

    static func notEmulated(_ what: String) -> S3Fault {
        let fault = AWSFault.notEmulated(what)
        return S3Fault(fault.code, fault.message, fault.status)
    }

    /// A failure of the emulator itself with its reason; clients retry it.
    static func internalFailure(_ error: any Error) -> S3Fault {
        S3Fault("InternalError", "We encountered an internal error. Please try again. (\(error))", 500)
    }
}
