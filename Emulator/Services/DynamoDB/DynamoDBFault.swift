internal import EmulatorCore
internal import JSON

/// An error of DynamoDB, with the code and the message that the service sends.
enum DynamoDBFault: Error, Sendable {
    /// The request does not have the operation's shape.
    case serialization(String)
    case validation(String)
    case conditionalCheckFailed(item: Item?)
    case transactionCanceled([CancellationReason])
    case idempotentParameterMismatch
    case resourceNotFound(String)
    case tableNotFound(String)
    case resourceInUse(String)
    case limitExceeded(String)
    case trimmedDataAccess(String)
    case expiredIterator(String)
    case pointInTimeRecoveryUnavailable(table: String)
    case duplicateItem
    case policyNotFound(String)
    case exportNotFound(String)
    case importNotFound(String)
    case unknownOperation(String)
    case notEmulated(String)

    /// The error of data operations for any missing table.
    static let noSuchTable = DynamoDBFault.resourceNotFound("Requested resource not found")

    static func invalidParameter(_ what: String) -> DynamoDBFault {
        .validation("One or more parameter values were invalid: \(what)")
    }

    static let keyDoesNotMatchSchema = DynamoDBFault.validation("The provided key element does not match the schema")
}

/// Why an item cancelled its transaction; `None` if it did not.
struct CancellationReason: Sendable {
    var code: String
    var message: String?
    var item: Item?

    static let none = CancellationReason(code: "None")

    var document: JSON {
        var document: JSONObject = ["Code": .string(code)]
        document["Message"] = message.map { .string($0) }
        document["Item"] = item.map(\.document)
        return .object(document)
    }
}

extension DynamoDBFault {
    /// The `__type` for a code: errors from the framework around the service have the framework's namespace.
    static func type(ofCode code: String) -> String {
        switch code {
        case "ValidationException": "com.amazon.coral.validate#\(code)"
        case "SerializationException", "UnknownOperationException": "com.amazon.coral.service#\(code)"
        default: "com.amazonaws.dynamodb.v20120810#\(code)"
        }
    }

    /// The fault in its wire form.
    var answer: AWSFault {
        switch self {
        case .serialization(let message): AWSFault("SerializationException", message)
        case .validation(let message): AWSFault("ValidationException", message)
        case .conditionalCheckFailed(let item):
            AWSFault(
                "ConditionalCheckFailedException", "The conditional request failed",
                details: item.map { ["Item": $0.document] } ?? JSONObject())
        case .transactionCanceled(let reasons):
            AWSFault(
                "TransactionCanceledException",
                "Transaction cancelled, please refer cancellation reasons for specific reasons ["
                    + reasons.map(\.code).joined(separator: ", ") + "]",
                details: ["CancellationReasons": .array(reasons.map(\.document))])
        case .idempotentParameterMismatch:
            AWSFault(
                "IdempotentParameterMismatchException",
                "DynamoDB rejected the request because you retried a request with a different payload but with an "
                    + "idempotent token that was already used.")
        case .resourceNotFound(let message): AWSFault("ResourceNotFoundException", message)
        case .tableNotFound(let message): AWSFault("TableNotFoundException", message)
        case .resourceInUse(let message): AWSFault("ResourceInUseException", message)
        case .limitExceeded(let message): AWSFault("LimitExceededException", message)
        case .trimmedDataAccess(let message): AWSFault("TrimmedDataAccessException", message)
        case .expiredIterator(let message): AWSFault("ExpiredIteratorException", message)
        case .pointInTimeRecoveryUnavailable(let table):
            AWSFault(
                "PointInTimeRecoveryUnavailableException",
                "Point in time recovery is not enabled for table '\(table)'")
        case .duplicateItem: AWSFault("DuplicateItemException", "Duplicate primary key exists in table")
        case .policyNotFound(let what):
            AWSFault(
                "PolicyNotFoundException", "Resource-based policy not found for the provided ResourceArn: \(what)")
        case .exportNotFound(let arn): AWSFault("ExportNotFoundException", "Export not found: \(arn)")
        case .importNotFound(let arn): AWSFault("ImportNotFoundException", "Import not found: \(arn)")
        case .unknownOperation: AWSFault("UnknownOperationException", "")
        case .notEmulated(let operation): .notEmulated("DynamoDB's \(operation)")
        }
    }
}
