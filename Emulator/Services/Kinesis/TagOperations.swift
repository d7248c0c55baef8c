internal import EmulatorCore
internal import JSON

// Tags, by a stream's name and, in the newer operations, by its ARN.

extension KinesisService {
    private static let tagLimit = 50

    func addTags(_ request: inout RequestReader) async throws -> JSON {
        let tags = try request.tags("Tags", isRequired: true) ?? [:]
        return try await add(tags, to: try streamName(&request))
    }

    func removeTags(_ request: inout RequestReader) async throws -> JSON {
        let keys = try Self.tagKeys(&request)
        return try await remove(keys, from: try streamName(&request))
    }

    func listTags(_ request: inout RequestReader) throws -> JSON {
        let limit = try request.integer("Limit", in: 1...50) ?? 50
        let after = try request.string("ExclusiveStartTagKey", .text(1...128)) ?? ""
        let name = try streamName(&request)
        let tags = try sortedTags(of: name).filter { $0.name > after }
        return ["Tags": Self.list(tags.prefix(limit)), "HasMoreTags": .bool(tags.count > limit)]
    }

    func tagResource(_ request: inout RequestReader) async throws -> JSON {
        let tags = try request.tags("Tags", isRequired: true) ?? [:]
        return try await add(tags, to: try resourceName(&request))
    }

    func untagResource(_ request: inout RequestReader) async throws -> JSON {
        let keys = try Self.tagKeys(&request)
        return try await remove(keys, from: try resourceName(&request))
    }

    func listTagsOfResource(_ request: inout RequestReader) throws -> JSON {
        ["Tags": Self.list(try sortedTags(of: try resourceName(&request))[...])]
    }

    private func resourceName(_ request: inout RequestReader) throws(AWSFault) -> String {
        let arn = try request.string("ResourceARN", .text(1...2048), isRequired: true) ?? ""
        try request.check()
        guard let name = streamName(inARN: arn) else {
            throw AWSFault("ResourceNotFoundException", "Resource \(arn) not found.")
        }
        return name
    }

    private static func tagKeys(_ request: inout RequestReader) throws(AWSFault) -> [String] {
        try request.texts("TagKeys", count: 1...50, length: 1...128, isRequired: true) ?? []
    }

    private func add(_ tags: JSONObject, to name: String) async throws -> JSON {
        _ = try await change(name) { [account] stream in
            try Self.check(tags)
            for (key, value) in tags { stream.tags[key] = value }
            guard stream.tags.count <= Self.tagLimit else {
                throw AWSFault.kinesisArgument(
                    "Failed to add tags to stream \(name) under account \(account.id) because a given stream cannot have "
                        + "more than \(Self.tagLimit) tags associated with it.")
            }
        }
        return [:]
    }

    private func remove(_ keys: [String], from name: String) async throws -> JSON {
        _ = try await change(name) { stream in
            try Self.checkCharacters(keys)
            for key in keys { stream.tags[key] = nil }
        }
        return [:]
    }

    private func sortedTags(of name: String) throws -> [JSONObject.Member] {
        try store.read { try stream(name, in: $0).tags.members.sorted { $0.name < $1.name } }
    }

    private static func list(_ tags: ArraySlice<JSONObject.Member>) -> JSON {
        .array(tags.map { ["Key": .string($0.name), "Value": $0.value] })
    }

    /// Keys and values are letters, digits, separators and `_ . / = + - % @ :`.
    static func check(_ tags: JSONObject) throws(AWSFault) {
        try checkCharacters(tags.map(\.name) + tags.compactMap(\.value.string))
    }

    private static func checkCharacters(_ texts: [String]) throws(AWSFault) {
        guard texts.allSatisfy({ $0.unicodeScalars.allSatisfy(isAllowed) }) else {
            throw .kinesisArgument(
                "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, "
                    + "_ . / = + - % @ :.")
        }
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        if "_./=+-%@:".unicodeScalars.contains(scalar) { return true }
        return switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .spaceSeparator, .lineSeparator, .paragraphSeparator:
            true
        default: false
        }
    }
}
