internal import EmulatorCore
internal import JSON

/// The expression parameters of a request, and their legacy equivalents.
struct ExpressionParameters {
    private let expressions: [(name: String, text: String?)]
    private let legacy: [(name: String, isPresent: Bool)]
    private let layer: ValueLayer
    var placeholders: Placeholders

    /// - Parameters:
    ///   - expressions: the operation's expression parameters, in the service's order.
    ///   - legacy: its parameters that cannot be combined with expressions.
    init(
        _ request: WireStructure, expressions: [String], legacy: [String] = [], _ layer: ValueLayer = .older
    ) throws(DynamoDBFault) {
        self.layer = layer
        var texts: [(name: String, text: String?)] = []
        for name in expressions { texts.append((name, try request.string(name))) }
        self.expressions = texts
        self.legacy = legacy.map { ($0, request.members[$0].map { !$0.isNull } ?? false) }
        placeholders = try Placeholders(request, layer)
    }

    func text(_ name: String) -> String? { expressions.first { $0.name == name }?.text }

    /// Refuses a mix of legacy and expression parameters, and placeholders without an expression.
    func checkMix() throws(DynamoDBFault) {
        let used = expressions.filter { $0.text != nil }.map(\.name)
        // KeyConditions may be combined with a filter or projection expression.
        let allowed = text("KeyConditionExpression") == nil ? "KeyConditions" : ""
        let old = legacy.filter { $0.isPresent && $0.name != allowed }.map(\.name)
        if !used.isEmpty, !old.isEmpty {
            throw .validation(
                "Can not use both expression and non-expression parameters in the same request: Non-expression "
                    + "parameters: {\(old.joined(separator: ", "))} Expression parameters: "
                    + "{\(used.joined(separator: ", "))}")
        }
        if placeholders.hasNames, used.isEmpty {
            throw .validation("ExpressionAttributeNames can only be specified when using expressions")
        }
        let withValues = expressions.filter { $0.name != "ProjectionExpression" }
        if placeholders.hasValues, !withValues.isEmpty, withValues.allSatisfy({ $0.text == nil }) {
            throw .validation(
                "ExpressionAttributeValues can only be specified when using expressions: "
                    + withValues.map(\.name).joined(separator: " and ")
                    + " \(withValues.count > 1 ? "are" : "is") null")
        }
    }

    mutating func condition(_ name: String) throws(DynamoDBFault) -> Condition? {
        try resolve(name) { text, placeholders throws(ExpressionError) in
            try ConditionResolver.resolve(text, &placeholders)
        }
    }

    mutating func update(_ name: String) throws(DynamoDBFault) -> Update? {
        try resolve(name) { text, placeholders throws(ExpressionError) in
            try UpdateResolver.resolve(text, &placeholders)
        }
    }

    mutating func projection() throws(DynamoDBFault) -> Projection? {
        try resolve("ProjectionExpression") { text, placeholders throws(ExpressionError) in
            try Projection(text, &placeholders)
        }
    }

    private mutating func resolve<Value>(
        _ name: String, _ body: (String, inout Placeholders) throws(ExpressionError) -> Value
    ) throws(DynamoDBFault) -> Value? {
        guard let text = text(name) else { return nil }
        do throws(ExpressionError) {
            return try body(text, &placeholders)
        } catch {
            throw .validation("Invalid \(name): \(layer == .current ? error.currentMessage : error.message)")
        }
    }
}
