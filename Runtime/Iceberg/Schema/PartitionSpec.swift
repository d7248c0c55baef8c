public import JSON

/// How a table's rows are parted into files, under one id.
/// - SeeAlso: <https://iceberg.apache.org/spec/#partition-specs>
public struct PartitionSpec: Sendable, Hashable {
    public struct Field: Sendable, Hashable {
        public let sourceID: Int32
        public let fieldID: Int32
        public let name: String
        public let transform: PartitionTransform

        public init(sourceID: Int32, fieldID: Int32, name: String, transform: PartitionTransform) {
            self.sourceID = sourceID
            self.fieldID = fieldID
            self.name = name
            self.transform = transform
        }

        public var json: JSON {
            [
                "source-id": .int(sourceID), "field-id": .int(fieldID), "name": .string(name),
                "transform": .string(transform.description),
            ]
        }
    }

    public let id: Int32
    public let fields: [Field]

    /// The ids of partition fields begin here.
    public static let firstFieldID: Int32 = 1000

    public init(id: Int32, fields: [Field]) {
        self.id = id
        self.fields = fields
    }

    public init(_ json: JSON, at place: String) throws(IcebergError) {
        id = json["spec-id"]?.id ?? 0
        var fields: [Field] = []
        for member in json["fields"]?.array ?? [] {
            guard let source = member["source-id"]?.id, let name = member["name"]?.string,
                let text = member["transform"]?.string
            else {
                throw .metadata(
                    place: place, reason: "the partition field \(member) lacks its source, name or transform")
            }
            guard let transform = PartitionTransform(text) else {
                throw .unsupported("the partition transform \(text)")
            }
            fields.append(
                Field(
                    sourceID: source, fieldID: member["field-id"]?.id ?? Self.firstFieldID + Int32(fields.count),
                    name: name, transform: transform))
        }
        self.fields = fields
    }

    public var json: JSON { ["spec-id": .int(id), "fields": .array(fields.map(\.json))] }

    /// The types of the values of a partition, in the fields' order.
    public func types(in schema: IcebergSchema) throws(IcebergError) -> [IcebergType] {
        var types: [IcebergType] = []
        for field in fields {
            guard let source = schema.field(field.sourceID), let type = field.transform.resultType(of: source.type)
            else {
                throw .metadata(
                    place: "partition field \(field.name)",
                    reason: "its source \(field.sourceID) is no column that it takes")
            }
            types.append(type)
        }
        return types
    }
}
