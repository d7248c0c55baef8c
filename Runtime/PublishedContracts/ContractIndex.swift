internal import Contracts
internal import JSON

/// The published contracts: which one of each table is in force.
public struct ContractIndex: Sendable, Hashable {
    public struct Entry: Sendable, Hashable {
        /// The SHA-256 of the contract's bytes, in hexadecimal.
        public let hash: String
        /// The contract's own version.
        public let version: String
        /// The hash that was in force before.
        public let previousHash: String?
        /// The contract's ``Contract/sourceSchemas``: the change stream needs no more of a contract.
        public let schemas: [String]

        public init(hash: String, version: String, previousHash: String? = nil, schemas: [String] = []) {
            self.hash = hash
            self.version = version
            self.previousHash = previousHash
            self.schemas = schemas
        }
    }

    /// By table.
    public var entries: [String: Entry]
    /// The contracts that were in force last, of tables without one: not even that of a package is in force.
    public var removed: [String: Entry]

    public init(_ entries: [String: Entry] = [:], removed: [String: Entry] = [:]) {
        self.entries = entries
        self.removed = removed
    }

    static let format = 1

    /// - Throws: ``PublishedContractError/unreadable(place:reason:)``.
    public init(parsing bytes: [UInt8], at place: String) throws(PublishedContractError) {
        let json: JSON
        do throws(JSONError) { json = try JSON(parsing: bytes) } catch {
            throw .unreadable(place: place, reason: "the index is \(error)")
        }
        guard json["format"]?.int == Self.format, let contracts = json["contracts"]?.object else {
            throw .unreadable(
                place: place, reason: "expected an index with \"format\": \(Self.format) and \"contracts\"")
        }
        entries = try Self.entries(contracts, at: place)
        removed = try Self.entries(json["removed"]?.object ?? [:], at: place)
    }

    private static func entries(
        _ contracts: JSONObject, at place: String
    ) throws(PublishedContractError) -> [String: Entry] {
        var entries: [String: Entry] = [:]
        for (table, entry) in contracts {
            let previous = entry["previous"]?.string
            guard Contract.isTableName(table), let hash = entry["sha256"]?.string, Self.isHash(hash),
                previous.map(Self.isHash) ?? true, let version = entry["version"]?.string
            else {
                throw .unreadable(
                    place: place, reason: "the entry of \(table) is not valid; expected sha256 and version")
            }
            let schemas = entry["schemas"]?.array?.compactMap(\.string) ?? []
            entries[table] = Entry(hash: hash, version: version, previousHash: previous, schemas: schemas)
        }
        return entries
    }

    public var bytes: [UInt8] {
        var index: JSONObject = ["format": .int(Self.format), "contracts": Self.json(entries)]
        if !removed.isEmpty { index["removed"] = Self.json(removed) }
        return JSON.object(index).bytes + [UInt8(ascii: "\n")]
    }

    private static func json(_ entries: [String: Entry]) -> JSON {
        let members = entries.sorted { $0.key < $1.key }.map { table, entry -> (String, JSON) in
            var members: JSONObject = ["sha256": .string(entry.hash), "version": .string(entry.version)]
            members["previous"] = entry.previousHash.map(JSON.string)
            if !entry.schemas.isEmpty { members["schemas"] = .array(entry.schemas.map(JSON.string)) }
            return (table, .object(members))
        }
        return .object(JSONObject(members))
    }

    static func isHash(_ text: String) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
