public import JSON

/// A type of Iceberg's format version 2.
/// - SeeAlso: <https://iceberg.apache.org/spec/#schemas-and-data-types>
public indirect enum IcebergType: Sendable, Hashable, CustomStringConvertible {
    case boolean, int, long, float, double, date, time, string, uuid, binary
    /// In microseconds, without a time zone.
    case timestamp
    /// In microseconds, in UTC.
    case timestamptz
    case decimal(precision: Int, scale: Int)
    case fixed(length: Int)
    case structure([IcebergField])
    case list(elementID: Int32, element: IcebergType, isRequired: Bool)
    case map(keyID: Int32, key: IcebergType, valueID: Int32, value: IcebergType, isRequired: Bool)

    /// Reads a type's JSON.
    public init(_ json: JSON, at place: String) throws(IcebergError) {
        switch json {
        case .string(let name):
            guard let type = Self.primitives[name] ?? Self.parameterized(name) else {
                throw .metadata(place: place, reason: "the type '\(name)' is not one of format version 2")
            }
            self = type
        case .object(let object):
            switch object["type"]?.string {
            case "struct": self = .structure(try IcebergField.list(object["fields"], at: place))
            case "list":
                guard let id = object["element-id"]?.id, let element = object["element"] else { fallthrough }
                self = .list(
                    elementID: id, element: try IcebergType(element, at: "\(place).element"),
                    isRequired: object["element-required"]?.bool ?? false)
            case "map":
                guard let keyID = object["key-id"]?.id, let key = object["key"], let valueID = object["value-id"]?.id,
                    let value = object["value"]
                else { fallthrough }
                self = .map(
                    keyID: keyID, key: try IcebergType(key, at: "\(place).key"), valueID: valueID,
                    value: try IcebergType(value, at: "\(place).value"),
                    isRequired: object["value-required"]?.bool ?? false)
            default: throw .metadata(place: place, reason: "\(json) is no type")
            }
        default: throw .metadata(place: place, reason: "\(json) is no type")
        }
    }

    private static let primitives: [String: IcebergType] = [
        "boolean": .boolean, "int": .int, "long": .long, "float": .float, "double": .double, "date": .date,
        "time": .time, "string": .string, "uuid": .uuid, "binary": .binary, "timestamp": .timestamp,
        "timestamptz": .timestamptz,
    ]

    /// Reads `decimal(9, 2)` or `fixed[16]`.
    private static func parameterized(_ name: String) -> IcebergType? {
        guard let open = name.firstIndex(where: { $0 == "(" || $0 == "[" }) else { return nil }
        let numbers = name[name.index(after: open)...].dropLast().split(separator: ",").map { text in
            Int(text.filter { $0 != " " })
        }
        switch (name[..<open], numbers.count) {
        case ("decimal", 2):
            guard let precision = numbers[0], let scale = numbers[1], (1...38).contains(precision) else { return nil }
            return .decimal(precision: precision, scale: scale)
        case ("fixed", 1):
            guard let length = numbers[0], length > 0 else { return nil }
            return .fixed(length: length)
        default: return nil
        }
    }

    /// The IDs of what is nested in the type.
    var fieldIDs: [Int32] {
        switch self {
        case .structure(let fields): fields.flatMap { [$0.id] + $0.type.fieldIDs }
        case .list(let id, let element, _): [id] + element.fieldIDs
        case .map(let keyID, let key, let valueID, let value, _): [keyID, valueID] + key.fieldIDs + value.fieldIDs
        default: []
        }
    }

    /// The type as the specification writes it.
    public var json: JSON {
        switch self {
        case .structure(let fields): ["type": "struct", "fields": .array(fields.map(\.json))]
        case .list(let id, let element, let isRequired):
            [
                "type": "list", "element-id": .int(id), "element": element.json, "element-required": .bool(isRequired),
            ]
        case .map(let keyID, let key, let valueID, let value, let isRequired):
            [
                "type": "map", "key-id": .int(keyID), "key": key.json, "value-id": .int(valueID), "value": value.json,
                "value-required": .bool(isRequired),
            ]
        default: .string(description)
        }
    }

    public var description: String {
        switch self {
        case .decimal(let precision, let scale): "decimal(\(precision), \(scale))"
        case .fixed(let length): "fixed[\(length)]"
        case .structure(let fields): "struct<\(fields.map { "\($0.name): \($0.type)" }.joined(separator: ", "))>"
        case .list(_, let element, _): "list<\(element)>"
        case .map(_, let key, _, let value, _): "map<\(key), \(value)>"
        default: Self.primitives.first { $0.value == self }?.key ?? "unknown"
        }
    }
}

/// A field of a struct.
public struct IcebergField: Sendable, Hashable {
    public let id: Int32
    public let name: String
    public let isRequired: Bool
    public let type: IcebergType
    public let documentation: String?

    public init(id: Int32, name: String, isRequired: Bool = false, type: IcebergType, documentation: String? = nil) {
        self.id = id
        self.name = name
        self.isRequired = isRequired
        self.type = type
        self.documentation = documentation
    }

    static func list(_ json: JSON?, at place: String) throws(IcebergError) -> [IcebergField] {
        guard let members = json?.array else { throw .metadata(place: place, reason: "a struct has no fields") }
        var fields: [IcebergField] = []
        for member in members {
            guard let id = member["id"]?.id, let name = member["name"]?.string, let type = member["type"],
                let isRequired = member["required"]?.bool
            else {
                throw .metadata(place: place, reason: "the field \(member) lacks its id, name, type or required")
            }
            fields.append(
                IcebergField(
                    id: id, name: name, isRequired: isRequired,
                    type: try IcebergType(type, at: place.isEmpty ? name : "\(place).\(name)"),
                    documentation: member["doc"]?.string))
        }
        return fields
    }

    public var json: JSON {
        var object: JSONObject = [
            "id": .int(id), "name": .string(name), "required": .bool(isRequired), "type": type.json,
        ]
        if let documentation { object["doc"] = .string(documentation) }
        return .object(object)
    }
}

extension JSON {
    /// A number that is a field's id or another 32-bit integer.
    var id: Int32? { int.flatMap { Int32(exactly: $0) } }
}
