public import JSON

/// What is allowed in a definition and probably not meant: a path that is only text.
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinitionDiagnostic.html>
public enum DefinitionWarnings {
    /// The fields whose members are evaluated where their names end in `.$`.
    private static let templates = ["Parameters", "ResultSelector", "ItemSelector", "Assign"]
    /// The fields that have a second form for paths, whose name ends in `Path`.
    private static let withPath = ["Timestamp", "Error", "Cause"]

    /// - Parameter definition: one without errors.
    public static func all(in definition: JSON) -> [Diagnostic] {
        machine(definition, "", isJSONPath: definition["QueryLanguage"]?.string != "JSONata")
    }

    private static func machine(_ machine: JSON, _ place: String, isJSONPath: Bool) -> [Diagnostic] {
        (machine["States"]?.object ?? [:]).flatMap { name, state in
            self.state(state, "\(place)/States/\(name)", isJSONPath: isJSONPath)
        }
    }

    private static func state(_ state: JSON, _ place: String, isJSONPath: Bool) -> [Diagnostic] {
        var warnings: [Diagnostic] = []
        // In JSONata a text that looks like a path is a text.
        if isJSONPath && state["QueryLanguage"]?.string != "JSONata" {
            for field in templates {
                if let template = state[field] { warnings += self.template(template, "\(place)/\(field)") }
            }
            if state["Type"]?.string == "Pass", let result = state["Result"], hasPath(result) {
                warnings.append(
                    Diagnostic(
                        code: "PASS_RESULT_IS_STATIC",
                        message: "Attempt to use a path in the result of a pass state", location: "\(place)/Result"))
            }
            for name in withPath { warnings += field(name, of: state, place) }
            for (position, rule) in (state["Choices"]?.array ?? []).enumerated() {
                warnings += self.rule(rule, "\(place)/Choices[\(position)]")
            }
            for (position, catcher) in (state["Catch"]?.array ?? []).enumerated() {
                if let assign = catcher["Assign"] { warnings += template(assign, "\(place)/Catch[\(position)]/Assign") }
            }
        }
        for field in ["ItemProcessor", "Iterator"] {
            if let inner = state[field] { warnings += machine(inner, "\(place)/\(field)", isJSONPath: isJSONPath) }
        }
        for (position, branch) in (state["Branches"]?.array ?? []).enumerated() {
            warnings += machine(branch, "\(place)/Branches[\(position)]", isJSONPath: isJSONPath)
        }
        return warnings
    }

    private static func template(_ value: JSON, _ place: String) -> [Diagnostic] {
        switch value {
        case .array(let elements): elements.flatMap { template($0, place) }
        case .object(let members):
            members.flatMap { name, member -> [Diagnostic] in
                guard !name.hasSuffix(".$") else { return [] }
                guard let text = member.string else { return template(member, "\(place)/\(name)") }
                guard looksEvaluated(text) else { return [] }
                return [
                    Diagnostic(
                        code: "NO_DOLLAR",
                        message: "No '.$' on a field that appears to be a JSONPath or Intrinsic Function",
                        location: "\(place)/\(name)")
                ]
            }
        default: []
        }
    }

    /// A comparison with the text of a path, in a rule or in those that it combines.
    private static func rule(_ rule: JSON, _ place: String) -> [Diagnostic] {
        (rule.object ?? [:]).flatMap { name, value -> [Diagnostic] in
            switch name {
            case "And", "Or":
                (value.array ?? []).enumerated().flatMap { self.rule($1, "\(place)/\(name)[\($0)]") }
            case "Not": self.rule(value, "\(place)/Not")
            case "Variable", "Next", "Comment": []
            case "Assign": template(value, "\(place)/Assign")
            default: field(name, of: rule, place)
            }
        }
    }

    private static func field(_ name: String, of parent: JSON, _ place: String) -> [Diagnostic] {
        guard !name.hasSuffix("Path"), let text = parent[name]?.string, looksLikePath(text) else { return [] }
        return [
            Diagnostic(
                code: "NO_PATH", message: "Field value looks like a path, but field name does not end with 'Path'",
                location: "\(place)/\(name)")
        ]
    }

    private static func hasPath(_ value: JSON) -> Bool {
        switch value {
        case .string(let text): looksLikePath(text)
        case .array(let elements): elements.contains(where: hasPath)
        case .object(let members): members.contains { $0.name.hasSuffix(".$") || hasPath($0.value) }
        default: false
        }
    }

    private static func looksLikePath(_ text: String) -> Bool {
        text == "$" || text.hasPrefix("$.") || text.hasPrefix("$[") || text.hasPrefix("$$.")
    }

    private static func looksEvaluated(_ text: String) -> Bool {
        looksLikePath(text) || text.hasPrefix("States.") && text.hasSuffix(")") && text.contains("(")
    }
}
