internal import JSON

/// Goes on with the first rule that holds.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html>
struct ChoiceState: Sendable {
    let rules: [ChoiceRule]
    let defaultNext: String?
}

struct ChoiceRule: Sendable {
    let test: ChoiceTest
    let next: String
    let assign: Template?
    let output: Template?
}

extension DefinitionReader {
    mutating func readChoice(_ fields: Fields, language: QueryLanguage) -> ChoiceState {
        if fields.object["Choices"] == nil { require(["Choices"], in: fields) }
        if fields.object["Choices"]?.array?.isEmpty == true {
            report("Value cannot be empty", at: fields, field: "Choices")
        }
        let rules = list("Choices", in: fields).compactMap { item -> ChoiceRule? in
            for name in item.object.names { checkLanguage(of: name, at: item, language: language) }
            let next = string("Next", in: item)
            if let next { leads(to: next, at: item.at("Next")) } else { require(["Next"], in: item) }
            guard let test = readTest(item, language: language), let next else { return nil }
            return ChoiceRule(
                test: test, next: next, assign: readAssign(item, language: language),
                output: language == .jsonata ? template("Output", in: item, language: language) : nil)
        }
        let defaultNext = string("Default", in: fields)
        if let defaultNext { leads(to: defaultNext, at: fields.at("Default")) }
        return ChoiceState(rules: rules, defaultNext: defaultNext)
    }
}

extension Execution {
    mutating func runChoice(_ choice: ChoiceState, in id: BranchID) {
        attempt(id) { (execution, visit, scope) throws(ASLFault) in
            for rule in choice.rules where try rule.test.holds(in: &scope) {
                try execution.leave(
                    id, with: .input(visit.effectiveInput), to: .state(rule.next), assign: rule.assign ?? .object([]),
                    output: rule.output, scope: &scope)
                return
            }
            guard let next = choice.defaultNext else {
                throw ASLFault(
                    error: ErrorName.noChoiceMatched,
                    message: "Failed to transition out of the state. The state does not point to a next state.")
            }
            try execution.leave(id, with: .input(visit.effectiveInput), to: .state(next), scope: &scope)
        }
    }
}
