internal import Digest
internal import EmulatorCore
internal import JSON

/// A message from a topic to its subscribers.
struct Notice: Sendable {
    /// The limit for body and attributes, in bytes.
    private static let sizeLimit = 262_144

    let message: String
    let subject: String?
    let attributes: JSONObject
    /// The messages of protocols that differ from `message`.
    private let byProtocol: JSONObject?

    /// The group in which a FIFO topic keeps the order.
    let groupID: String?
    /// What makes a message of a FIFO topic the same as another.
    var deduplicationID: String?

    init(message: String, attributes: JSONObject = [:], groupID: String? = nil) {
        self.groupID = groupID
        self.message = message
        self.attributes = attributes
        subject = nil
        byProtocol = nil
    }

    /// From the input of `Publish`, or an entry of a batch.
    init(_ input: JSON) throws(AWSFault) {
        let text = input["Message"]?.string ?? ""
        guard !text.isEmpty else { throw .topicParameter("Empty message") }
        groupID = input["MessageGroupId"]?.string
        deduplicationID = input["MessageDeduplicationId"]?.string
        subject = input["Subject"]?.string
        attributes = input["MessageAttributes"]?.object ?? [:]
        do { _ = try MessageAttributes(checking: attributes, countLimit: .max) } catch {
            throw AWSFault("ParameterValueInvalid", error.message)
        }
        guard text.utf8.count + MessageAttributes(checked: attributes).sizeInBytes <= Self.sizeLimit else {
            throw .topicParameter("Message too long")
        }
        if let subject {
            let isText = subject.utf8.allSatisfy { (0x20...0x7E).contains($0) }
            guard isText, (1...100).contains(subject.utf8.count) else { throw .topicParameter("Subject") }
        }
        switch input["MessageStructure"]?.string {
        case nil:
            byProtocol = nil
            message = text
        case "json":
            guard let texts = (try? JSON(parsing: text))?.object else {
                throw .topicParameter("Message Structure - JSON message body failed to parse")
            }
            guard let message = texts["default"]?.string else {
                throw .topicParameter("Message Structure - No default entry in JSON message body")
            }
            byProtocol = texts
            self.message = message
        default: throw .topicParameter("MessageStructure")
        }
    }

    /// The ID by which a FIFO topic knows the message.
    /// - Throws: ``AWSFault`` without a group, or where nothing tells the message from another.
    func deduplication(on topic: StoredTopic) throws(AWSFault) -> String {
        guard let groupID, (1...128).contains(groupID.utf8.count) else {
            throw .topicParameter("The MessageGroupId parameter is required for FIFO topics")
        }
        if let deduplicationID { return deduplicationID }
        guard topic.deduplicatesByContent else {
            throw .topicParameter(
                "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
                    + "explicitly")
        }
        return Digest.sha256(Array(message.utf8)).hexadecimal
    }

    func message(for proto: String) -> String { byProtocol?[proto]?.string ?? message }

    /// The attributes in the form for filter policies: numbers as numbers, lists as lists.
    var attributesAsValues: JSON {
        .object(
            JSONObject(
                attributes.map { name, attribute in
                    let text = attribute["StringValue"]?.string
                    switch (attribute["DataType"]?.string, text) {
                    case ("Number"?, let text?), ("String.Array"?, let text?):
                        return (name, (try? JSON(parsing: text)) ?? .string(text))
                    case (_, let text?): return (name, .string(text))
                    default: return (name, attribute["BinaryValue"] ?? .null)
                    }
                }))
    }

    /// The attributes in the form of a notification.
    var attributesAsShown: JSON {
        .object(
            JSONObject(
                attributes.map { name, attribute in
                    let value = attribute["StringValue"] ?? attribute["BinaryValue"] ?? .null
                    return (name, ["Type": attribute["DataType"] ?? .null, "Value": value])
                }))
    }
}
