internal import EmulatorCore
internal import JSON
internal import YAML

/// The meaning of names while a template is deployed: parameters, pseudo parameters, mappings, conditions, and the
/// resources that exist so far.
struct TemplateScope: Sendable {
    let template: Template
    let account: Account
    let stackName: String
    private let parameters: [String: JSON]
    private var conditions: [String: Bool] = [:]
    /// By logical ID.
    var resources: [String: ProvisionedResource] = [:]
    /// What other stacks export, and which of it is used.
    var exports: [String: String] = [:]
    var usedExports: UsedExports?

    /// - Parameter overrides: values for parameters; the others have their defaults.
    init(
        _ template: Template, stackName: String, overrides: [String: String], account: Account
    ) throws(TemplateError) {
        self.template = template
        self.account = account
        self.stackName = stackName
        for name in overrides.keys.sorted() where !template.parameters.contains(where: { $0.name == name }) {
            throw .invalid(
                file: template.file, mark: nil, logicalID: nil, reason: "the template has no parameter \(name)")
        }
        var parameters: [String: JSON] = [:]
        for parameter in template.parameters {
            parameters[parameter.name] = try Self.value(of: parameter, overrides[parameter.name], template.file)
        }
        self.parameters = parameters
        for name in template.conditions.keys.sorted() { _ = try condition(name, from: [], at: nil) }
    }

    /// The value of such a parameter is that of a parameter of SSM.
    static let ssmValue = "AWS::SSM::Parameter::Value<"

    private static func value(
        of parameter: Template.Parameter, _ override: String?, _ file: String
    ) throws(TemplateError) -> JSON {
        guard let text = override ?? parameter.defaultValue ?? placeholderValue(ofType: parameter.type) else {
            throw .invalid(
                file: file, mark: parameter.mark, logicalID: parameter.name,
                reason: "the parameter has no default; give it a value with --parameter \(parameter.name)=…")
        }
        guard parameter.allowedValues.isEmpty || parameter.allowedValues.contains(text) else {
            throw .invalid(
                file: file, mark: parameter.mark, logicalID: parameter.name,
                reason: "'\(text)' is not among the allowed values: \(parameter.allowedValues.joined(separator: ", "))")
        }
        let type =
            parameter.type.hasPrefix(ssmValue) ? String(parameter.type.dropFirst(ssmValue.count)) : parameter.type
        guard type.hasPrefix("CommaDelimitedList") || type.hasPrefix("List<") else { return .string(text) }
        return .array(text.split(separator: ",").map { .string(String($0.drop { $0 == " " })) })
    }

    /// Placeholder IDs of networks and similar types, which are not emulated: `subnet-00000000000000001`; nil for other
    /// types.
    private static func placeholderValue(ofType type: String) -> String? {
        let isList = type.hasPrefix("List<")
        let element = isList ? String(type.dropFirst(5).dropLast()) : type
        let parts = element.split(separator: ":", omittingEmptySubsequences: true)
        guard parts.count >= 3, parts[0] == "AWS", parts[1] != "SSM" else { return nil }
        let kind = parts[2] == "SecurityGroup" ? "sg" : parts[2].lowercased()
        let ids = (1...2).map { "\(kind)-0000000000000000\($0)" }
        return isList ? ids.joined(separator: ",") : ids[0]
    }

    // MARK: Names

    private func invalid(_ mark: YAMLMark?, _ reason: String) -> TemplateError {
        .invalid(file: template.file, mark: mark, logicalID: nil, reason: reason)
    }

    /// - Returns: nil for `AWS::NoValue`.
    func reference(_ name: String, at mark: YAMLMark?) throws(TemplateError) -> JSON? {
        if let value = parameters[name] { return value }
        if let resource = resources[name] { return .string(resource.ref) }
        switch name {
        case "AWS::AccountId": return .string(account.id)
        case "AWS::Region": return .string(account.region)
        case "AWS::Partition": return "aws"
        case "AWS::URLSuffix": return "amazonaws.com"
        case "AWS::StackName": return .string(stackName)
        case "AWS::StackId": return .string(account.arn("cloudformation", "stack/\(stackName)/emulator"))
        case "AWS::NotificationARNs": return []
        case "AWS::NoValue": return nil
        default: throw invalid(mark, "\(name) is neither a parameter nor an existing resource")
        }
    }

    func attribute(_ name: String, of logicalID: String, at mark: YAMLMark?) throws(TemplateError) -> JSON {
        guard let resource = resources[logicalID] else { throw invalid(mark, "no resource is named \(logicalID)") }
        guard let value = resource.attributes[name] else {
            throw invalid(mark, "\(logicalID) has no attribute \(name) in the emulator")
        }
        return .string(value)
    }

    // MARK: Conditions

    /// Each condition of a chain takes a level of the stack.
    private static let longestChain = 200

    func condition(_ name: String, at mark: YAMLMark?) throws(TemplateError) -> Bool {
        guard let value = conditions[name] else { throw invalid(mark, "no condition is named \(name)") }
        return value
    }

    /// - Parameter dependents: the conditions whose evaluation needs this one.
    private mutating func condition(
        _ name: String, from dependents: [String], at mark: YAMLMark?
    ) throws(TemplateError) -> Bool {
        if let known = conditions[name] { return known }
        guard let expression = template.conditions[name] else { throw invalid(mark, "no condition is named \(name)") }
        guard !dependents.contains(name) else {
            throw invalid(
                expression.mark,
                "conditions depend on each other in a circle: \((dependents + [name]).joined(separator: " -> "))")
        }
        guard dependents.count < Self.longestChain else {
            throw invalid(expression.mark, "more than \(Self.longestChain) conditions depend on each other in a row")
        }
        for needed in expression.conditionNames {
            _ = try condition(needed, from: dependents + [name], at: expression.mark)
        }
        guard case .bool(let value)? = try self.value(of: expression) else {
            throw invalid(expression.mark, "the condition \(name) is neither true nor false")
        }
        conditions[name] = value
        return value
    }
}

extension TemplateExpression {
    /// The conditions that this expression refers to.
    fileprivate var conditionNames: [String] {
        switch kind {
        case .condition(let name): [name]
        case .choose(let name, let first, let second): [name] + first.conditionNames + second.conditionNames
        case .apply(_, let arguments), .list(let arguments): arguments.flatMap(\.conditionNames)
        default: []
        }
    }
}
