package import EmulatorCore
package import JSON
internal import Time
internal import XML

/// Amazon SNS: topics that deliver to queues and functions.
///
/// The commit that publishes a notification also queues it for its subscribers, so it needs no queue of its own.
/// - SeeAlso: <https://docs.aws.amazon.com/sns/latest/api/API_Operations.html>
package final class SNSService: Sendable {
    package static let schema = [StoredTopic.schema, StoredSubscription.schema, PublishedOnce.schema]

    private static let requestLimit = 4 << 20

    let store: Store
    let peers: Peers
    let account: Account
    let clock: ClockAndChance

    /// - Parameter peers: the queues and functions that topics deliver to.
    init(store: Store, peers: Peers, account: Account = Account(), clock: ClockAndChance = .system) {
        self.store = store
        self.peers = peers
        self.account = account
        self.clock = clock
    }

    func arn(of topic: String) -> String { account.arn("sns", topic) }
    func arn(of subscription: StoredSubscription) -> String { arn(of: subscription.topic) + ":" + subscription.id }

    /// The name in a topic's ARN.
    func topicName(_ arn: String?, _ parameter: String = "TopicArn") throws(AWSFault) -> String {
        let arn = arn ?? ""
        let parts = arn.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count >= 6 else {
            throw .topicParameter(
                "\(parameter) Reason: An ARN must have at least 6 elements, not \(arn.isEmpty ? 0 : parts.count)")
        }
        guard arn.hasPrefix(self.arn(of: "")) else { throw .noTopic }
        return String(parts[5])
    }
}

extension SNSService: ActionPerforming {
    package var actionService: String { "sns" }

    /// SNS models all its errors.
    package func sdkError(_ fault: AWSFault) -> SDKError {
        let type =
            fault.code == "ParameterValueInvalid" ? "InvalidParameterValueException" : fault.code + "Exception"
        return SDKError(type: type, code: fault.code)
    }

    package func perform(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON {
        do {
            switch action {
            case "CreateTopic": return try await createTopic(input)
            case "DeleteTopic": return try await deleteTopic(input)
            case "ListTopics": return try listTopics(input)
            case "GetTopicAttributes": return try topicAttributes(input)
            case "SetTopicAttributes": return try await setTopicAttribute(input)
            case "Subscribe": return try await subscribe(input)
            case "Unsubscribe": return try await unsubscribe(input)
            case "ListSubscriptions": return try listSubscriptions(input)
            case "ListSubscriptionsByTopic": return try listSubscriptionsByTopic(input)
            case "GetSubscriptionAttributes": return try subscriptionAttributes(input)
            case "SetSubscriptionAttributes": return try await setSubscriptionAttribute(input)
            case "Publish": return try await publish(input)
            case "PublishBatch": return try await publishBatch(input)
            case "TagResource": return try await tagTopic(input)
            case "UntagResource": return try await untagTopic(input)
            case "ListTagsForResource": return try listTags(input)
            default: throw AWSFault.notEmulated("SNS's \(action)")
            }
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
    }
}

extension SNSService: Service {
    package static let signingNames = ["sns"]

    package convenience init(_ context: ServiceContext) {
        self.init(store: context.store, peers: context.peers, account: context.account, clock: context.clock)
    }

    /// SNS has only the query protocol: the form becomes the document for `perform`, and the answer becomes XML.
    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        let requestID = clock.uuid()
        do {
            let form = FormBody(try await request.body.collect(upTo: Self.requestLimit))
            let action = form["Action"] ?? ""
            let answer = try await perform(action, form.document)
            return QueryAnswer.success(action, requestID: requestID) { $0.members(of: answer) }
        } catch {
            return QueryAnswer.failure(error as? AWSFault ?? .internalFailure(error), requestID: requestID)
        }
    }

    package func refusal(of fault: SignatureFault, to request: HTTPRequest) -> HTTPResponse {
        QueryAnswer.failure(fault.queryFault, requestID: clock.uuid())
    }
}

extension XMLWriter {
    /// Writes the members of a structure in the query protocol. In SNS's answers, only attributes are a map.
    fileprivate mutating func members(of structure: JSON) {
        for (name, value) in structure.object ?? [:] {
            element(name) { text in
                if name == "Attributes" {
                    for (key, value) in value.object ?? [:] {
                        text.element("entry") { entry in
                            entry.element("key", key)
                            entry.element("value", value.string ?? value.text)
                        }
                    }
                } else {
                    text.content(of: value)
                }
            }
        }
    }

    private mutating func content(of value: JSON) {
        switch value {
        case .object: members(of: value)
        case .array(let elements): for value in elements { element("member") { $0.content(of: value) } }
        default: characters(value.string ?? value.text)
        }
    }
}
