internal import PostgresReplication

/// How the rows of a table become JSON: what does not change from row to row, written once.
final class RowShape {
    enum Kind {
        /// JSON's number if it is finite, or else text.
        case number
        case boolean
        case text
    }

    struct Column {
        /// `,"name":`
        let label: [UInt8]
        /// `"name"`
        let quotedName: [UInt8]
        let kind: Kind
        let isKey: Bool
    }

    let relation: Relation
    let columns: [Column]
    /// `,"partition-key-type":"primary-key","schema-name":"…","table-name":"…"`
    let metadata: [UInt8]
    /// `schema.table`, as in a JSON string.
    let partitionPrefix: [UInt8]
    let hashSeed: UInt64

    /// - Parameter primaryKey: the names of the key's columns, for a table whose identity is the whole row.
    init(_ relation: Relation, primaryKey: [String]) {
        self.relation = relation
        let isWhole = relation.identity == .full
        columns = relation.columns.map { column in
            let isKey = isWhole ? primaryKey.isEmpty || primaryKey.contains(column.name) : column.isIdentity
            let name = Self.quoted(column.name)
            return Column(
                label: [UInt8(ascii: ",")] + name + [UInt8(ascii: ":")], quotedName: name,
                kind: Self.kind(ofType: column.type), isKey: isKey)
        }
        var metadata = ByteBuffer()
        metadata.append(",\"partition-key-type\":\"primary-key\",\"schema-name\":")
        metadata.append(Self.quoted(relation.schema))
        metadata.append(",\"table-name\":")
        metadata.append(Self.quoted(relation.name))
        self.metadata = metadata.array
        partitionPrefix = Array(Self.quoted("\(relation.schema).\(relation.name)").dropFirst().dropLast())
        hashSeed = partitionPrefix.withUnsafeBytes { KeyHash.start.adding($0) }.value
    }

    /// A JSON string.
    static func quoted(_ text: String) -> [UInt8] {
        var buffer = ByteBuffer()
        buffer.append(UInt8(ascii: "\""))
        Array(text.utf8).withUnsafeBytes { buffer.append(escaping: $0) }
        buffer.append(UInt8(ascii: "\""))
        return buffer.array
    }

    /// - Parameter type: its object identifier; those of built-in types never change.
    /// - SeeAlso: <https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat>
    static func kind(ofType type: UInt32) -> Kind {
        switch type {
        case 16: .boolean
        case 20, 21, 23, 26: .number  // int8, int2, int4, oid
        case 700, 701, 1700: .number  // float4, float8, numeric
        default: .text
        }
    }
}

/// FNV-1a: spreads the keys of a table over shards. The same key has the same hash in every run.
/// - SeeAlso: <http://www.isthe.com/chongo/tech/comp/fnv/>
struct KeyHash {
    private(set) var value: UInt64

    static let start = KeyHash(value: 0xCBF2_9CE4_8422_2325)

    @inline(__always)
    func adding(_ bytes: UnsafeRawBufferPointer) -> KeyHash {
        var value = value
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
        // Nothing within a text equals the end of it.
        return KeyHash(value: (value ^ 0x1FF) &* 0x100_0000_01B3)
    }
}

extension ByteBuffer {
    /// Appends a value as JSON.
    @inline(__always)
    mutating func append(_ text: UnsafeRawBufferPointer, as kind: RowShape.Kind) {
        switch kind {
        case .number where Self.isFinite(text): append(text)
        case .boolean: append(text.first == UInt8(ascii: "t") ? "true" : "false")
        case .number, .text:
            append(UInt8(ascii: "\""))
            append(escaping: text)
            append(UInt8(ascii: "\""))
        }
    }

    /// Whether a number's text is one in JSON: not NaN, Infinity or -Infinity.
    @inline(__always)
    private static func isFinite(_ text: UnsafeRawBufferPointer) -> Bool {
        guard let last = text.last else { return false }
        return last >= UInt8(ascii: "0") && last <= UInt8(ascii: "9")
    }
}
