internal import EmulatorCore
internal import JSON

/// The key attributes of a table or an index.
struct KeySchema: Sendable {
    struct Key: Sendable {
        var name: String
        var kind: AttributeValue.Kind
    }

    /// One attribute; up to four in a global index.
    var hashes: [Key]
    /// None or one; up to four in a global index, compared one after another.
    var ranges: [Key]

    var keys: [Key] { hashes + ranges }
    var names: [String] { keys.map(\.name) }

    func has(_ name: String) -> Bool { keys.contains { $0.name.hasSameBytes(as: name) } }

    /// - Parameters:
    ///   - schema: a checked `KeySchema` in its wire form.
    ///   - definitions: `AttributeDefinitions` in their wire form.
    init?(_ schema: JSON?, definitions: JSON?) {
        var kinds: [String: AttributeValue.Kind] = [:]
        for definition in definitions?.array ?? [] {
            guard let name = definition["AttributeName"]?.string, let type = definition["AttributeType"]?.string
            else { return nil }
            kinds[name] = AttributeValue.Kind(rawValue: type)
        }
        hashes = []
        ranges = []
        for element in schema?.array ?? [] {
            guard let name = element["AttributeName"]?.string, let kind = kinds[name] else { return nil }
            let key = Key(name: name, kind: kind)
            if element["KeyType"]?.string == "RANGE" { ranges.append(key) } else { hashes.append(key) }
        }
        if hashes.isEmpty { return nil }
    }
}

/// The position of an item in its table, as ordered bytes.
struct PrimaryKey: Sendable, Hashable {
    /// The hash key's bytes, scattered by ``KeyEncoding/scattered(_:)``.
    var hash: [UInt8]
    /// Empty in a table without a range key.
    var range: [UInt8]
}

extension KeySchema {
    private static let hashSizeLimit = 2048
    private static let rangeSizeLimit = 1024

    /// The key of an item to store.
    /// - Throws: ``DynamoDBFault/validation(_:)``, which names a missing, mistyped, empty or too long attribute.
    func key(ofItem item: Item) throws(DynamoDBFault) -> PrimaryKey {
        for key in keys {
            guard let value = item[key.name] else {
                throw .invalidParameter("Missing the key \(key.name) in the item")
            }
            guard value.kind == key.kind else {
                throw .invalidParameter(
                    "Type mismatch for key \(key.name) expected: \(key.kind.rawValue) actual: \(value.kind.rawValue)")
            }
        }
        return try encoded(item)
    }

    /// The key in a request, which must have exactly the key attributes.
    func key(given: Item) throws(DynamoDBFault) -> PrimaryKey {
        guard given.count == keys.count, keys.allSatisfy({ given[$0.name]?.kind == $0.kind }) else {
            throw .keyDoesNotMatchSchema
        }
        return try encoded(given)
    }

    private func encoded(_ item: Item) throws(DynamoDBFault) -> PrimaryKey {
        var hash: [[UInt8]] = []
        for key in hashes { hash.append(try bytes(of: key, in: item)) }
        var range: [[UInt8]] = []
        for key in ranges { range.append(try bytes(of: key, in: item)) }
        if hash.totalCount > Self.hashSizeLimit {
            throw .invalidParameter(
                "Size of hashkey has exceeded the maximum size limit of\(Self.hashSizeLimit) bytes")
        }
        if range.totalCount > Self.rangeSizeLimit {
            throw .invalidParameter(
                "Aggregated size of all range keys has exceeded the size limit of \(Self.rangeSizeLimit) bytes")
        }
        return position(hash, range)
    }

    private func position(_ hash: [[UInt8]], _ range: [[UInt8]]) -> PrimaryKey {
        PrimaryKey(
            hash: KeyEncoding.scattered(KeyEncoding.joined(hash, of: hashes.count)),
            range: KeyEncoding.joined(range, of: ranges.count))
    }

    private func bytes(of key: Key, in item: Item) throws(DynamoDBFault) -> [UInt8] {
        guard let value = item[key.name], let bytes = KeyEncoding.bytes(of: value) else {
            throw .keyDoesNotMatchSchema
        }
        if bytes.isEmpty {
            throw .validation(
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an "
                    + "empty \(key.kind == .string ? "string" : "binary") value. Key: \(key.name)")
        }
        return bytes
    }

    /// The position of `item` in an index; nil if it lacks a key attribute and is therefore not in the index. So does an item
    /// older than the index whose attribute is of another type, empty or too long for a key.
    func entry(of item: Item) -> PrimaryKey? {
        guard let hash = indexed(hashes, of: item, upTo: Self.hashSizeLimit),
            let range = indexed(ranges, of: item, upTo: Self.rangeSizeLimit)
        else { return nil }
        return position(hash, range)
    }

    /// The bytes of the attributes, or nil if one is missing, of another type or empty, or if they are too long.
    private func indexed(_ keys: [Key], of item: Item, upTo limit: Int) -> [[UInt8]]? {
        var parts: [[UInt8]] = []
        for key in keys {
            guard let value = item[key.name], value.kind == key.kind, let bytes = KeyEncoding.bytes(of: value),
                !bytes.isEmpty
            else { return nil }
            parts.append(bytes)
        }
        return parts.totalCount <= limit ? parts : nil
    }
}

extension [[UInt8]] {
    fileprivate var totalCount: Int { reduce(0) { $0 + $1.count } }
}
