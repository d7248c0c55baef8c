internal import EmulatorCore
internal import JSON

/// `Tags` of a request.
enum TagList {
    static func read(_ request: WireStructure) throws(DynamoDBFault) -> [String: String] {
        var tags: [String: String] = [:]
        for tag in try request.structures("Tags", type: "Tag") ?? [] {
            tags[try tag.string("Key") ?? ""] = try tag.string("Value") ?? ""
        }
        return tags
    }
}
