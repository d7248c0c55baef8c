internal import EmulatorCore

/// SNS's own errors, with their codes in the query protocol.
/// - SeeAlso: <https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html>
extension AWSFault {
    static let noTopic = AWSFault("NotFound", "Topic does not exist", status: 404)
    static let noSubscription = AWSFault("NotFound", "Subscription does not exist", status: 404)

    static func topicParameter(_ message: String) -> AWSFault {
        AWSFault("InvalidParameter", "Invalid parameter: \(message)")
    }
}
