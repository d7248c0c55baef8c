internal import EmulatorCore
internal import JSON

/// The key attributes of a table or an index.
struct KeySchema: Sendable {
    struct Key: Sendable {
        var name: String
        var kind: AttributeValue.Kind
    }

    var hash: Key
    var range: Key?

    var keys: [Key] { [hash] + (range.map { [$0] } ?? []) }
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
        let keys = (schema?.array ?? []).compactMap { element -> Key? in
            guard let name = element["AttributeName"]?.string, let kind = kinds[name] else { return nil }
            return Key(name: name, kind: kind)
        }
        guard let first = keys.first else { return nil }
        hash = first
        range = keys.count > 1 ? keys[1] : nil
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
        let hash = try bytes(of: self.hash, in: item)
        let range = try self.range.map { key throws(DynamoDBFault) in try bytes(of: key, in: item) }
        if hash.count > Self.hashSizeLimit {
            throw .invalidParameter(
                "Size of hashkey has exceeded the maximum size limit of\(Self.hashSizeLimit) bytes")
        }
        if let range, range.count > Self.rangeSizeLimit {
            throw .invalidParameter(
                "Aggregated size of all range keys has exceeded the size limit of \(Self.rangeSizeLimit) bytes")
        }
        return PrimaryKey(hash: KeyEncoding.scattered(hash), range: range ?? [])
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
        guard let hashValue = item[hash.name], hashValue.kind == hash.kind,
            let hashBytes = KeyEncoding.bytes(of: hashValue), (1...Self.hashSizeLimit).contains(hashBytes.count)
        else { return nil }
        guard let range else { return PrimaryKey(hash: KeyEncoding.scattered(hashBytes), range: []) }
        guard let rangeValue = item[range.name], rangeValue.kind == range.kind,
            let rangeBytes = KeyEncoding.bytes(of: rangeValue), (1...Self.rangeSizeLimit).contains(rangeBytes.count)
        else { return nil }
        return PrimaryKey(hash: KeyEncoding.scattered(hashBytes), range: rangeBytes)
    }
}
