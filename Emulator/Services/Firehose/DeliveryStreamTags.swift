internal import EmulatorCore
internal import JSON

// Tags of delivery streams. See <https://docs.aws.amazon.com/firehose/latest/APIReference/API_TagDeliveryStream.html>

extension FirehoseService {
    private static let tagLimit = 50

    /// - Parameter list: tags of a request; nil for none.
    static func tags(_ list: JSON?) throws(AWSFault) -> JSONObject {
        let entries = list?.array ?? []
        guard list?.isNull ?? true || 1...tagLimit ~= entries.count else {
            throw .firehoseValidation(
                "tags",
                entries.isEmpty
                    ? "Member must have length greater than or equal to 1"
                    : "Member must have length less than or equal to \(tagLimit)")
        }
        var tags: JSONObject = [:]
        for (index, tag) in entries.enumerated() {
            let path = "tags.\(index + 1).member"
            guard let key = tag["Key"]?.string else {
                throw .firehoseValidation("\(path).key", "Member must not be null")
            }
            let value = tag["Value"]?.string ?? ""
            guard !key.hasPrefix("aws:") else {
                throw .firehoseArgument("The tag \(key) begins with aws:, which is reserved.")
            }
            try check(key, 1...128, at: "\(path).key")
            try check(value, 0...256, at: "\(path).value")
            tags[key] = .string(value)
        }
        return tags
    }

    private static func check(_ text: String, _ length: ClosedRange<Int>, at path: String) throws(AWSFault) {
        let count = text.unicodeScalars.count
        guard length ~= count else {
            throw .firehoseValidation(
                path,
                count < length.lowerBound
                    ? "Member must have length greater than or equal to \(length.lowerBound)"
                    : "Member must have length less than or equal to \(length.upperBound)", found: text)
        }
        guard text.unicodeScalars.allSatisfy(isAllowed) else {
            throw .firehoseValidation(
                path,
                #"Member must satisfy regular expression pattern: ^([\p{L}\p{Z}\p{N}_.:\/=+\-@%]*)$"#, found: text)
        }
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        if "_.:/=+-@%".unicodeScalars.contains(scalar) { return true }
        return switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .spaceSeparator, .lineSeparator, .paragraphSeparator:
            true
        default: false
        }
    }

    func tagDeliveryStream(_ input: JSON) async throws -> JSON {
        guard let list = input["Tags"], !list.isNull else {
            throw AWSFault.firehoseValidation("tags", "Member must not be null")
        }
        let added = try Self.tags(list)
        return try await changeTags(input) { tags in
            for (key, value) in added { tags[key] = value }
            guard tags.count <= Self.tagLimit else {
                throw AWSFault(
                    "LimitExceededException",
                    "A delivery stream can have \(Self.tagLimit) tags; these would be \(tags.count).")
            }
        }
    }

    func untagDeliveryStream(_ input: JSON) async throws -> JSON {
        let keys = input["TagKeys"]?.array ?? []
        guard 1...Self.tagLimit ~= keys.count else {
            throw AWSFault.firehoseValidation(
                "tagKeys",
                keys.isEmpty
                    ? "Member must have length greater than or equal to 1"
                    : "Member must have length less than or equal to \(Self.tagLimit)")
        }
        let removed = keys.compactMap(\.string)
        return try await changeTags(input) { tags in
            for key in removed { tags[key] = nil }
        }
    }

    private func changeTags(
        _ input: JSON, _ change: @escaping @Sendable (inout JSONObject) throws -> Void
    ) async throws -> JSON {
        let name = try name(input)
        try await store.write { [account] transaction in
            guard var stream = try StoredDeliveryStream.find(name, in: transaction.snapshot) else {
                throw AWSFault.noDeliveryStream(name, account)
            }
            try change(&stream.tags)
            try stream.update(in: transaction)
        }
        return [:]
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/firehose/latest/APIReference/API_ListTagsForDeliveryStream.html>
    func listTags(_ input: JSON) throws -> JSON {
        let limit = try Self.limit(input, default: Self.tagLimit, in: 1...Self.tagLimit)
        var tags = try stored(try name(input)).tags.members[...]
        if let start = input["ExclusiveStartTagKey"]?.string, let place = tags.firstIndex(where: { $0.name == start }) {
            tags = tags[(place + 1)...]
        }
        return [
            "Tags": .array(tags.prefix(limit).map { ["Key": .string($0.name), "Value": $0.value] }),
            "HasMoreTags": .bool(tags.count > limit),
        ]
    }
}
