public import JSON

/// An expression with the names and values of its placeholders.
public struct Expression: Sendable, Hashable {
    public var text: String
    /// Attribute names by placeholder, such as `#name`.
    public var names: [String: String]
    /// Values by placeholder, such as `:value`.
    public var values: Item

    public init(_ text: String, names: [String: String] = [:], values: Item = [:]) {
        self.text = text
        self.names = names
        self.values = values
    }
}

/// Reads one item.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html>
public struct GetItem: Sendable, Hashable {
    public var table: String
    public var key: Item
    public var isConsistent: Bool

    public init(table: String, key: Item, isConsistent: Bool = true) {
        self.table = table
        self.key = key
        self.isConsistent = isConsistent
    }

    public var json: JSON {
        ["TableName": .string(table), "Key": key.json, "ConsistentRead": .bool(isConsistent)]
    }
}

/// Writes one whole item, if the condition holds for the item now stored.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html>
public struct PutItem: Sendable, Hashable {
    public var table: String
    public var item: Item
    public var condition: Expression?

    public init(table: String, item: Item, condition: Expression? = nil) {
        self.table = table
        self.item = item
        self.condition = condition
    }

    public var json: JSON {
        var request: JSONObject = ["TableName": .string(table), "Item": item.json]
        request.setExpressions([("ConditionExpression", condition)])
        return .object(request)
    }
}

/// Changes some attributes of one item, if the condition holds for the item now stored.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html>
public struct UpdateItem: Sendable, Hashable {
    public enum Returned: String, Sendable {
        case nothing = "NONE"
        case allNew = "ALL_NEW"
        case allOld = "ALL_OLD"
    }

    public var table: String
    public var key: Item
    public var update: Expression
    public var condition: Expression?
    public var returning: Returned
    /// Whether the error for a condition that does not hold has the stored item with it.
    public var returnsStoredOnFailure: Bool

    public init(
        table: String, key: Item, update: Expression, condition: Expression? = nil, returning: Returned = .nothing,
        returnsStoredOnFailure: Bool = false
    ) {
        self.table = table
        self.key = key
        self.update = update
        self.condition = condition
        self.returning = returning
        self.returnsStoredOnFailure = returnsStoredOnFailure
    }

    public var json: JSON {
        var request = keyAndExpressions
        request["ReturnValues"] = .string(returning.rawValue)
        if returnsStoredOnFailure { request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD" }
        return .object(request)
    }

    fileprivate var keyAndExpressions: JSONObject {
        var request: JSONObject = ["TableName": .string(table), "Key": key.json]
        request.setExpressions([("UpdateExpression", update), ("ConditionExpression", condition)])
        return request
    }
}

/// Reads the items of one partition of a table or an index, one page at a time.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html>
public struct Query: Sendable, Hashable {
    public var table: String
    public var index: String?
    public var keyCondition: Expression
    public var filter: Expression?
    /// The maximum number of items to read, counted before the filter.
    public var limit: Int?
    public var isConsistent: Bool
    /// The last key of the previous page.
    public var exclusiveStartKey: Item?

    public init(
        table: String, index: String? = nil, keyCondition: Expression, filter: Expression? = nil, limit: Int? = nil,
        isConsistent: Bool = false, exclusiveStartKey: Item? = nil
    ) {
        self.table = table
        self.index = index
        self.keyCondition = keyCondition
        self.filter = filter
        self.limit = limit
        self.isConsistent = isConsistent
        self.exclusiveStartKey = exclusiveStartKey
    }

    public var json: JSON {
        var request: JSONObject = ["TableName": .string(table), "ConsistentRead": .bool(isConsistent)]
        request["IndexName"] = index.map(JSON.string)
        request["Limit"] = limit.map(JSON.int)
        request["ExclusiveStartKey"] = exclusiveStartKey?.json
        request.setExpressions([("KeyConditionExpression", keyCondition), ("FilterExpression", filter)])
        return .object(request)
    }
}

/// One page of a query's result.
public struct QueryPage: Sendable, Hashable {
    public let items: [Item]
    /// The key that the next page starts after; nil on the last page.
    public let lastEvaluatedKey: Item?

    public init(items: [Item], lastEvaluatedKey: Item? = nil) {
        self.items = items
        self.lastEvaluatedKey = lastEvaluatedKey
    }
}

/// Several writes that succeed together or not at all.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
public struct TransactWriteItems: Sendable, Hashable {
    public enum Write: Sendable, Hashable {
        case put(PutItem)
        case update(UpdateItem)
    }

    public var writes: [Write]
    /// Requests with the same token within ten minutes take effect once.
    public var clientRequestToken: String

    public init(_ writes: [Write], clientRequestToken: String) {
        self.writes = writes
        self.clientRequestToken = clientRequestToken
    }

    public var json: JSON {
        let items = writes.map { (write) -> JSON in
            switch write {
            case .put(let put): ["Put": put.json]
            case .update(let update): ["Update": .object(update.keyAndExpressions)]
            }
        }
        return ["TransactItems": .array(items), "ClientRequestToken": .string(clientRequestToken)]
    }
}

extension JSONObject {
    /// Adds the expressions under their names, and the placeholders of all of them once. An empty map of placeholders
    /// is omitted, since DynamoDB refuses it.
    fileprivate mutating func setExpressions(_ expressions: [(String, Expression?)]) {
        var names: [String: String] = [:]
        var values: Item = [:]
        for (member, expression) in expressions {
            guard let expression else { continue }
            self[member] = .string(expression.text)
            names.merge(expression.names) { $1 }
            values.merge(expression.values) { $1 }
        }
        if !names.isEmpty {
            self["ExpressionAttributeNames"] = .object(
                JSONObject(names.sorted { $0.key < $1.key }.map { ($0.key, JSON.string($0.value)) }))
        }
        if !values.isEmpty { self["ExpressionAttributeValues"] = values.json }
    }
}
