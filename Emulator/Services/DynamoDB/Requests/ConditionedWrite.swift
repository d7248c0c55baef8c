internal import EmulatorCore

/// The common part of a put and a delete: an item or its key, with an expression or a legacy condition. The service
/// checks in the order of these lines, and the item itself between ``init(_:given:)`` and ``condition()``.
struct ConditionedWrite: Sendable {
    let parameters: WriteParameters
    /// The item or the key.
    let given: Item
    private let expected: LegacyConditions
    private var expressions: ExpressionParameters

    /// - Parameter member: the request's member with the item or the key, and its name in the service's constraints.
    init(_ request: WireStructure, given member: (name: String, constraint: String)) throws(DynamoDBFault) {
        var constraints = Constraints()
        parameters = try WriteParameters(request, &constraints)
        let unchecked = try request.attributes(member.name)
        constraints.notNull(member.constraint, isPresent: unchecked != nil)
        expected = try LegacyConditions(expectedIn: request, &constraints)
        expressions = try ExpressionParameters(
            request, expressions: ["ConditionExpression"], legacy: ["Expected", "ConditionalOperator"],
            .current)
        try constraints.check()

        try expressions.checkMix()
        given = try unchecked?.item(.current) ?? Item()
        try parameters.checkReturnsOldOnly()
    }

    mutating func condition() throws(DynamoDBFault) -> Condition? {
        let expectedCondition = try expected.condition()
        try expressions.placeholders.check()
        let condition = try expressions.condition("ConditionExpression") ?? expectedCondition
        try expressions.placeholders.checkAllUsed()
        return condition
    }
}
