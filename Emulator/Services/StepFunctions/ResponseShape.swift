internal import EmulatorCore
internal import ASL
internal import JSON

/// The shape of a service's answer, against which TestState checks mocks. Covers the calls that pipelines mock most.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html>
indirect enum ResponseShape: Sendable {
    case string(minLength: Int)
    case number(ClosedRange<Double>)
    case choice([String])
    case list(ResponseShape)
    case structure([String: ResponseShape], required: [String])

    private static let anyNumber = ResponseShape.number(
        -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude)
    private static let anyString = ResponseShape.string(minLength: 0)

    private static let consumedCapacity = ResponseShape.structure(
        [
            "TableName": anyString, "CapacityUnits": anyNumber, "ReadCapacityUnits": anyNumber,
            "WriteCapacityUnits": anyNumber,
        ], required: [])

    /// By resource, without `arn:aws:states:::`.
    private static let shapes: [String: ResponseShape] = [
        "lambda:invoke": .structure(
            [
                "StatusCode": anyNumber, "ExecutedVersion": anyString, "FunctionError": anyString,
                "LogResult": anyString,
            ],
            required: []),
        "states:startExecution": .structure(
            ["ExecutionArn": .string(minLength: 1), "StartDate": anyString], required: ["ExecutionArn", "StartDate"]),
        "events:putEvents": .structure(
            [
                "FailedEntryCount": anyNumber,
                "Entries": .list(
                    .structure(
                        ["EventId": anyString, "ErrorCode": anyString, "ErrorMessage": anyString], required: [])),
            ], required: []),
        "dynamodb:putItem": .structure(["ConsumedCapacity": consumedCapacity], required: []),
        "dynamodb:getItem": .structure(["ConsumedCapacity": consumedCapacity], required: []),
        "dynamodb:updateItem": .structure(["ConsumedCapacity": consumedCapacity], required: []),
        "dynamodb:deleteItem": .structure(["ConsumedCapacity": consumedCapacity], required: []),
        "sqs:sendMessage": .structure(
            ["MessageId": anyString, "MD5OfMessageBody": anyString, "SequenceNumber": anyString], required: []),
        "sns:publish": .structure(["MessageId": anyString, "SequenceNumber": anyString], required: []),
        "aws-sdk:kms:encrypt": .structure(["CiphertextBlob": .string(minLength: 1), "KeyId": anyString], required: []),
        "aws-sdk:lambda:getFunction": .structure(
            [
                "Configuration": .structure(
                    [
                        "FunctionName": anyString, "FunctionArn": anyString, "MemorySize": .number(128...10240),
                        "Timeout": .number(1...900),
                    ], required: [])
            ], required: []),
        "aws-sdk:s3:getObject": .structure(
            [
                "ContentLength": anyNumber, "ContentType": anyString, "ETag": anyString,
                "StorageClass": .choice([
                    "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER",
                    "DEEP_ARCHIVE", "OUTPOSTS", "GLACIER_IR", "SNOW", "EXPRESS_ONEZONE",
                ]),
            ], required: []),
    ]

    /// - Parameter mode: `STRICT` checks everything, `PRESENT` only present fields, `NONE` nothing.
    static func check(_ result: JSON, against resource: TaskResource, mode: String) throws(AWSFault) {
        let name = resource.text.split(separator: ":", omittingEmptySubsequences: false).dropFirst(5).joined(
            separator: ":")
        guard mode != "NONE", let shape = shapes[name] else { return }
        try shape.check(result, field: "result", isStrict: mode == "STRICT")
    }

    private func check(_ value: JSON, field: String, isStrict: Bool) throws(AWSFault) {
        func refuse(_ reason: String) -> AWSFault {
            .stepFunctionsValidation("Mock result schema validation error: \(reason)")
        }
        switch self {
        case .string(let minLength):
            guard let text = value.string else { throw refuse("Field '\(field)' must be a string") }
            guard text.utf8.count >= minLength else {
                throw refuse("Field '\(field)' is smaller than the minimum length")
            }
        case .number(let range):
            guard let number = value.double else { throw refuse("Field '\(field)' must be a number") }
            guard number >= range.lowerBound else {
                throw refuse("Field '\(field)' is less than the minimum value")
            }
            guard number <= range.upperBound else { throw refuse("Field '\(field)' exceeds the maximum value") }
        case .choice(let values):
            guard let text = value.string else { throw refuse("Field '\(field)' must be a string") }
            guard values.contains(text) else { throw refuse("Field '\(field)' is not an expected value") }
        case .list(let element):
            guard let elements = value.array else { throw refuse("Field '\(field)' must be an array") }
            for value in elements { try element.check(value, field: field, isStrict: isStrict) }
        case .structure(let members, let required):
            guard let object = value.object else { throw refuse("Field '\(field)' must be an object") }
            if isStrict, let missing = required.first(where: { object[$0] == nil }) {
                throw refuse("Required field '\(missing)' is missing")
            }
            for (name, value) in object {
                try members[name]?.check(value, field: name, isStrict: isStrict)
            }
        }
    }
}
