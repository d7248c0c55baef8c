/// A table as changes that follow describe its rows.
public struct Relation: Sendable, Hashable {
    public struct Column: Sendable, Hashable {
        public let name: String
        /// Whether it belongs to the replica identity.
        public let isIdentity: Bool
        /// The type's object identifier in `pg_type`.
        public let type: UInt32

        public init(name: String, isIdentity: Bool, type: UInt32) {
            self.name = name
            self.isIdentity = isIdentity
            self.type = type
        }
    }

    /// What of the old row an update or a delete carries.
    /// - SeeAlso: <https://www.postgresql.org/docs/current/catalog-pg-class.html>, `relreplident`
    public enum Identity: UInt8, Sendable {
        /// The primary key.
        case primaryKey = 0x64
        case nothing = 0x6E
        case full = 0x66
        /// The columns of an index.
        case index = 0x69
    }

    public let id: UInt32
    public let schema: String
    public let name: String
    public let identity: Identity
    public let columns: [Column]

    public init(id: UInt32, schema: String, name: String, identity: Identity, columns: [Column]) {
        self.id = id
        self.schema = schema
        self.name = name
        self.identity = identity
        self.columns = columns
    }

    init(_ reader: inout MessageReader) throws(ReplicationFault) {
        id = try reader.number(UInt32.self)
        let schema = try reader.text()
        // An empty name is the system catalog's.
        self.schema = schema.isEmpty ? "pg_catalog" : schema
        name = try reader.text()
        let offset = reader.offset
        guard let identity = Identity(rawValue: try reader.uint8()) else {
            throw .invalid("the replica identity", offset: offset)
        }
        self.identity = identity
        var columns: [Column] = []
        for _ in 0..<(try reader.number(UInt16.self)) {
            let isIdentity = try reader.uint8() & 1 == 1
            let name = try reader.text()
            columns.append(Column(name: name, isIdentity: isIdentity, type: try reader.number(UInt32.self)))
            _ = try reader.number(UInt32.self)  // the type's modifier
        }
        self.columns = columns
    }
}
