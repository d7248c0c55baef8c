internal import EmulatorCore
internal import JSON

/// `Tags` of a request.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Tagging.html>
enum TagList {
    static let limit = 50
    static let keyLengths = 1...128
    private static let valueLengths = 0...256

    static func read(_ request: WireStructure, _ constraints: inout Constraints) throws(DynamoDBFault) -> [String:
        String]
    {
        var tags: [String: String] = [:]
        for (position, tag) in (try request.structures("Tags", type: "Tag") ?? []).enumerated() {
            let path = "tags.\(position + 1).member"
            let (key, value) = (try tag.string("Key"), try tag.string("Value"))
            constraints.notNull("\(path).key", isPresent: key != nil)
            constraints.notNull("\(path).value", isPresent: value != nil)
            guard let key, let value else { continue }
            constraints.length("\(path).key", key.unicodeScalars.count, shown: key, keyLengths)
            constraints.length("\(path).value", value.unicodeScalars.count, shown: value, valueLengths)
            tags[key] = value
        }
        return tags
    }

    /// Refuses what the single parameters do not show: names that are AWS's, and too many tags.
    static func check(_ tags: [String: String], of resource: String) throws(DynamoDBFault) {
        if let key = tags.keys.sorted().first(where: { $0.lowercased().hasPrefix("aws:") }) {
            throw .invalidParameter("Tag keys cannot start with 'aws:': \(key)")
        }
        if tags.count > limit {
            throw .validation("Too many tags: the limit of \(limit) tags on \(resource) is exceeded")
        }
    }
}
