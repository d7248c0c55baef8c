internal import JSON

/// Which fields a state of each type may have, and in which query language.
///
/// - SeeAlso: <https://states-language.net/spec.html#state-type-table>,
///   <https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html>
extension DefinitionReader {
    /// Reports fields of other state types, and fields of the other query language.
    ///
    /// A field that no state has is not reported.
    mutating func checkFields(_ type: String, _ fields: Fields, language: QueryLanguage) {
        guard let supported = Self.fieldsByType[type] else { return }
        for name in fields.object.names {
            if Self.allFields.contains(name), !supported.contains(name) {
                report("Field '\(name)' is not supported", at: fields)
            } else {
                checkLanguage(of: name, at: fields, language: language)
            }
        }
    }

    /// Reports a field that the query language does not have.
    mutating func checkLanguage(of name: String, at fields: Fields, language: QueryLanguage) {
        let other: QueryLanguage
        switch language {
        case .jsonPath where Self.jsonataFields.contains(name): other = .jsonata
        case .jsonata where Self.jsonPathFields.contains(name): other = .jsonPath
        default: return
        }
        report(
            "The QueryLanguage is set to '\(language.rawValue)', but field '\(name)' is only supported for the "
                + "'\(other.rawValue)' QueryLanguage", at: fields)
    }

    /// Reports two fields that exclude each other.
    mutating func checkOnlyOne(of names: [String], in fields: Fields) {
        guard names.count(where: { fields.object[$0] != nil }) > 1 else { return }
        report("There should only be one of the following fields: [\(names.joined(separator: ", "))]", at: fields)
    }

    private static func names(_ text: String) -> Set<String> { Set(text.split(separator: " ").map(String.init)) }

    private static let fieldsByType: [String: Set<String>] = {
        let all = names("Type Comment QueryLanguage")
        let flow = all.union(names("Next End InputPath OutputPath Assign Output"))
        let result = flow.union(names("Parameters ResultPath"))
        let work = result.union(names("ResultSelector Retry Catch"))
        return [
            "Pass": result.union(names("Result")),
            "Task": work.union(
                names(
                    "Arguments Resource Credentials TimeoutSeconds TimeoutSecondsPath HeartbeatSeconds "
                        + "HeartbeatSecondsPath")),
            "Choice": all.union(names("InputPath OutputPath Assign Output Choices Default")),
            "Wait": flow.union(names("Seconds SecondsPath Timestamp TimestampPath")),
            "Succeed": all.union(names("InputPath OutputPath Output")),
            "Fail": all.union(names("Error ErrorPath Cause CausePath")),
            "Parallel": work.union(names("Arguments Branches")),
            "Map": work.union(
                names(
                    "ItemProcessor Iterator ItemReader ItemSelector ItemBatcher ResultWriter Items ItemsPath Label "
                        + "MaxConcurrency MaxConcurrencyPath ToleratedFailureCount ToleratedFailureCountPath "
                        + "ToleratedFailurePercentage ToleratedFailurePercentagePath")),
        ]
    }()

    private static let allFields = fieldsByType.values.reduce(into: Set<String>()) { $0.formUnion($1) }

    private static let jsonataFields = names("Arguments Output Items Condition")

    private static let jsonPathFields = names(
        "InputPath OutputPath Parameters ResultSelector ResultPath ItemsPath SecondsPath TimestampPath ErrorPath "
            + "CausePath TimeoutSecondsPath HeartbeatSecondsPath MaxConcurrencyPath ToleratedFailureCountPath "
            + "ToleratedFailurePercentagePath MaxItemsPath MaxItemsPerBatchPath MaxInputBytesPerBatchPath Variable And Or Not"
    )
}
