internal import EmulatorCore

/// Firehose's own errors.
/// - SeeAlso: <https://docs.aws.amazon.com/firehose/latest/APIReference/CommonErrors.html>
extension AWSFault {
    static func firehoseArgument(_ message: String) -> AWSFault { AWSFault("InvalidArgumentException", message) }

    static func noDeliveryStream(_ name: String, _ account: Account) -> AWSFault {
        AWSFault("ResourceNotFoundException", "Firehose \(name) under account \(account.id) not found.")
    }

    /// - Parameter found: the value, which messages about texts and numbers repeat.
    static func firehoseValidation(_ member: String, _ constraint: String, found: String? = nil) -> AWSFault {
        let value = found.map { "Value '\($0)'" } ?? "Value"
        return AWSFault(
            "ValidationException",
            "1 validation error detected: \(value) at '\(member)' failed to satisfy constraint: \(constraint)")
    }

    static var firehoseOneDestination: AWSFault {
        .firehoseArgument("Exactly one destination configuration is supported for a Firehose")
    }
}
