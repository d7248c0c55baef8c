internal import EmulatorCore
internal import Iceberg
internal import JSON

/// A schema of an Iceberg table. Members that this code does not know are kept.
/// - SeeAlso: <https://iceberg.apache.org/spec/#schemas>
struct TableSchema: Sendable, Hashable {
    private(set) var document: JSONObject
    /// What the document says.
    let parsed: IcebergSchema

    /// - Throws: ``AWSFault`` if a field lacks a part, or if two fields have one id.
    init(_ schema: JSON) throws(AWSFault) {
        guard let document = schema.object else { throw .badRequest("Cannot parse schema from non-object: \(schema)") }
        self.document = document
        self.document["type"] = "struct"
        try schema.checkID("schema-id")
        do throws(IcebergError) {
            parsed = try IcebergSchema(schema, at: "schema")
        } catch { throw .badRequest("Cannot parse schema: \(error)") }
        var seen: Set<Int32> = []
        for id in parsed.allFieldIDs where !seen.insert(id).inserted {
            throw .badRequest("Multiple entries with same key: field id \(id)")
        }
        if schema.present("identifier-field-ids") != nil {
            for id in try schema.integers("identifier-field-ids") where Int32(exactly: id).map(seen.contains) != true {
                throw .badRequest("Cannot add fieldId \(id) as an identifier field: field does not exist")
            }
        }
    }

    var id: Int? {
        get { document["schema-id"]?.int }
        set { document["schema-id"] = newValue.map { .int($0) } }
    }

    var fields: [JSON] { document["fields"]?.array ?? [] }

    /// The ids of all fields, nested ones, elements, keys and values included.
    var fieldIDs: [Int] { parsed.allFieldIDs.map(Int.init) }

    /// Whether both have the same fields and identifier fields, whatever their ids as schemas.
    func describesSameRows(as other: TableSchema) -> Bool {
        fields == other.fields
            && Set(document["identifier-field-ids"]?.array ?? [])
                == Set(other.document["identifier-field-ids"]?.array ?? [])
    }

    /// The schema with ids from 1 on, and the new id of each old one. The fields of a struct are numbered before what is
    /// nested in them.
    func renumbered() throws(AWSFault) -> (schema: TableSchema, newIDs: [Int: Int]) {
        var numbering = Numbering()
        var renumbered = numbering.renumbered(document)
        let identifiers = (document["identifier-field-ids"]?.array ?? []).compactMap(\.int)
        if !identifiers.isEmpty {
            renumbered["identifier-field-ids"] = .array(
                identifiers.compactMap { numbering.newIDs[$0] }.map { .int($0) })
        }
        return (try TableSchema(.object(renumbered)), numbering.newIDs)
    }

    private struct Numbering {
        var newIDs: [Int: Int] = [:]

        private mutating func next(for old: JSON?) -> JSON {
            let new = newIDs.count + 1
            if let old = old?.int { newIDs[old] = new }
            return .int(new)
        }

        mutating func renumbered(_ type: JSONObject) -> JSONObject {
            var type = type
            if let fields = type["fields"]?.array {
                var numbered = fields.map { field in
                    var field = field.object ?? [:]
                    field["id"] = next(for: field["id"])
                    return field
                }
                for position in numbered.indices {
                    if let inner = numbered[position]["type"]?.object {
                        numbered[position]["type"] = .object(renumbered(inner))
                    }
                }
                type["fields"] = .array(numbered.map { .object($0) })
            }
            let parts = ["element", "key", "value"].filter { type[$0 + "-id"] != nil }
            for part in parts { type[part + "-id"] = next(for: type[part + "-id"]) }
            for part in parts {
                if let inner = type[part]?.object { type[part] = .object(renumbered(inner)) }
            }
            return type
        }
    }
}
