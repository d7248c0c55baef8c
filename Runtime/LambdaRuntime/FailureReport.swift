internal import JSON

/// An error in the form that Lambda returns to callers.
struct FailureReport: Error, Hashable {
    let errorType: String
    let errorMessage: String

    var json: JSON {
        ["errorType": .string(errorType), "errorMessage": .string(errorMessage), "stackTrace": []]
    }
}

extension FailureReport {
    init(_ error: any Error) {
        errorType = (error as? any LambdaFailure)?.errorType ?? "\(type(of: error))"
        errorMessage = "\(error)"
    }

    static func tooLarge(_ sizeInBytes: Int) -> FailureReport {
        FailureReport(
            errorType: "Function.ResponseSizeTooLarge",
            errorMessage: "the response has \(sizeInBytes) bytes, more than the maximum of "
                + "\(RuntimeAPI.responseLimitInBytes); return less, or store the result in S3 and return its key")
    }
}
