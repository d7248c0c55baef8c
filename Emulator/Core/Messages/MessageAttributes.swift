internal import Digest
package import JSON

/// A message's attributes: names, each with a `DataType` and a value.
/// - SeeAlso: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html>
package struct MessageAttributes: Sendable {
    package let members: JSONObject

    /// Attributes that were checked when they were received.
    package init(checked members: JSONObject) { self.members = members }

    /// - Throws: ``AWSFault`` `InvalidParameterValue`, naming the attribute.
    package init(checking members: JSONObject, countLimit: Int = 10) throws(AWSFault) {
        guard members.count <= countLimit else {
            throw .invalidAttribute(
                "Number of message attributes [\(members.count)] exceeds the allowed maximum [\(countLimit)].")
        }
        for (name, value) in members { try Self.check(name, value) }
        self.members = members
    }

    private static func check(_ name: String, _ value: JSON) throws(AWSFault) {
        guard let type = value["DataType"]?.string, !type.isEmpty else {
            throw .invalidAttribute("The message attribute '\(name)' must contain non-empty message attribute type.")
        }
        switch type.prefix(while: { $0 != "." }) {
        case "String", "Number":
            guard let text = value["StringValue"]?.string, !text.isEmpty else {
                throw .invalidAttribute(
                    "The message attribute '\(name)' must contain a non-empty value of type '\(type)'.")
            }
            if type.hasPrefix("Number"), Double(text) == nil {
                throw .invalidAttribute("Could not cast message attribute '\(name)' value to number.")
            }
        case "Binary":
            guard let bytes = value["BinaryValue"]?.string.flatMap({ [UInt8](base64: $0) }), !bytes.isEmpty else {
                throw .invalidAttribute(
                    "The message attribute '\(name)' must contain a non-empty value of type '\(type)'.")
            }
        default:
            throw .invalidAttribute(
                "The message attribute '\(name)' has an invalid message attribute type, the set of supported type "
                    + "prefixes is Binary, Number, and String.")
        }
    }

    /// Their share of the message's size: names, types and values.
    package var sizeInBytes: Int {
        members.reduce(0) { size, member in
            size + member.name.utf8.count + (member.value["DataType"]?.string ?? "").utf8.count
                + Self.value(of: member.value).bytes.count
        }
    }

    /// The attributes that a receiver requests: by name, by `prefix.*`, or `All`.
    package func selected(by wanted: [String]) -> MessageAttributes {
        guard !wanted.contains("All"), !wanted.contains(".*") else { return self }
        return MessageAttributes(
            checked: JSONObject(
                members.filter { member in
                    wanted.contains { $0 == member.name || $0.hasSuffix(".*") && member.name.hasPrefix($0.dropLast(2)) }
                }.map { ($0.name, $0.value) }))
    }

    /// The digest that SDKs compare with their own; nil without attributes.
    ///
    /// It covers the attributes in the order of their names: length and name, length and type, one byte for the kind of
    /// value, length and value. Lengths are 4 bytes in big-endian order.
    /// - SeeAlso: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation>
    package var md5: String? {
        guard !members.isEmpty else { return nil }
        var encoded: [UInt8] = []
        func append(_ bytes: some Collection<UInt8>) {
            let length = UInt32(bytes.count)
            for shift in [24, 16, 8, 0] { encoded.append(UInt8(truncatingIfNeeded: length >> UInt32(shift))) }
            encoded += bytes
        }
        for (name, value) in members.sorted(by: { $0.name < $1.name }) {
            append(name.utf8)
            append((value["DataType"]?.string ?? "").utf8)
            let (bytes, kind) = Self.value(of: value)
            encoded.append(kind)
            append(bytes)
        }
        return Digest.md5(encoded).hexadecimal
    }

    /// The bytes of the value, and its kind: 1 for text, 2 for bytes.
    private static func value(of attribute: JSON) -> (bytes: [UInt8], kind: UInt8) {
        if let text = attribute["StringValue"]?.string { return (Array(text.utf8), 1) }
        return ([UInt8](base64: attribute["BinaryValue"]?.string ?? "") ?? [], 2)
    }
}

extension AWSFault {
    fileprivate static func invalidAttribute(_ message: String) -> AWSFault {
        AWSFault("InvalidParameterValue", message)
    }
}
