internal import JSON

/// What an index is of: contracts or models.
public protocol PublishedKind: Sendable {
    associatedtype Failure: Error
    /// The member of the index's document that has the entries.
    static var member: String { get }
    /// Whether an entry may have the name.
    static func isName(_ name: String) -> Bool
    /// The error of an index that cannot be read.
    static func unreadable(place: String, reason: String) -> Failure
}

/// What was published: which version of each is in force.
public struct PublishedIndex<Kind: PublishedKind>: Sendable, Hashable {
    public struct Entry: Sendable, Hashable {
        /// The SHA-256 of what was published, in hexadecimal.
        public let hash: String
        /// The version of the contract.
        public let version: String
        /// The hash that was in force before.
        public let previousHash: String?
        /// Of a contract: its `sourceSchemas`. The change stream needs no more of it.
        public let schemas: [String]

        public init(hash: String, version: String, previousHash: String? = nil, schemas: [String] = []) {
            self.hash = hash
            self.version = version
            self.previousHash = previousHash
            self.schemas = schemas
        }
    }

    /// By the name: a table, or `dm_gold.top_drinkers`.
    public var entries: [String: Entry]
    /// What was in force last of names without any: not even what a package has is in force.
    public var removed: [String: Entry]

    public init(_ entries: [String: Entry] = [:], removed: [String: Entry] = [:]) {
        self.entries = entries
        self.removed = removed
    }

    private static var format: Int { 1 }

    /// - Parameter place: the object that has the index, for messages.
    public init(parsing bytes: [UInt8], at place: String) throws(Kind.Failure) {
        let json: JSON
        do throws(JSONError) { json = try JSON(parsing: bytes) } catch {
            throw Kind.unreadable(place: place, reason: "the index is \(error)")
        }
        guard json["format"]?.int == Self.format, let members = json[Kind.member]?.object else {
            throw Kind.unreadable(
                place: place, reason: "expected an index with \"format\": \(Self.format) and \"\(Kind.member)\"")
        }
        entries = try Self.entries(members, at: place)
        removed = try Self.entries(json["removed"]?.object ?? [:], at: place)
    }

    private static func entries(_ members: JSONObject, at place: String) throws(Kind.Failure) -> [String: Entry] {
        var entries: [String: Entry] = [:]
        for (name, entry) in members {
            let previous = entry["previous"]?.string
            guard Kind.isName(name), let hash = entry["sha256"]?.string, isHash(hash), previous.map(isHash) ?? true,
                let version = entry["version"]?.string
            else {
                throw Kind.unreadable(
                    place: place, reason: "the entry of \(name) is not valid; expected sha256 and version")
            }
            let schemas = entry["schemas"]?.array?.compactMap(\.string) ?? []
            entries[name] = Entry(hash: hash, version: version, previousHash: previous, schemas: schemas)
        }
        return entries
    }

    public var bytes: [UInt8] {
        var index: JSONObject = ["format": .int(Self.format)]
        index[Kind.member] = Self.json(entries)
        if !removed.isEmpty { index["removed"] = Self.json(removed) }
        return JSON.object(index).bytes + [UInt8(ascii: "\n")]
    }

    private static func json(_ entries: [String: Entry]) -> JSON {
        let members = entries.sorted { $0.key < $1.key }.map { name, entry -> (String, JSON) in
            var members: JSONObject = ["sha256": .string(entry.hash), "version": .string(entry.version)]
            members["previous"] = entry.previousHash.map(JSON.string)
            if !entry.schemas.isEmpty { members["schemas"] = .array(entry.schemas.map(JSON.string)) }
            return (name, .object(members))
        }
        return .object(JSONObject(members))
    }

    private static func isHash(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
