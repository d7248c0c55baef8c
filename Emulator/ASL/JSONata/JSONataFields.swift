internal import JSON

/// Expressions in the fields of a state.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html>
extension JSONataExpression {
    /// The value of the field; `$states` and the machine's variables are what it can read.
    func evaluate(in scope: inout Scope, field: String) throws(ASLFault) -> JSON {
        let frame = JSONataFrame()
        for (name, value) in scope.variables { frame.bind(name, .json(value)) }
        frame.bind("states", .json(scope.states))
        let evaluator = JSONataEvaluator(random: scope.random, now: scope.now)
        defer { scope.random = evaluator.random }
        let description = "The JSONata expression '\(text)' specified for the field '\(field)'"
        let value: JSONataValue
        do {
            value = try evaluator.evaluate(node, .undefined, frame)
        } catch {
            throw .query("\(description) threw an error during evaluation. \(error.text)", at: field)
        }
        if case .function = value { throw .query("\(description) returned an unsupported result type.", at: field) }
        guard let json = value.json else { throw .query("\(description) returned nothing (undefined).", at: field) }
        return json
    }
}

extension Scope {
    /// `$states`
    fileprivate var states: JSON {
        var states: JSONObject = ["input": input, "context": context]
        states["result"] = result
        states["errorOutput"] = errorOutput
        return .object(states)
    }
}

extension ASLFault {
    static func unexpectedResult(_ value: JSON, of expression: Expression?, expected: String) -> ASLFault {
        let type = JSONataValue.json(value).typeName
        guard let expression, case .jsonata(let program) = expression.source else {
            return .query("Expected '\(expected)', but was '\(type)' for value: \(value.text)", at: nil)
        }
        return .query(
            "The JSONata expression '\(program.text)' specified for the field '\(expression.field)' returned an "
                + "unexpected result type. Expected '\(expected)', but was '\(type)' for value: \(value.text)",
            at: expression.field)
    }
}
