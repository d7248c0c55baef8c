internal import EmulatorCore
internal import Iceberg
internal import JSON

/// How a table's rows are divided into partitions.
/// - SeeAlso: <https://iceberg.apache.org/spec/#partition-specs>
struct PartitionSpec: Sendable, Hashable {
    /// The id of the first partition field of a table.
    static let firstFieldID = Int(Iceberg.PartitionSpec.firstFieldID)

    private(set) var document: JSONObject

    static let unpartitioned = PartitionSpec(document: ["spec-id": 0, "fields": []])

    private init(document: JSONObject) { self.document = document }

    /// - Parameter schema: the one whose fields the partitions are made from; nil to check nothing against it.
    init(_ spec: JSON, of schema: TableSchema?) throws(AWSFault) {
        guard let document = spec.object else {
            throw .badRequest("Cannot parse partition spec from non-object: \(spec)")
        }
        self.document = document
        try spec.checkID("spec-id")
        for field in try spec.list("fields") {
            try field.checkID("field-id")
            let name = try field.text("name")
            let transform = try field.text("transform")
            let source = try field.id("source-id")
            if let schema { try Self.check(name, transform, source, schema) }
        }
    }

    /// A transform takes some types only; void stands for a field whose column is gone.
    private static func check(
        _ name: String, _ transform: String, _ source: Int, _ schema: TableSchema
    ) throws(AWSFault) {
        guard let known = PartitionTransform(transform) else {
            throw .badRequest("Cannot create partition field \(name): unknown transform \(transform)")
        }
        guard known != .void else { return }
        guard let type = Int32(exactly: source).flatMap({ schema.parsed.type(of: $0) }) else {
            throw .badRequest("Cannot find source column for partition field: \(name): \(transform)(\(source))")
        }
        guard known.resultType(of: type) != nil else {
            throw .badRequest("Invalid source type \(type) for transform: \(transform), of partition field \(name)")
        }
    }

    var id: Int {
        get { document["spec-id"]?.int ?? 0 }
        set { document["spec-id"] = .int(newValue) }
    }

    var fields: [JSON] { document["fields"]?.array ?? [] }

    var highestFieldID: Int { fields.compactMap { $0["field-id"]?.int }.max() ?? Self.firstFieldID - 1 }

    /// Whether both divide rows in the same way, whatever their ids.
    func dividesRows(as other: PartitionSpec) -> Bool {
        fields.count == other.fields.count
            && zip(fields, other.fields).allSatisfy { one, two in
                ["source-id", "transform", "name"].allSatisfy { one[$0] == two[$0] }
            }
    }

    /// The spec with an id for each of its fields: its own, or that of the same field in `specs`, or a new one after `last`.
    func numbered(like specs: [PartitionSpec] = [], after last: Int = firstFieldID - 1) -> PartitionSpec {
        var last = last
        var numbered = self
        numbered.document["fields"] = .array(
            fields.map { field in
                guard field["field-id"]?.int == nil, var members = field.object else { return field }
                let same = specs.lazy.flatMap(\.fields).first {
                    $0["source-id"] == field["source-id"] && $0["transform"] == field["transform"]
                }
                if let id = same?["field-id"] {
                    members["field-id"] = id
                } else {
                    last += 1
                    members["field-id"] = .int(last)
                }
                return .object(members)
            })
        return numbered
    }

    /// The spec with other ids of the columns it is made from.
    func renumbered(_ newIDs: [Int: Int]) -> PartitionSpec {
        var spec = self
        spec.document["fields"] = .array(fields.map { Self.renumbered($0, newIDs) })
        return spec
    }

    /// A field of a partition spec or sort order with another `source-id`.
    static func renumbered(_ field: JSON, _ newIDs: [Int: Int]) -> JSON {
        guard var members = field.object, let new = field["source-id"]?.int.flatMap({ newIDs[$0] }) else {
            return field
        }
        members["source-id"] = .int(new)
        return .object(members)
    }
}
