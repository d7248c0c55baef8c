internal import EmulatorCore
internal import JSON

/// A secondary index in a request.
struct IndexRequest: Sendable {
    enum ProjectionType: String, CaseIterable { case all = "ALL", include = "INCLUDE", keysOnly = "KEYS_ONLY" }

    let name: String
    /// Whether it is a local index, whose key has at most two attributes.
    private let isLocal: Bool
    let keySchema: [KeyElement]
    private let projectionType: ProjectionType?
    private let nonKeyAttributes: [String]?
    private let billing: BillingRequest

    static func read(
        _ name: String, type: String, of request: WireStructure, _ constraints: inout Constraints
    ) throws(DynamoDBFault) -> [IndexRequest]? {
        guard let structures = try request.structures(name, type: type) else { return nil }
        let path = (name.first?.lowercased() ?? "") + name.dropFirst()
        var indexes: [IndexRequest] = []
        for (position, structure) in structures.enumerated() {
            indexes.append(try IndexRequest(structure, path: "\(path).\(position + 1).member", &constraints))
        }
        return indexes
    }

    init(_ structure: WireStructure, path: String, _ constraints: inout Constraints) throws(DynamoDBFault) {
        let name = try structure.string("IndexName")
        constraints.notNull("\(path).indexName", isPresent: name != nil)
        constraints.indexName("\(path).indexName", name)
        self.name = name ?? ""
        isLocal = path.hasPrefix("localSecondaryIndexes")
        keySchema = try KeyElement.read(
            structure, path: "\(path).keySchema", upTo: isLocal ? 2 : 2 * KeyElement.mostOfRole,
            &constraints)
        let projection = try structure.structure("Projection", type: "Projection")
        constraints.notNull("\(path).projection", isPresent: projection != nil)
        projectionType = constraints.oneOf(
            "\(path).projection.projectionType", try projection?.string("ProjectionType"), ProjectionType.self)
        nonKeyAttributes = try projection?.strings("NonKeyAttributes")
        if let nonKeyAttributes {
            constraints.length(
                "\(path).projection.nonKeyAttributes", nonKeyAttributes.count,
                shown: "[\(nonKeyAttributes.joined(separator: ", "))]", 1...20)
            constraints.members(
                "\(path).projection.nonKeyAttributes", nonKeyAttributes.map(\.utf8.count),
                shown: "[\(nonKeyAttributes.joined(separator: ", "))]", 1...255)
        }
        billing = try BillingRequest(structure, &constraints)
    }

    /// How many attributes the index names beside its keys.
    var projectedCount: Int { nonKeyAttributes?.count ?? 0 }

    private static let mostProjected = 100

    /// - Parameter counts: of each index of a table.
    /// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html>
    static func checkProjected(_ counts: [Int]) throws(DynamoDBFault) {
        guard counts.reduce(0, +) > mostProjected else { return }
        throw .invalidParameter(
            "The number of NonKeyAttributes of all secondary indexes together exceeds the limit of \(mostProjected)")
    }

    /// - Parameter table: the billing of the table; nil for a local index, which has no capacity of its own.
    func check(_ definitions: [AttributeDefinition], pricedBy table: BillingRequest?) throws(DynamoDBFault) {
        let defined = definitions.map(\.name)
        let names = keySchema.map(\.name)
        guard names.allSatisfy(defined.contains) else { throw KeyElement.undefined(names, defined) }
        if isLocal { try KeyElement.checkRoles(keySchema) } else { try KeyElement.checkIndexRoles(keySchema) }
        guard let projectionType else { throw .invalidParameter("Unknown ProjectionType: null") }
        if nonKeyAttributes != nil, projectionType != .include {
            throw .invalidParameter(
                "ProjectionType is \(projectionType.rawValue), but NonKeyAttributes is specified")
        }
        if nonKeyAttributes == nil, projectionType == .include {
            throw .invalidParameter("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
        }
        if let table { try billing.check(index: name, pricedBy: table) }
    }

    /// - Parameters:
    ///   - status: the index's status; nil for a local index, which has none.
    ///   - billing: the billing of the table; nil for a local index.
    func description(tableARN: String, status: String?, billing tableBilling: BillingRequest?) -> JSON {
        var projection: JSONObject = ["ProjectionType": .string(projectionType?.rawValue ?? "ALL")]
        projection["NonKeyAttributes"] = nonKeyAttributes.map { .array($0.map { .string($0) }) }
        var description: JSONObject = [
            "IndexName": .string(name), "KeySchema": .array(keySchema.map(\.document)),
            "Projection": .object(projection),
        ]
        description["IndexStatus"] = status.map { .string($0) }
        if tableBilling != nil { description["ProvisionedThroughput"] = billing.throughput }
        description["OnDemandThroughput"] = billing.onDemand
        description["IndexArn"] = .string("\(tableARN)/index/\(name)")
        return .object(description)
    }
}
