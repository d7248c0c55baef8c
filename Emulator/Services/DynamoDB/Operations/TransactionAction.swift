internal import EmulatorCore
internal import JSON

/// One action of TransactWriteItems.
struct TransactionAction: Sendable {
    enum Work: Sendable {
        case check(key: Item)
        case put(Item)
        case delete(key: Item)
        case update(key: Item, Update)
    }

    let tableName: String
    let work: Work
    let condition: Condition?
    let onFailure: ReturnValuesOnConditionCheckFailure

    /// An element of `TransactItems` of the right shape, whose rules are checked once all shapes are known.
    struct Unchecked {
        fileprivate let kind: String
        fileprivate let tableName: String
        fileprivate let item: UncheckedItem?
        fileprivate var expressions: ExpressionParameters
        fileprivate let onFailure: ReturnValuesOnConditionCheckFailure
    }

    private static let kinds = ["ConditionCheck", "Put", "Delete", "Update"]

    static func read(
        _ element: WireStructure, place: Int, _ constraints: inout Constraints
    ) throws(DynamoDBFault) -> Unchecked {
        let given = kinds.filter { element.members[$0].map { !$0.isNull } ?? false }
        guard given.count == 1, let part = try element.structure(given[0], type: given[0]) else {
            throw .validation("TransactItems can only contain one of Check, Put, Update or Delete")
        }
        let kind = given[0]
        let path = "transactItems.\(place).member.\((kind.first?.lowercased() ?? "") + kind.dropFirst())"
        let itemName = kind == "Put" ? "Item" : "Key"
        let item = try part.attributes(itemName)
        constraints.notNull("\(path).\(itemName.lowercased())", isPresent: item != nil)
        let name = try part.string("TableName")
        constraints.tableName("\(path).tableName", name)
        let expressions = try ExpressionParameters(
            part, expressions: kind == "Update" ? ["UpdateExpression", "ConditionExpression"] : ["ConditionExpression"])
        if kind == "Update" {
            constraints.notNull("\(path).updateExpression", isPresent: expressions.text("UpdateExpression") != nil)
        }
        if kind == "ConditionCheck" {
            constraints.notNull(
                "\(path).conditionExpression", isPresent: expressions.text("ConditionExpression") != nil)
        }
        return Unchecked(
            kind: kind, tableName: name ?? "", item: item, expressions: expressions,
            onFailure: try part.onConditionFailure(&constraints))
    }

    init(_ unchecked: Unchecked) throws(DynamoDBFault) {
        var expressions = unchecked.expressions
        try expressions.checkMix()
        let item = try unchecked.item?.item() ?? Item()
        try expressions.placeholders.check()
        let update = try expressions.update("UpdateExpression")
        condition = try expressions.condition("ConditionExpression")
        try expressions.placeholders.checkAllUsed()
        tableName = unchecked.tableName
        onFailure = unchecked.onFailure
        switch (unchecked.kind, update) {
        case ("Put", _):
            try item.checkSize()
            work = .put(item)
        case ("Delete", _): work = .delete(key: item)
        case (_, let update?): work = .update(key: item, update)
        default: work = .check(key: item)
        }
    }

    /// The item or the key in the request.
    var given: Item {
        switch work {
        case .put(let item), .check(let item), .delete(let item), .update(let item, _): item
        }
    }

    func key(in table: Table) throws(DynamoDBFault) -> PrimaryKey {
        guard case .put(let item) = work else { return try table.keys.key(given: given) }
        let key = try table.keys.key(ofItem: item)
        try table.checkIndexKeys(of: item)
        return key
    }

    /// The item that replaces `stored`.
    /// - Throws: ``DynamoDBFault/conditionalCheckFailed(item:)``, or the error of the update.
    func result(on stored: Item?, of table: Table) throws(DynamoDBFault) -> Item? {
        try condition?.check(stored, onFailure)
        switch work {
        case .check: return stored
        case .put(let item): return item
        case .delete: return nil
        case .update(let key, let update):
            try update.checkLeavesKey(of: table)
            return try update.result(on: stored, key: key, of: table, isTransactional: true)
        }
    }
}
