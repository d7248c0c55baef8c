internal import JSON
internal import JSONata
internal import Time

/// Expressions in the fields of a state.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html>
extension JSONataExpression {
    /// The value of the field; `$states` and the machine's variables are what it can read.
    func evaluate(in scope: inout Scope, field: String) throws(ASLFault) -> JSON {
        var bindings = scope.variables
        bindings["states"] = scope.states
        let description = "The JSONata expression '\(text)' specified for the field '\(field)'"
        let result: JSONataResult
        do {
            var limits = JSONataLimits.stepFunctions
            limits.steps = min(limits.steps, scope.budget.stepsLeft)
            var steps = 0
            defer { scope.budget.use(steps) }
            result = try evaluate(
                bindings: bindings, random: &scope.random, now: scope.now.milliseconds, limits: limits,
                countingIn: &steps)
        } catch {
            let separator = error.code == nil ? ":" : "."
            throw .query("\(description) threw an error during evaluation\(separator) \(error.text)", at: field)
        }
        switch result {
        case .json(let value): return value
        case .function: throw .query("\(description) returned an unsupported result type.", at: field)
        case .nothing: throw .query("\(description) returned nothing (undefined).", at: field)
        }
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
        let type = value.typeName
        guard let expression, case .jsonata(let program) = expression.source else {
            return .query("Expected '\(expected)', but was '\(type)' for value: \(value.text)", at: nil)
        }
        return .query(
            "The JSONata expression '\(program.text)' specified for the field '\(expression.field)' returned an "
                + "unexpected result type. Expected '\(expected)', but was '\(type)' for value: \(value.text)",
            at: expression.field)
    }
}

extension JSON {
    /// `number`, `string`…: as error texts name the type.
    fileprivate var typeName: String {
        switch self {
        case .null: "null"
        case .bool: "boolean"
        case .number: "number"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }
}
