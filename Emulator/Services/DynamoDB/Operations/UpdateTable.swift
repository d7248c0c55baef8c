internal import EmulatorCore
internal import JSON
internal import Time

/// Changes a table's billing, stream, protection and global indexes. Everything is done when the answer is sent.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html>
struct UpdateTable: WritingOperation {
    private enum IndexUpdate: Sendable {
        case create(IndexRequest)
        case update(name: String, BillingRequest)
        case delete(name: String)
    }

    private let tableName: String
    private let definitions: [AttributeDefinition]?
    private let billing: BillingRequest
    private let enablesStream: Bool?
    private let streamView: TableStream.View?
    private let isProtected: Bool?
    private let tableClass: String?
    private let indexUpdates: [IndexUpdate]

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        let name = try request.string("TableName")
        constraints.tableName("tableName", name)
        tableName = name ?? ""
        definitions = try AttributeDefinition.read(request, &constraints)
        billing = try BillingRequest(request, &constraints)
        let stream = try StreamRequest(request, &constraints)
        isProtected = try request.boolean("DeletionProtectionEnabled")
        tableClass = try request.string("TableClass")
        let updates = try Self.readIndexUpdates(request, &constraints)
        indexUpdates = updates
        try constraints.check()

        enablesStream = stream.isEnabled
        streamView = try stream.checkedView()
        try billing.check(isTable: false)
        let changesSomething =
            billing.mode != nil || billing.hasThroughput || stream.isEnabled != nil || isProtected != nil
            || tableClass != nil || !updates.isEmpty || billing.onDemand != nil
        if !changesSomething {
            throw .invalidParameter(
                "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates "
                    + "or SSESpecification or ReplicaUpdates is required")
        }
    }

    private static func readIndexUpdates(
        _ request: WireStructure, _ constraints: inout Constraints
    ) throws(DynamoDBFault) -> [IndexUpdate] {
        var updates: [IndexUpdate] = []
        let elements = try request.structures("GlobalSecondaryIndexUpdates", type: "GlobalSecondaryIndexUpdate") ?? []
        for (position, element) in elements.enumerated() {
            let path = "globalSecondaryIndexUpdates.\(position + 1).member"
            if let create = try element.structure("Create", type: "CreateGlobalSecondaryIndexAction") {
                updates.append(.create(try IndexRequest(create, path: "\(path).create", &constraints)))
            } else if let update = try element.structure("Update", type: "UpdateGlobalSecondaryIndexAction") {
                let name = try update.string("IndexName")
                constraints.notNull("\(path).update.indexName", isPresent: name != nil)
                updates.append(.update(name: name ?? "", try BillingRequest(update, &constraints)))
            } else if let delete = try element.structure("Delete", type: "DeleteGlobalSecondaryIndexAction") {
                let name = try delete.string("IndexName")
                constraints.notNull("\(path).delete.indexName", isPresent: name != nil)
                updates.append(.delete(name: name ?? ""))
            } else {
                throw .invalidParameter(
                    "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
                        + "GlobalSecondaryIndexUpdate.Delete must not be null"
                )
            }
        }
        return updates
    }

    func perform(on state: DynamoDBState, in transaction: borrowing Transaction) throws -> JSON {
        let table = try state.describedTable(named: tableName, in: transaction.snapshot)
        var definition = table.definition
        changeBilling(&definition, at: state.clock.now().milliseconds)
        if let isProtected { definition.description["DeletionProtectionEnabled"] = .bool(isProtected) }
        if let tableClass { definition.description["TableClassSummary"] = ["TableClass": .string(tableClass)] }
        try changeStream(&definition, of: table, on: state, in: transaction)
        var built: [String] = []
        for update in indexUpdates {
            switch update {
            case .create(let index):
                try add(index, to: &definition)
                definition.indexIDs[index.name] = try state.catalog.freshID(in: transaction)
                built.append(index.name)
            case .update(let name, let billing):
                try definition.changeIndex(named: name, of: table) { $0["ProvisionedThroughput"] = billing.throughput }
            case .delete(let name):
                try definition.changeIndex(named: name, of: table) { $0 = JSONObject() }
                if let id = definition.indexIDs.removeValue(forKey: name) { try transaction.deleteAllEntries(of: id) }
            }
        }
        definition.dropUnusedAttributes()
        guard let changed = try state.catalog.save(definition, id: table.id, in: transaction) else {
            throw DynamoDBFault.validation("The table's definition contradicts itself")
        }
        for index in changed.indexes where built.contains(index.name) {
            try transaction.buildIndex(index, of: changed)
        }
        return ["TableDescription": try changed.shown(status: "UPDATING", in: transaction.snapshot)]
    }

    private func changeBilling(_ definition: inout TableDefinition, at now: Int64) {
        if billing.isOnDemand {
            definition.description["BillingModeSummary"] = billing.summary(at: now)
            definition.description["ProvisionedThroughput"] = billing.throughput
        } else if billing.hasThroughput {
            definition.description["BillingModeSummary"] = nil
            definition.description["ProvisionedThroughput"] = billing.throughput
        }
        if let onDemand = billing.onDemand { definition.description["OnDemandThroughput"] = onDemand }
    }

    private func changeStream(
        _ definition: inout TableDefinition, of table: Table, on state: DynamoDBState,
        in transaction: borrowing Transaction
    ) throws {
        switch (enablesStream, table.stream) {
        case (true, _?):
            throw DynamoDBFault.validation("Table already has an enabled stream: TableName: \(table.name)")
        case (true, nil):
            if let streamView { try definition.openStream(view: streamView, on: state, in: transaction) }
        case (false, let stream?):
            try state.changes.end(streamARN: stream.arn, in: transaction)
            definition.description["StreamSpecification"] = nil
        case (false, nil):
            throw DynamoDBFault.validation("Table has no stream to disable: TableName: \(table.name)")
        case (nil, _): break
        }
    }

    private func add(_ index: IndexRequest, to definition: inout TableDefinition) throws(DynamoDBFault) {
        if definition.indexIDs[index.name] != nil {
            throw .invalidParameter("Duplicate index name: \(index.name)")
        }
        try definition.checkUnchanged(definitions ?? [])
        let merged = definition.attributeDefinitions(mergedWith: definitions ?? [])
        try index.check(merged, pricedBy: nil)
        definition.description["AttributeDefinitions"] = .array(merged.map(\.document))
        let known = definition.description["GlobalSecondaryIndexes"]?.array ?? []
        let all = known + (definition.description["LocalSecondaryIndexes"]?.array ?? [])
        try IndexRequest.checkProjected(
            all.map { $0["Projection"]?["NonKeyAttributes"]?.array?.count ?? 0 } + [index.projectedCount])
        let arn = definition.description["TableArn"]?.string ?? ""
        definition.description["GlobalSecondaryIndexes"] = .array(
            known + [index.description(tableARN: arn, status: "ACTIVE", billing: billing)])
    }
}

