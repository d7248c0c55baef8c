public import JSON

/// The schema of Avro data, as far as Iceberg's manifests use it, with Iceberg's ids of fields.
/// - SeeAlso: <https://avro.apache.org/docs/1.12.0/specification/>
public indirect enum AvroSchema: Sendable, Hashable {
    case null, boolean, int, long, float, double, bytes, string
    case fixed(size: Int)
    case enumeration(symbols: [String])
    case array(AvroSchema)
    case map(AvroSchema)
    case union([AvroSchema])
    case record([Field])

    /// A field of a record.
    public struct Field: Sendable, Hashable {
        public let name: String
        /// Iceberg's id; nil if the writer gave none.
        public let id: Int32?
        public let schema: AvroSchema
    }

    /// Reads a schema's JSON.
    public init(_ json: JSON) throws(IcebergError) {
        var names: [String: AvroSchema] = [:]
        self = try Self.parse(json, &names, depth: 0)
    }

    /// Nesting that no manifest has; beyond it a hostile schema would exhaust the stack.
    private static let depthLimit = 64

    private static func parse(
        _ json: JSON, _ names: inout [String: AvroSchema], depth: Int
    ) throws(IcebergError) -> AvroSchema {
        guard depth < depthLimit else { throw wrong("it is nested deeper than \(depthLimit) levels") }
        switch json {
        case .string(let name):
            if let primitive = primitives[name] { return primitive }
            guard let known = names[name] else { throw wrong("the type '\(name)' is not defined") }
            return known
        case .array(let branches):
            var schemas: [AvroSchema] = []
            for branch in branches { schemas.append(try parse(branch, &names, depth: depth + 1)) }
            return .union(schemas)
        case .object(let object):
            let schema = try parse(object, json, &names, depth: depth)
            if let name = object["name"]?.string { names[name] = schema }
            return schema
        default:
            throw wrong("\(json) is no type")
        }
    }

    private static func parse(
        _ object: JSONObject, _ json: JSON, _ names: inout [String: AvroSchema], depth: Int
    ) throws(IcebergError) -> AvroSchema {
        switch object["type"] {
        case .string("record"):
            guard let members = object["fields"]?.array else { throw wrong("a record has no fields") }
            var fields: [Field] = []
            for member in members {
                guard let name = member["name"]?.string, let type = member["type"] else {
                    throw wrong("a field needs a name and a type")
                }
                let id = member["field-id"]?.int.flatMap { Int32(exactly: $0) }
                fields.append(Field(name: name, id: id, schema: try parse(type, &names, depth: depth + 1)))
            }
            return .record(fields)
        case .string("array"):
            guard let items = object["items"] else { throw wrong("an array has no items") }
            return .array(try parse(items, &names, depth: depth + 1))
        case .string("map"):
            guard let values = object["values"] else { throw wrong("a map has no values") }
            return .map(try parse(values, &names, depth: depth + 1))
        case .string("fixed"):
            guard let size = object["size"]?.int, (0...1 << 20).contains(size) else {
                throw wrong("a fixed has no size")
            }
            return .fixed(size: size)
        case .string("enum"):
            guard let symbols = object["symbols"]?.array else { throw wrong("an enum has no symbols") }
            return .enumeration(symbols: symbols.compactMap(\.string))
        case let type?:
            return try parse(type, &names, depth: depth + 1)
        case nil:
            throw wrong("\(json) has no type")
        }
    }

    private static let primitives: [String: AvroSchema] = [
        "null": .null, "boolean": .boolean, "int": .int, "long": .long, "float": .float, "double": .double,
        "bytes": .bytes, "string": .string,
    ]

    private static func wrong(_ reason: String) -> IcebergError {
        .avro(reason: "its schema is wrong: \(reason)", byte: 0)
    }
}
