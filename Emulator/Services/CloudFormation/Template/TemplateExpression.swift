internal import EmulatorCore
internal import JSON
internal import YAML

/// A value in a template, whose intrinsic functions are recognised but not evaluated.
/// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html>
struct TemplateExpression: Sendable {
    indirect enum Kind: Sendable {
        case scalar(JSON)
        case list([TemplateExpression])
        case map([(name: String, value: TemplateExpression)])
        case ref(String)
        case attribute(of: String, name: TemplateExpression)
        /// The template text and its own variables.
        case substitute(String, [String: TemplateExpression])
        case condition(String)
        case choose(condition: String, TemplateExpression, otherwise: TemplateExpression)
        /// A function that needs only its arguments.
        case apply(Function, [TemplateExpression])
    }

    enum Function: String, Sendable, CaseIterable {
        case join = "Join"
        case select = "Select"
        case split = "Split"
        case equals = "Equals"
        case and = "And"
        case or = "Or"
        case not = "Not"
        case findInMap = "FindInMap"
        case base64 = "Base64"
        case availabilityZones = "GetAZs"
        case importValue = "ImportValue"
        case toJSONString = "ToJsonString"
        case length = "Length"
        case addressRanges = "Cidr"

        /// The number of arguments; nil for any number.
        var argumentCount: Int? {
            switch self {
            case .join, .select, .split, .equals: 2
            case .findInMap, .addressRanges: 3
            case .not, .base64, .availabilityZones, .importValue, .toJSONString, .length: 1
            case .and, .or: nil
            }
        }

        /// Whether its one argument need not be in a list.
        var takesBareArgument: Bool { argumentCount == 1 && self != .not }
    }

    let kind: Kind
    let mark: YAMLMark
}

extension TemplateExpression {
    /// Whether it is a scalar or a list of scalars.
    var isLiteral: Bool {
        switch kind {
        case .scalar: true
        case .list(let elements): elements.allSatisfy { if case .scalar = $0.kind { true } else { false } }
        default: false
        }
    }
}

// MARK: Recognition

extension TemplateExpression {
    /// - Parameter file: the name of the template in errors.
    init(_ node: YAMLNode, file: String) throws(TemplateError) {
        mark = node.mark
        if let tag = node.tag, tag.hasPrefix("!"), tag.count > 1 {
            let name = String(tag.dropFirst())
            let bare = YAMLNode(node.content, mark: node.mark)
            kind = try Self.call(name == "Ref" || name == "Condition" ? name : "Fn::" + name, bare, file)
            return
        }
        switch node.content {
        case .scalar(let text, let isPlain):
            kind = .scalar(isPlain ? Self.plainScalar(text) : .string(text))
        case .sequence(let elements):
            kind = .list(try Self.expressions(elements, file))
        case .mapping(let mapping):
            if mapping.count == 1, let entry = mapping.first, Self.isCall(entry) {
                kind = try Self.call(entry.key, entry.value, file)
                return
            }
            var members: [(name: String, value: TemplateExpression)] = []
            for entry in mapping { members.append((entry.key, try TemplateExpression(entry.value, file: file))) }
            kind = .map(members)
        }
    }

    private static func expressions(_ nodes: [YAMLNode], _ file: String) throws(TemplateError) -> [TemplateExpression] {
        var expressions: [TemplateExpression] = []
        for node in nodes { expressions.append(try TemplateExpression(node, file: file)) }
        return expressions
    }

    /// `Condition` is a function if its value is a name. In a policy statement it is an ordinary member.
    private static func isCall(_ entry: YAMLMapping.Entry) -> Bool {
        entry.key == "Ref" || entry.key.hasPrefix("Fn::") || entry.key == "Condition" && entry.value.string != nil
    }

    /// A plain scalar by YAML 1.2's core schema. Digits that are not a JSON number (`0012`) stay text.
    private static func plainScalar(_ text: String) -> JSON {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE": return true
        case "false", "False", "FALSE": return false
        default:
            guard let first = text.utf8.first, first == UInt8(ascii: "-") || (0x30...0x39).contains(first) else {
                return .string(text)
            }
            return JSONNumber(text).map { .number($0) } ?? .string(text)
        }
    }

    private static func call(_ name: String, _ node: YAMLNode, _ file: String) throws(TemplateError) -> Kind {
        func invalid(_ reason: String) -> TemplateError {
            .invalid(file: file, mark: node.mark, logicalID: nil, reason: reason)
        }
        switch name {
        case "Ref":
            guard let target = node.string else { throw invalid("Ref: expected a name, not \(node.kind)") }
            return .ref(target)
        case "Condition":
            guard let target = node.string else { throw invalid("Condition: expected a name, not \(node.kind)") }
            return .condition(target)
        case "Fn::GetAtt":
            if let text = node.string, let dot = text.firstIndex(of: ".") {
                let attribute = String(text[text.index(after: dot)...])
                return .attribute(
                    of: String(text[..<dot]),
                    name: TemplateExpression(kind: .scalar(.string(attribute)), mark: node.mark))
            }
            guard let parts = node.sequence, parts.count == 2, let target = parts[0].string else {
                throw invalid("Fn::GetAtt: expected Resource.Attribute or a list of the two, not \(node.kind)")
            }
            return .attribute(of: target, name: try TemplateExpression(parts[1], file: file))
        case "Fn::Sub":
            if let text = node.string { return .substitute(text, [:]) }
            guard let parts = node.sequence, parts.count == 2, let text = parts[0].string,
                let variables = parts[1].mapping
            else { throw invalid("Fn::Sub: expected a text, or a list of a text and a mapping, not \(node.kind)") }
            var values: [String: TemplateExpression] = [:]
            for entry in variables { values[entry.key] = try TemplateExpression(entry.value, file: file) }
            return .substitute(text, values)
        case "Fn::If":
            guard let parts = node.sequence, parts.count == 3, let condition = parts[0].string else {
                throw invalid("Fn::If: expected a list of a condition's name and two values")
            }
            return .choose(
                condition: condition, try TemplateExpression(parts[1], file: file),
                otherwise: try TemplateExpression(parts[2], file: file))
        default:
            guard let function = Function(rawValue: String(name.dropFirst("Fn::".count))) else {
                throw invalid("\(name) is not an intrinsic function that is emulated")
            }
            let arguments = node.sequence ?? []
            if function.takesBareArgument, arguments.count != 1 {
                return .apply(function, [try TemplateExpression(node, file: file)])
            }
            guard function.argumentCount.map({ $0 == arguments.count }) ?? !arguments.isEmpty else {
                let wanted = function.argumentCount.map(String.init) ?? "1 or more"
                throw invalid("\(name): expected a list of \(wanted), not \(arguments.count)")
            }
            return .apply(function, try expressions(arguments, file))
        }
    }
}
