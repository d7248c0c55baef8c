internal import EmulatorCore

/// Firehose's own errors.
/// - SeeAlso: <https://docs.aws.amazon.com/firehose/latest/APIReference/CommonErrors.html>
extension AWSFault {
    static func firehoseArgument(_ message: String) -> AWSFault { AWSFault("InvalidArgumentException", message) }

    static func noDeliveryStream(_ name: String, _ account: Account) -> AWSFault {
        AWSFault("ResourceNotFoundException", "Firehose \(name) under account \(account.id) not found.")
    }

    static func firehoseValidation(_ member: String, _ constraint: String) -> AWSFault {
        AWSFault(
            "ValidationException",
            "1 validation error detected: Value at '\(member)' failed to satisfy constraint: \(constraint)")
    }
}