extension TableDefinition {
    /// An attribute that is in a key keeps its type.
    fileprivate func checkUnchanged(_ new: [AttributeDefinition]) throws(DynamoDBFault) {
        let known = (description["AttributeDefinitions"]?.array ?? []).compactMap(AttributeDefinition.init(stored:))
        guard new.contains(where: { new in known.contains { $0.name == new.name && $0.type != new.type } }) else {
            return
        }
        let keys = (description["KeySchema"]?.array ?? []).map {
            (name: $0["AttributeName"]?.string ?? "", role: $0["KeyType"]?.string ?? "")
        }
        func shown(_ definitions: [AttributeDefinition]) -> String {
            let elements = keys.map { key in
                let type = definitions.first { $0.name == key.name } ?? known.first { $0.name == key.name }
                return "SchemaElement: key{\(key.name):\(type?.type.rawValue ?? ""):\(key.role)}"
            }
            return "Schema:[\(elements.joined(separator: ", "))]"
        }
        throw .invalidParameter(
            "Attributes cannot be redefined. Please check that your attribute has the same type as previously defined. "
                + "Existing schema: \(shown(known)) New schema: \(shown(new))")
    }

    /// The table's definitions and those of a request, which need not repeat the existing ones.
    fileprivate func attributeDefinitions(mergedWith new: [AttributeDefinition]) -> [AttributeDefinition] {
        let known = (description["AttributeDefinitions"]?.array ?? []).compactMap(AttributeDefinition.init(stored:))
        return known.filter { old in !new.contains { $0.name == old.name } } + new
    }

    /// Drops definitions of attributes that are no longer in any key.
    fileprivate mutating func dropUnusedAttributes() {
        let indexes = ["LocalSecondaryIndexes", "GlobalSecondaryIndexes"].flatMap { description[$0]?.array ?? [] }
        let schemas = [description["KeySchema"]] + indexes.map { $0["KeySchema"] }
        let used = Set(schemas.flatMap { $0?.array ?? [] }.compactMap { $0["AttributeName"]?.string })
        description["AttributeDefinitions"] = .array(
            (description["AttributeDefinitions"]?.array ?? []).filter {
                used.contains($0["AttributeName"]?.string ?? "")
            })
    }

    /// Lets `body` change the description of a global index; an empty description removes the index.
    fileprivate mutating func changeIndex(
        named name: String, of table: Table, _ body: (inout JSONObject) -> Void
    ) throws(DynamoDBFault) {
        guard let index = table.index(named: name), index.isGlobal else {
            throw .resourceNotFound("Requested resource not found: Index: \(name) not found")
        }
        var indexes: [JSON] = []
        for document in description["GlobalSecondaryIndexes"]?.array ?? [] {
            guard document["IndexName"]?.string == name, var object = document.object else {
                indexes.append(document)
                continue
            }
            body(&object)
            if !object.isEmpty { indexes.append(.object(object)) }
        }
        description["GlobalSecondaryIndexes"] = indexes.isEmpty ? nil : .array(indexes)
    }
}
