internal import EmulatorCore
internal import YAML

/// A CloudFormation template, parsed and not yet bound to parameters.
/// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html>
package struct Template: Sendable {
    struct Parameter: Sendable {
        let name: String
        let type: String
        let defaultValue: String?
        let allowedValues: [String]
        let mark: YAMLMark
        var isHidden = false
        var description: String?
    }

    struct Resource: Sendable {
        let logicalID: String
        let type: String
        let condition: String?
        let dependsOn: [String]
        /// `Delete`, `Retain`, `RetainExceptOnCreate`, `Snapshot`; nil for `Delete`.
        let deletionPolicy: String?
        /// Whether it stays when it leaves the template.
        var isRetained: Bool { deletionPolicy?.hasPrefix("Retain") ?? false }
        let properties: TemplateExpression
        let mark: YAMLMark
    }

    let file: String
    let parameters: [Parameter]
    /// Map, top-level key, second-level key.
    let mappings: [String: [String: [String: TemplateExpression]]]
    let conditions: [String: TemplateExpression]
    let resources: [Resource]
    let outputs: [Output]
    let description: String?

    struct Output: Sendable {
        let name: String
        let condition: String?
        let value: TemplateExpression
        /// The name under which other stacks import the value.
        let export: TemplateExpression?
        let description: String?
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>
    private static let mostResources = 500

    package func hasParameter(_ name: String) -> Bool { parameters.contains { $0.name == name } }

    /// Reads a YAML or JSON template.
    package init(contentsOf path: String) throws(TemplateError) {
        let document: YAMLNode
        do { document = try YAMLNode(contentsOf: path) } catch { throw .unreadable(error) }
        try self.init(document, file: path)
    }

    init(parsing text: String, file: String) throws(TemplateError) {
        let document: YAMLNode
        do { document = try YAMLNode(parsing: text, file: file) } catch { throw .unreadable(error) }
        try self.init(document, file: file)
    }

    private init(_ document: YAMLNode, file: String) throws(TemplateError) {
        self.file = file
        let reader = TemplateReader(file: file)
        if let transform = document["Transform"] {
            throw reader.invalid(
                transform.mark, nil,
                "transforms are not emulated; expand the template first (aws cloudformation package)"
            )
        }
        parameters = try reader.parameters(document["Parameters"])
        mappings = try reader.mappings(document["Mappings"])
        var conditions: [String: TemplateExpression] = [:]
        for entry in try reader.entries(document["Conditions"]) {
            conditions[entry.key] = try TemplateExpression(entry.value, file: file)
        }
        self.conditions = conditions
        resources = try reader.resources(document["Resources"])
        outputs = try reader.outputs(document["Outputs"])
        description = document["Description"]?.string
        guard !resources.isEmpty else {
            throw reader.invalid(document.mark, nil, "the template has no Resources")
        }
        guard resources.count <= Self.mostResources else {
            throw reader.invalid(
                document.mark, nil, "the template has \(resources.count) resources; \(Self.mostResources) are allowed")
        }
    }
}

/// Reads the sections of a template.
private struct TemplateReader {
    let file: String

    func invalid(_ mark: YAMLMark, _ logicalID: String?, _ reason: String) -> TemplateError {
        .invalid(file: file, mark: mark, logicalID: logicalID, reason: reason)
    }

    func entries(_ section: YAMLNode?) throws(TemplateError) -> [YAMLMapping.Entry] {
        guard let section, !section.isNull else { return [] }
        guard let mapping = section.mapping else {
            throw invalid(section.mark, nil, "expected a mapping, not \(section.kind)")
        }
        return mapping.entries
    }

    func parameters(_ section: YAMLNode?) throws(TemplateError) -> [Template.Parameter] {
        try entries(section).map { entry in
            Template.Parameter(
                name: entry.key, type: entry.value["Type"]?.string ?? "String",
                defaultValue: entry.value["Default"].map { $0.string ?? "" },
                allowedValues: entry.value["AllowedValues"]?.sequence?.compactMap(\.string) ?? [], mark: entry.keyMark,
                isHidden: entry.value["NoEcho"]?.string == "true", description: entry.value["Description"]?.string)
        }
    }

    func mappings(_ section: YAMLNode?) throws(TemplateError) -> [String: [String: [String: TemplateExpression]]] {
        var mappings: [String: [String: [String: TemplateExpression]]] = [:]
        for map in try entries(section) {
            for top in try entries(map.value) {
                for second in try entries(top.value) {
                    let value = try TemplateExpression(second.value, file: file)
                    guard value.isLiteral else {
                        throw invalid(
                            second.value.mark, nil, "Mappings hold texts and lists of texts, and no functions")
                    }
                    mappings[map.key, default: [:]][top.key, default: [:]][second.key] = value
                }
            }
        }
        return mappings
    }

    func resources(_ section: YAMLNode?) throws(TemplateError) -> [Template.Resource] {
        var resources: [Template.Resource] = []
        for entry in try entries(section) {
            guard let type = entry.value["Type"]?.string else {
                throw invalid(entry.keyMark, entry.key, "the resource has no Type")
            }
            let dependsOn = entry.value["DependsOn"]
            let properties: TemplateExpression
            do throws(TemplateError) {
                properties = try TemplateExpression(
                    entry.value["Properties"] ?? YAMLNode(.mapping(YAMLMapping()), mark: entry.keyMark), file: file)
            } catch { throw error.inside(entry.key) }
            resources.append(
                Template.Resource(
                    logicalID: entry.key, type: type, condition: entry.value["Condition"]?.string,
                    dependsOn: dependsOn?.sequence?.compactMap(\.string) ?? dependsOn?.string.map { [$0] } ?? [],
                    deletionPolicy: entry.value["DeletionPolicy"]?.string,
                    properties: properties, mark: entry.keyMark))
        }
        return resources
    }

    func outputs(_ section: YAMLNode?) throws(TemplateError) -> [Template.Output] {
        var outputs: [Template.Output] = []
        for entry in try entries(section) {
            guard let value = entry.value["Value"] else {
                throw invalid(entry.keyMark, entry.key, "the output has no Value")
            }
            var export: TemplateExpression?
            if let name = entry.value["Export"]?["Name"] { export = try TemplateExpression(name, file: file) }
            outputs.append(
                Template.Output(
                    name: entry.key, condition: entry.value["Condition"]?.string,
                    value: try TemplateExpression(value, file: file), export: export,
                    description: entry.value["Description"]?.string))
        }
        return outputs
    }
}
