internal import EmulatorCore
internal import JSON
internal import Time

/// The parameters of CreateTable, checked.
struct TableRequest: Sendable {
    let name: String
    let streamView: TableStream.View?
    let tags: [String: String]
    let indexNames: [String]
    private let keySchema: [KeyElement]
    private let definitions: [AttributeDefinition]
    private let localIndexes: [IndexRequest]?
    private let globalIndexes: [IndexRequest]?
    private let billing: BillingRequest
    private let protected: Bool
    private let tableClass: String?

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        guard let name = try request.string("TableName") else {
            throw .validation("The parameter 'TableName' is required but was not present in the request")
        }
        if !ARN.isClaimed(by: name), !(3...255).contains(name.utf8.count) {
            throw .validation("TableName must be at least 3 characters long and at most 255 characters long")
        }
        constraints.tableName("tableName", name)
        self.name = TableCatalog.plainName(name)
        definitions = try AttributeDefinition.read(request, &constraints) ?? []
        constraints.notNull("attributeDefinitions", isPresent: request.members["AttributeDefinitions"] != nil)
        keySchema = try KeyElement.read(request, path: "keySchema", &constraints)
        localIndexes = try IndexRequest.read(
            "LocalSecondaryIndexes", type: "LocalSecondaryIndex", of: request, &constraints)
        globalIndexes = try IndexRequest.read(
            "GlobalSecondaryIndexes", type: "GlobalSecondaryIndex", of: request, &constraints)
        billing = try BillingRequest(request, &constraints)
        let stream = try StreamRequest(request, &constraints)
        protected = try request.boolean("DeletionProtectionEnabled") ?? false
        tableClass = try request.string("TableClass")
        tags = try TagList.read(request, &constraints)
        try constraints.check()
        try TagList.check(tags, of: name)

        indexNames = ((localIndexes ?? []) + (globalIndexes ?? [])).map(\.name)
        streamView = try stream.checkedView()
        try billing.check(isTable: true)
        try KeyElement.check(keySchema, definitions)
        try checkIndexes()
    }

    private func checkIndexes() throws(DynamoDBFault) {
        if localIndexes == nil, globalIndexes == nil, keySchema.count != definitions.count {
            throw .invalidParameter(
                "Number of attributes in KeySchema does not exactly match number of attributes defined in "
                    + "AttributeDefinitions")
        }
        if let localIndexes { try checkLocal(localIndexes) }
        if let globalIndexes {
            if globalIndexes.isEmpty { throw .invalidParameter("List of GlobalSecondaryIndexes is empty") }
            for index in globalIndexes { try index.check(definitions, pricedBy: billing) }
        }
        var seen: Set<String> = []
        for name in indexNames where !seen.insert(name).inserted {
            throw .invalidParameter("Duplicate index name: \(name)")
        }
        if (localIndexes?.count ?? 0) > 5 {
            throw .invalidParameter("LocalSecondaryIndex count exceeds the per-table limit of 5")
        }
        if (globalIndexes?.count ?? 0) > 20 {
            throw .invalidParameter("GlobalSecondaryIndex count exceeds the per-table limit of 20")
        }
        try IndexRequest.checkProjected(((localIndexes ?? []) + (globalIndexes ?? [])).map(\.projectedCount))
        let used = Set(
            (keySchema + ((localIndexes ?? []) + (globalIndexes ?? [])).flatMap(\.keySchema)).map(\.name))
        if used.count != definitions.count {
            throw .invalidParameter(
                "Some AttributeDefinitions are not used. AttributeDefinitions: "
                    + "[\(definitions.map(\.name).joined(separator: ", "))], keys used: "
                    + "[\(used.sorted().joined(separator: ", "))]")
        }
    }

    private func checkLocal(_ indexes: [IndexRequest]) throws(DynamoDBFault) {
        if indexes.isEmpty { throw .invalidParameter("List of LocalSecondaryIndexes is empty") }
        if keySchema.count != 2 {
            throw .invalidParameter(
                "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex")
        }
        for index in indexes {
            try index.check(definitions, pricedBy: nil)
            if index.keySchema.count != 2 {
                throw .invalidParameter("Index KeySchema does not have a range key for index: \(index.name)")
            }
            if index.keySchema[0].name != keySchema[0].name {
                throw .invalidParameter(
                    "Index KeySchema does not have the same leading hash key as table KeySchema for index: "
                        + "\(index.name). index hash key: \(index.keySchema[0].name), table hash key: "
                        + keySchema[0].name)
            }
        }
    }

    /// The description of the new table in its wire form.
    func description(arn: String, tableID: String, at now: Int64) -> JSONObject {
        var description: JSONObject = [
            "AttributeDefinitions": .array(definitions.map(\.document)), "TableName": .string(name),
            "KeySchema": .array(keySchema.map(\.document)), "TableStatus": "ACTIVE",
            "CreationDateTime": Timestamp(milliseconds: now).json,
            "ProvisionedThroughput": billing.throughput, "TableArn": .string(arn), "TableId": .string(tableID),
        ]
        if let summary = billing.summary(at: now) { description["BillingModeSummary"] = summary }
        if let onDemand = billing.onDemand { description["OnDemandThroughput"] = onDemand }
        description["LocalSecondaryIndexes"] = localIndexes.map { indexes in
            .array(indexes.map { $0.description(tableARN: arn, status: nil, billing: nil) })
        }
        description["GlobalSecondaryIndexes"] = globalIndexes.map { indexes in
            .array(indexes.map { $0.description(tableARN: arn, status: "ACTIVE", billing: billing) })
        }
        description["DeletionProtectionEnabled"] = .bool(protected)
        description["TableClassSummary"] = tableClass.map { ["TableClass": .string($0)] }
        return description
    }
}
