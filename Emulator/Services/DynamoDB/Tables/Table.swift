internal import EmulatorCore
internal import JSON

/// A table: its definition, and the parsed form that operations use.
struct Table: Sendable {
    /// The ID in the store, unique among all tables and indexes.
    let id: Int64
    /// Increases with every change of the definition.
    var revision: Int64
    var definition: TableDefinition
    let name: String
    let arn: String
    let keys: KeySchema
    let indexes: [SecondaryIndex]
    /// The stream of the table's changes, if enabled.
    let stream: TableStream?

    init?(id: Int64, revision: Int64, definition: TableDefinition) {
        let description = definition.description
        let definitions = description["AttributeDefinitions"]
        guard let name = description["TableName"]?.string, let arn = description["TableArn"]?.string,
            let keys = KeySchema(description["KeySchema"], definitions: definitions)
        else { return nil }
        self.id = id
        self.revision = revision
        self.definition = definition
        self.name = name
        self.arn = arn
        self.keys = keys
        var indexes: [SecondaryIndex] = []
        for (member, isGlobal) in [("LocalSecondaryIndexes", false), ("GlobalSecondaryIndexes", true)] {
            for index in description[member]?.array ?? [] {
                guard let id = definition.indexIDs[index["IndexName"]?.string ?? ""],
                    let index = SecondaryIndex(
                        id: id, description: index, definitions: definitions, isGlobal: isGlobal)
                else { return nil }
                indexes.append(index)
            }
        }
        self.indexes = indexes
        stream = TableStream(description)
    }

    /// The indexes in the order in which their keys are checked.
    var indexesByName: [SecondaryIndex] { indexes.sorted { $0.name < $1.name } }

    func index(named name: String) -> SecondaryIndex? { indexes.first { $0.name == name } }

    var hasLocalIndexes: Bool { indexes.contains { !$0.isGlobal } }
}

/// An enabled stream of a table.
struct TableStream: Sendable {
    enum View: String, Sendable, CaseIterable {
        case newImage = "NEW_IMAGE"
        case oldImage = "OLD_IMAGE"
        case newAndOldImages = "NEW_AND_OLD_IMAGES"
        case keysOnly = "KEYS_ONLY"
    }

    var arn: String
    var view: View

    init?(_ description: JSONObject) {
        guard let specification = description["StreamSpecification"], specification["StreamEnabled"]?.bool == true,
            let view = View(rawValue: specification["StreamViewType"]?.string ?? ""),
            let arn = description["LatestStreamArn"]?.string
        else { return nil }
        self.arn = arn
        self.view = view
    }
}

/// The stored part of a table.
struct TableDefinition: Sendable {
    /// The `TableDescription` in its wire form, without the values that depend on items.
    var description: JSONObject
    var indexIDs: [String: Int64] = [:]
    var tags: [String: String] = [:]
    /// By the ARN of the table or its stream.
    var policies: [String: ResourcePolicy] = [:]
    var timeToLiveAttribute: String?
    /// The earliest point of recovery, in milliseconds since 1970; nil while recovery is off.
    var recoverySince: Int64?
    var recoveryDays: Int?

    init(description: JSONObject) { self.description = description }

    init(stored: JSON) {
        description = stored["description"]?.object ?? JSONObject()
        for (name, id) in stored["indexes"]?.object ?? JSONObject() { indexIDs[name] = id.int.map(Int64.init) }
        for (name, value) in stored["tags"]?.object ?? JSONObject() { tags[name] = value.string }
        for (arn, policy) in stored["policies"]?.object ?? JSONObject() {
            policies[arn] = ResourcePolicy(stored: policy)
        }
        timeToLiveAttribute = stored["timeToLive"]?.string
        recoverySince = (stored["recoverySince"]?.int).map(Int64.init)
        recoveryDays = stored["recoveryDays"]?.int
    }

    var stored: JSON {
        var document: JSONObject = ["description": .object(description)]
        document["indexes"] = .object(JSONObject(indexIDs.sorted { $0.key < $1.key }.map { ($0.key, .int($0.value)) }))
        document["tags"] = .object(JSONObject(tags.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
        document["policies"] = .object(
            JSONObject(policies.sorted { $0.key < $1.key }.map { ($0.key, $0.value.stored) }))
        document["timeToLive"] = timeToLiveAttribute.map { .string($0) }
        document["recoverySince"] = recoverySince.map { .int($0) }
        document["recoveryDays"] = recoveryDays.map { .int($0) }
        return .object(document)
    }
}
