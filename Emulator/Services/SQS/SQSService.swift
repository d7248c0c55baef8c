package import EmulatorCore
package import JSON
internal import Synchronization
internal import Time

/// Amazon SQS: queues whose messages are rows, durable from the answer to `SendMessage` until they are deleted.
/// - SeeAlso: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_Operations.html>
package final class SQSService: Sendable {
    package static let schema = [StoredQueue.schema, StoredMessage.schema, MessageMove.schema]

    let store: Store
    let account: Account
    let clock: ClockAndChance
    let pollers = Pollers()
    /// The tasks that move messages, by their handles.
    let moves = Mutex<[String: Task<Void, Never>]>([:])
    private let endpoint: EndpointAddress

    /// - Parameter endpoint: the start of queue URLs.
    init(
        store: Store, endpoint: EndpointAddress = EndpointAddress(), account: Account = Account(),
        clock: ClockAndChance = .system
    ) {
        self.store = store
        self.endpoint = endpoint
        self.account = account
        self.clock = clock
    }

    func arn(of name: String) -> String { account.arn("sqs", name) }

    func url(of name: String) -> String {
        let host = endpoint.url.isEmpty ? "https://sqs.\(account.region).amazonaws.com" : endpoint.url
        return "\(host)/\(account.id)/\(name)"
    }

    /// The name of the queue of a request.
    func queueName(_ input: JSON) throws(AWSFault) -> String {
        guard let url = input["QueueUrl"]?.string, !url.isEmpty else { throw .missingParameter("QueueUrl") }
        return StoredQueue.name(inURL: url)
    }
}

extension SQSService: Service, JSONService {
    package static let signingNames = ["sqs"]

    package convenience init(_ context: ServiceContext) {
        self.init(
            store: context.store, endpoint: context.endpoint, account: context.account, clock: context.clock)
    }

    package func start() async throws { try resumeMoves() }
    package func stop() async { stopMoves() }

    package var actionService: String { "sqs" }

    package func sdkError(_ fault: AWSFault) -> SDKError {
        SDKError(
            type: AWSFault.isModeledByQueues(fault.code) ? fault.code + "Exception" : nil, code: fault.queueQueryCode)
    }

    package var targetPrefix: String { "AmazonSQS" }
    package var protocolVersion: String { "1.0" }

    package func faultType(_ code: String) -> String {
        (AWSFault.isModeledByQueues(code) ? "com.amazonaws.sqs#" : "com.amazon.coral.service#") + code
    }

    package func faultHeaders(_ fault: AWSFault) -> [(String, String)] {
        [("x-amzn-query-error", "\(fault.queueQueryCode);\(fault.status < 500 ? "Sender" : "Receiver")")]
    }

    package func perform(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON {
        do {
            switch action {
            case "CreateQueue": return try await createQueue(input)
            case "DeleteQueue": return try await deleteQueue(input)
            case "GetQueueUrl": return try queueURL(input)
            case "ListQueues": return try listQueues(input)
            case "GetQueueAttributes": return try queueAttributes(input)
            case "SetQueueAttributes": return try await setQueueAttributes(input)
            case "PurgeQueue": return try await purgeQueue(input)
            case "ListDeadLetterSourceQueues": return try listSourceQueues(input)
            case "TagQueue": return try await tagQueue(input)
            case "UntagQueue": return try await untagQueue(input)
            case "StartMessageMoveTask": return try await startMove(input)
            case "CancelMessageMoveTask": return try await cancelMove(input)
            case "ListMessageMoveTasks": return try listMoves(input)
            case "ListQueueTags": return try listTags(input)
            case "SendMessage": return try await sendMessage(input)
            case "SendMessageBatch": return try await sendMessageBatch(input)
            case "ReceiveMessage": return try await receiveMessage(input)
            case "DeleteMessage": return try await deleteMessage(input)
            case "DeleteMessageBatch": return try await deleteMessageBatch(input)
            case "ChangeMessageVisibility": return try await changeVisibility(input)
            case "ChangeMessageVisibilityBatch": return try await changeVisibilityBatch(input)
            default: throw AWSFault.notEmulated("SQS's \(action)")
            }
        } catch let fault as AWSFault {
            throw fault
        } catch {
            throw .internalFailure(error)
        }
    }
}
