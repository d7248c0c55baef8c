internal import JSON
internal import JSONata
internal import Time

/// What the fields of a state can read: its input, the context object and the variables.
struct Scope {
    /// What `$` means for the field at hand; `$states.input` in JSONata.
    var input: JSON
    /// `$$`, or `$states.context` in JSONata.
    var context: JSON
    var variables: [String: JSON]
    /// `$states.result`, where the state has one by now.
    var result: JSON?
    /// `$states.errorOutput`, inside a catcher.
    var errorOutput: JSON?
    var random: RandomSource
    /// What `$now()` answers: the instant of the input being handled.
    var now: Timestamp
    /// What the expressions of this attempt may still use, together.
    let budget: EvaluationBudget

    func with(input: JSON) -> Scope {
        var scope = self
        scope.input = input
        return scope
    }

    func value(at path: JSONPath) throws(JSONPathMiss) -> JSON {
        switch path.root {
        case .input: return try path.evaluate(on: input, budget)
        case .context: return try path.evaluate(on: context, budget)
        case .variable(let name):
            guard let value = variables[name] else {
                throw JSONPathMiss(message: "The variable '\(name)' is not defined")
            }
            return try path.evaluate(on: value, budget)
        }
    }
}
