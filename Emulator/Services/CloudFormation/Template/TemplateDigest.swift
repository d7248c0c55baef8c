internal import EmulatorCore
internal import JSON
internal import YAML

/// The type and text of a resource in a template, to detect changes.
struct TemplateDigest: Hashable {
    let type: String
    private let text: String

    /// The resources whose condition is true, by logical ID.
    static func resources(
        of text: String, file: String, with parameters: JSONObject
    ) throws(TemplateError) -> [String: TemplateDigest] {
        let values = Dictionary(parameters.map { ($0.name, $0.value.string ?? $0.value.text) }) { $1 }
        let scope = try TemplateScope(
            try Template(parsing: text, file: file), stackName: "", overrides: values, account: Account())
        let wanted = Set(try scope.resourcesInOrder().map(\.logicalID))
        let document: YAMLNode
        do { document = try YAMLNode(parsing: text, file: file) } catch { throw .unreadable(error) }
        var resources: [String: TemplateDigest] = [:]
        for entry in document["Resources"]?.mapping?.entries ?? [] where wanted.contains(entry.key) {
            resources[entry.key] = TemplateDigest(
                type: entry.value["Type"]?.string ?? "", text: entry.value.canonicalText)
        }
        return resources
    }
}

extension YAMLNode {
    /// A text that is equal for nodes of equal value, whatever their position.
    fileprivate var canonicalText: String {
        let value =
            switch content {
            case .scalar(let text, let isPlain): isPlain ? text : JSON.string(text).text
            case .sequence(let elements): "[\(elements.map(\.canonicalText).joined(separator: ","))]"
            case .mapping(let mapping):
                "{\(mapping.entries.map { "\($0.key):\($0.value.canonicalText)" }.sorted().joined(separator: ","))}"
            }
        return (tag ?? "") + " " + value
    }
}
