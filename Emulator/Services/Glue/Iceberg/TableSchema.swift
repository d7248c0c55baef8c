internal import EmulatorCore
internal import JSON

/// A schema of an Iceberg table. Members that this code does not know are kept.
/// - SeeAlso: <https://iceberg.apache.org/spec/#schemas>
struct TableSchema: Sendable, Hashable {
    private(set) var document: JSONObject

    /// - Throws: ``AWSFault`` if a field lacks a part, or if two fields have one id.
    init(_ schema: JSON) throws(AWSFault) {
        guard let document = schema.object else { throw .badRequest("Cannot parse schema from non-object: \(schema)") }
        self.document = document
        self.document["type"] = "struct"
        try schema.checkID("schema-id")
        var seen: Set<Int> = []
        try Self.check(schema, "schema", &seen, depth: 0)
        for id in try schema.present("identifier-field-ids").map({ _ throws(AWSFault) in
            try schema.integers("identifier-field-ids")
        })
            ?? []
        where !seen.contains(id) {
            throw .badRequest("Cannot add fieldId \(id) as an identifier field: field does not exist")
        }
    }

    var id: Int? {
        get { document["schema-id"]?.int }
        set { document["schema-id"] = newValue.map { .int($0) } }
    }

    var fields: [JSON] { document["fields"]?.array ?? [] }

    /// The ids of all fields, nested ones, elements, keys and values included.
    var fieldIDs: [Int] { Self.ids(in: .object(document)) }

    /// Whether both have the same fields and identifier fields, whatever their ids as schemas.
    func describesSameRows(as other: TableSchema) -> Bool {
        fields == other.fields
            && Set(document["identifier-field-ids"]?.array ?? [])
                == Set(other.document["identifier-field-ids"]?.array ?? [])
    }

    /// The schema with ids from 1 on, and the new id of each old one. The fields of a struct are numbered before what is
    /// nested in them.
    func renumbered() -> (schema: TableSchema, newIDs: [Int: Int]) {
        var numbering = Numbering()
        var schema = self
        schema.document = numbering.renumbered(document)
        let identifiers = (document["identifier-field-ids"]?.array ?? []).compactMap(\.int)
        if !identifiers.isEmpty {
            schema.document["identifier-field-ids"] = .array(
                identifiers.compactMap { numbering.newIDs[$0] }.map { .int($0) })
        }
        return (schema, numbering.newIDs)
    }

    // MARK: Walking the types

    private static let depthLimit = 100

    private static func check(_ type: JSON, _ place: String, _ seen: inout Set<Int>, depth: Int) throws(AWSFault) {
        guard depth <= depthLimit else { throw .badRequest("\(place) is nested deeper than \(depthLimit) levels") }
        if let name = type.string {
            guard !name.isEmpty else { throw .badRequest("Cannot parse type of \(place): it is empty") }
            return
        }
        switch depth == 0 ? "struct" : type["type"]?.string {
        case "struct":
            for field in try type.list("fields") {
                let name = try field.text("name")
                try add(try field.id("id"), place, &seen)
                guard field["required"]?.bool != nil else {
                    throw .badRequest("Cannot parse missing boolean: required, of field \(name)")
                }
                guard let inner = field["type"] else { throw .badRequest("Cannot parse missing type of field \(name)") }
                try check(inner, name, &seen, depth: depth + 1)
            }
        case "list": try check(type, ["element"], place, &seen, depth)
        case "map": try check(type, ["key", "value"], place, &seen, depth)
        default: throw .badRequest("Cannot parse type from json: \(type), of \(place)")
        }
    }

    private static func check(
        _ type: JSON, _ parts: [String], _ place: String, _ seen: inout Set<Int>, _ depth: Int
    ) throws(AWSFault) {
        for part in parts {
            try add(try type.id(part + "-id"), place, &seen)
            guard let inner = type[part] else { throw .badRequest("Cannot parse missing type: \(part), of \(place)") }
            try check(inner, place + "." + part, &seen, depth: depth + 1)
        }
    }

    private static func add(_ id: Int, _ place: String, _ seen: inout Set<Int>) throws(AWSFault) {
        guard seen.insert(id).inserted else {
            throw .badRequest("Multiple entries with same key: field id \(id), in \(place)")
        }
    }

    private static func ids(in type: JSON) -> [Int] {
        guard let type = type.object else { return [] }
        var ids: [Int] = []
        for field in type["fields"]?.array ?? [] {
            ids += [field["id"]?.int].compactMap { $0 } + (field["type"].map { Self.ids(in: $0) } ?? [])
        }
        for part in ["element", "key", "value"] {
            ids += [type[part + "-id"]?.int].compactMap { $0 } + (type[part].map { Self.ids(in: $0) } ?? [])
        }
        return ids
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
