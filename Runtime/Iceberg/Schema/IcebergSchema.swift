public import JSON

/// The fields of a table under one id. Files name fields by id, so names may change.
/// - SeeAlso: <https://iceberg.apache.org/spec/#schemas>
public struct IcebergSchema: Sendable, Hashable {
    public let id: Int32
    public let fields: [IcebergField]
    /// The fields that together name a row.
    public let identifierIDs: [Int32]

    public init(id: Int32, fields: [IcebergField], identifierIDs: [Int32] = []) {
        self.id = id
        self.fields = fields
        self.identifierIDs = identifierIDs
    }

    public init(_ json: JSON, at place: String) throws(IcebergError) {
        id = json["schema-id"]?.id ?? 0
        fields = try IcebergField.list(json["fields"], at: place)
        identifierIDs = (json["identifier-field-ids"]?.array ?? []).compactMap(\.id)
    }

    public var json: JSON {
        var object: JSONObject = ["type": "struct", "schema-id": .int(id)]
        if !identifierIDs.isEmpty { object["identifier-field-ids"] = .array(identifierIDs.map { .int($0) }) }
        object["fields"] = .array(fields.map(\.json))
        return .object(object)
    }

    /// A field of the table itself.
    public func field(_ id: Int32) -> IcebergField? { fields.first { $0.id == id } }

    /// The IDs of all fields in their order, those of nested fields, elements, keys and values included.
    public var allFieldIDs: [Int32] { fields.flatMap { [$0.id] + $0.type.fieldIDs } }

    /// The type of a field, also of one inside structs.
    public func type(of id: Int32) -> IcebergType? {
        func find(in fields: [IcebergField]) -> IcebergType? {
            for field in fields {
                if field.id == id { return field.type }
                if case .structure(let inner) = field.type, let type = find(in: inner) { return type }
            }
            return nil
        }
        return find(in: fields)
    }

    public func field(named name: String) -> IcebergField? { fields.first { $0.name == name } }
}
