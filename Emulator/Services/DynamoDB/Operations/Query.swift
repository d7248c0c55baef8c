internal import EmulatorCore
internal import JSON

/// Reads the items of one hash key, in the order of the range key, from the table or an index.
/// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html>
struct Query: ReadingOperation {
    private let parameters: PageParameters
    private let conditions: [KeyCondition]
    private let isForward: Bool
    private let usesQueryFilter: Bool

    init(_ request: WireStructure) throws(DynamoDBFault) {
        var constraints = Constraints()
        var parameters = try PageParameters(request, &constraints)
        let queryFilter = try LegacyConditions(filter: "QueryFilter", in: request, &constraints)
        let keyConditions = try LegacyConditions(filter: "KeyConditions", in: request, &constraints)
        isForward = try request.boolean("ScanIndexForward") ?? true
        var expressions = try ExpressionParameters(
            request, expressions: ["ProjectionExpression", "FilterExpression", "KeyConditionExpression"],
            legacy: ["AttributesToGet", "QueryFilter", "ConditionalOperator", "KeyConditions"], .current)
        try constraints.check()

        try expressions.checkMix()
        let oldFilter = try queryFilter.filter()
        try parameters.checkStart(.current)
        if !keyConditions.isPresent, expressions.text("KeyConditionExpression") == nil {
            throw .validation(
                "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.")
        }
        try expressions.placeholders.check()
        let keyCondition = try expressions.condition("KeyConditionExpression")
        try parameters.resolve(&expressions, filter: oldFilter, .current)
        conditions =
            if let keyCondition {
                try KeyCondition.conditions(in: keyCondition)
            } else {
                try keyConditions.keyConditions()
            }
        if conditions.isEmpty { throw .validation("Conditions can be of length 1 or 2 only") }
        self.parameters = parameters
        usesQueryFilter = queryFilter.isPresent
    }

    func perform(on state: DynamoDBState, in snapshot: borrowing Snapshot) throws -> JSON {
        let table = try state.table(named: parameters.tableName, in: snapshot)
        let index = try parameters.index(of: table)
        let keys = index?.keys ?? table.keys
        let range = try KeyRange(conditions, keys)
        try checkFilter(keys)
        var terms = range.terms
        if let position = try parameters.position(in: table, index) {
            try range.check(position.entry)
            terms = range.terms(after: position, inIndex: index != nil, isForward: isForward)
        }
        var page = ItemPage(parameters, table, index)
        try snapshot.fill(
            &page, from: table, index, where: terms,
            orderedBy: index == nil ? ["range"] : ["range", "item_hash", "item_range"], descending: !isForward)
        return page.answer
    }

    private func checkFilter(_ keys: KeySchema) throws(DynamoDBFault) {
        for attribute in parameters.filter?.attributes ?? [] where keys.has(attribute) {
            throw .validation(
                "\(usesQueryFilter ? "QueryFilter" : "Filter Expression") can only contain non-primary key attributes: "
                    + "Primary key attribute: \(attribute)")
        }
    }
}

extension Condition {
    /// The top-level attributes that the condition reads.
    var attributes: [String] {
        switch self {
        case .or(let left, let right), .and(let left, let right): left.attributes + right.attributes
        case .not(let condition): condition.attributes
        case .comparison(_, let left, let right): left.attributes + right.attributes
        case .between(let operand, let lower, let upper): operand.attributes + lower.attributes + upper.attributes
        case .member(let operand, let candidates): operand.attributes + candidates.flatMap(\.attributes)
        case .exists(let path), .notExists(let path): [path.attribute]
        case .hasType(let operand, _): operand.attributes
        case .beginsWith(let left, let right), .contains(let left, let right): left.attributes + right.attributes
        }
    }
}

extension Condition.Operand {
    fileprivate var attributes: [String] {
        switch self {
        case .path(let path): [path.attribute]
        case .value: []
        case .size(let operand): operand.attributes
        }
    }
}
