internal import JSON

/// Ends the branch with an error of its own.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/state-fail.html>
struct FailState: Sendable {
    let error: Template?
    let cause: Template?
}

extension DefinitionReader {
    mutating func readFail(_ fields: Fields, language: QueryLanguage) -> FailState {
        checkOnlyOne(of: ["Error", "ErrorPath"], in: fields)
        checkOnlyOne(of: ["Cause", "CausePath"], in: fields)
        return FailState(
            error: text("Error", in: fields, language: language), cause: text("Cause", in: fields, language: language))
    }

    /// `Error`, or `ErrorPath` with a path or an intrinsic function.
    private mutating func text(_ name: String, in fields: Fields, language: QueryLanguage) -> Template? {
        let pathName = name + "Path"
        if language == .jsonPath, let path = string(pathName, in: fields) {
            return expression(path, field: pathName, in: fields).map { .expression($0) }
        }
        _ = string(name, in: fields)
        return scalarTemplate(name, in: fields, language: language)
    }
}

extension Execution {
    mutating func runFail(_ state: FailState, in id: BranchID) {
        var failure: ErrorOutput?
        attempt(id) { (_, _, scope) throws(ASLFault) in
            failure = ErrorOutput(
                error: try Self.text(state.error, in: &scope), cause: try Self.text(state.cause, in: &scope))
        }
        if let failure { branchFailed(id, with: failure) }
    }

    /// - Throws: a fault where an expression gives something else than a text.
    private static func text(_ template: Template?, in scope: inout Scope) throws(ASLFault) -> String? {
        guard let template else { return nil }
        let value = try template.evaluate(in: &scope)
        guard value.string == nil, let expression = template.expressions.first else { return value.plainText }
        if case .jsonata = expression.source { throw .unexpectedResult(value, of: expression, expected: "string") }
        throw .runtime("The \(expression.field) field refers to value \"\(value.plainText)\" which is not a string")
    }
}
