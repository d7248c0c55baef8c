internal import EmulatorCore

/// SQS's own errors. The code is the name of the error's shape, which JSON clients see. Older clients match on the code
/// of the query protocol, which is sent in a header.
/// - SeeAlso: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html>
extension AWSFault {
    static let noQueue = AWSFault("QueueDoesNotExist", "The specified queue does not exist.")

    static func missingParameter(_ name: String) -> AWSFault {
        AWSFault("MissingParameter", "The request must contain the parameter \(name).")
    }

    static func queueParameter(_ message: String) -> AWSFault { AWSFault("InvalidParameterValue", message) }

    static func queueParameter(_ name: String, _ value: String, _ reason: String) -> AWSFault {
        queueParameter("Value \(value) for parameter \(name) is invalid. Reason: \(reason)")
    }

    static func queueAttribute(_ name: String) -> AWSFault {
        AWSFault("InvalidAttributeValue", "Invalid value for the parameter \(name).")
    }

    static func receiptHandle(_ handle: String) -> AWSFault {
        AWSFault("ReceiptHandleIsInvalid", "The input receipt handle \"\(handle)\" is not a valid receipt handle.")
    }

    /// The errors in the API's model, with their codes in the query protocol.
    private static let modeledQueueCodes = [
        "QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue", "QueueNameExists": "QueueAlreadyExists",
        "BatchEntryIdsNotDistinct": "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
        "BatchRequestTooLong": "AWS.SimpleQueueService.BatchRequestTooLong",
        "EmptyBatchRequest": "AWS.SimpleQueueService.EmptyBatchRequest",
        "InvalidBatchEntryId": "AWS.SimpleQueueService.InvalidBatchEntryId",
        "MessageNotInflight": "AWS.SimpleQueueService.MessageNotInflight",
        "TooManyEntriesInBatchRequest": "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        "UnsupportedOperation": "AWS.SimpleQueueService.UnsupportedOperation",
        "ReceiptHandleIsInvalid": "ReceiptHandleIsInvalid", "InvalidAttributeName": "InvalidAttributeName",
        "InvalidAttributeValue": "InvalidAttributeValue", "InvalidMessageContents": "InvalidMessageContents",
    ]

    /// Whether SDKs have an error type for this code.
    static func isModeledByQueues(_ code: String) -> Bool { modeledQueueCodes[code] != nil }
    var queueQueryCode: String {
        Self.modeledQueueCodes[code] ?? (code == "AccessDeniedException" ? "AccessDenied" : code)
    }
}
