internal import JSON

/// The published models: which text of each is in force.
public struct ModelIndex: Sendable, Hashable {
    public struct Entry: Sendable, Hashable {
        /// The hash of the texts, see ``ModelTexts/hash``.
        public let hash: String
        /// The version of the model's contract.
        public let version: String
        /// The hash that was in force before.
        public let previousHash: String?

        public init(hash: String, version: String, previousHash: String? = nil) {
            self.hash = hash
            self.version = version
            self.previousHash = previousHash
        }
    }

    /// By the name of the model, `dm_gold.top_drinkers`.
    public var entries: [String: Entry]
    /// Models that were ended: not even those of the package are in force.
    public var removed: [String: Entry]

    public init(_ entries: [String: Entry] = [:], removed: [String: Entry] = [:]) {
        self.entries = entries
        self.removed = removed
    }

    static let format = 1

    /// - Throws: ``PublishedModelError/unreadable(place:reason:)``.
    public init(parsing bytes: [UInt8], at place: String) throws(PublishedModelError) {
        let json: JSON
        do throws(JSONError) { json = try JSON(parsing: bytes) } catch {
            throw .unreadable(place: place, reason: "the index is \(error)")
        }
        guard json["format"]?.int == Self.format, let models = json["models"]?.object else {
            throw .unreadable(place: place, reason: "expected an index with \"format\": \(Self.format) and \"models\"")
        }
        entries = try Self.entries(models, at: place)
        removed = try Self.entries(json["removed"]?.object ?? [:], at: place)
    }

    private static func entries(_ models: JSONObject, at place: String) throws(PublishedModelError) -> [String: Entry] {
        var entries: [String: Entry] = [:]
        for (name, entry) in models {
            guard let hash = entry["sha256"]?.string, isHash(hash), let version = entry["version"]?.string,
                entry["previous"]?.string.map(isHash) ?? true
            else {
                throw .unreadable(
                    place: place, reason: "the entry of \(name) is not valid; expected sha256 and version")
            }
            entries[name] = Entry(hash: hash, version: version, previousHash: entry["previous"]?.string)
        }
        return entries
    }

    public var bytes: [UInt8] {
        var index: JSONObject = ["format": .int(Self.format), "models": Self.json(entries)]
        if !removed.isEmpty { index["removed"] = Self.json(removed) }
        return JSON.object(index).bytes + [UInt8(ascii: "\n")]
    }

    private static func json(_ entries: [String: Entry]) -> JSON {
        let members = entries.sorted { $0.key < $1.key }.map { name, entry -> (String, JSON) in
            var members: JSONObject = ["sha256": .string(entry.hash), "version": .string(entry.version)]
            members["previous"] = entry.previousHash.map(JSON.string)
            return (name, .object(members))
        }
        return .object(JSONObject(members))
    }

    private static func isHash(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
