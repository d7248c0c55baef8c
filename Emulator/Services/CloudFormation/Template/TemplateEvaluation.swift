internal import EmulatorCore
internal import JSON
internal import YAML

extension TemplateScope {
    /// Evaluates an expression.
    /// - Returns: nil for `AWS::NoValue`, which removes the member or element that holds it.
    func value(of expression: TemplateExpression) throws(TemplateError) -> JSON? {
        switch expression.kind {
        case .scalar(let value): return value
        case .list(let elements):
            var values: [JSON] = []
            for element in elements {
                if let value = try value(of: element) { values.append(value) }
            }
            return .array(values)
        case .map(let members):
            var object = JSONObject()
            for (name, member) in members { object[name] = try value(of: member) }
            return .object(object)
        case .ref(let name): return try reference(name, at: expression.mark)
        case .attribute(let logicalID, let name):
            return try attribute(try text(of: name), of: logicalID, at: expression.mark)
        case .substitute(let text, let variables):
            return .string(try substitute(text, variables, at: expression.mark))
        case .condition(let name): return .bool(try condition(name, at: expression.mark))
        case .choose(let name, let first, let second):
            return try value(of: try condition(name, at: expression.mark) ? first : second)
        case .apply(let function, let arguments):
            return try apply(function, arguments, at: expression.mark)
        }
    }

    /// A scalar as text.
    func text(of expression: TemplateExpression) throws(TemplateError) -> String {
        let value = try value(of: expression)
        guard let text = value?.templateText else {
            throw invalid(expression.mark, "expected a text, not \(value?.text ?? "no value")")
        }
        return text
    }

    private func texts(of expression: TemplateExpression) throws(TemplateError) -> [String] {
        guard case .array(let elements)? = try value(of: expression) else {
            throw invalid(expression.mark, "expected a list")
        }
        var texts: [String] = []
        for element in elements {
            guard let text = element.templateText else {
                throw invalid(expression.mark, "expected a list of texts, which cannot contain \(element.text)")
            }
            texts.append(text)
        }
        return texts
    }

    private func flag(of expression: TemplateExpression) throws(TemplateError) -> Bool {
        switch try value(of: expression) {
        case .bool(let value): return value
        case .string("true"): return true
        case .string("false"): return false
        default: throw invalid(expression.mark, "expected a condition")
        }
    }

    private func invalid(_ mark: YAMLMark, _ reason: String) -> TemplateError {
        .invalid(file: template.file, mark: mark, logicalID: nil, reason: reason)
    }

    // MARK: Functions

    private func apply(
        _ function: TemplateExpression.Function, _ arguments: [TemplateExpression], at mark: YAMLMark
    ) throws(TemplateError) -> JSON? {
        switch function {
        case .join:
            return .string(try texts(of: arguments[1]).joined(separator: try text(of: arguments[0])))
        case .select:
            guard let index = Int(try text(of: arguments[0])), case .array(let elements)? = try value(of: arguments[1])
            else { throw invalid(mark, "Fn::Select: expected an index and a list") }
            guard elements.indices.contains(index) else {
                throw invalid(mark, "Fn::Select asks for element \(index) of a list of \(elements.count)")
            }
            return elements[index]
        case .split:
            let separator = try text(of: arguments[0])
            return .array(try text(of: arguments[1]).parts(separatedBy: separator).map { .string($0) })
        case .equals:
            let (left, right) = (try value(of: arguments[0]), try value(of: arguments[1]))
            return .bool(left == right || left?.templateText != nil && left?.templateText == right?.templateText)
        case .and:
            for argument in arguments where try !flag(of: argument) { return false }
            return true
        case .or:
            for argument in arguments where try flag(of: argument) { return true }
            return false
        case .not: return .bool(try !flag(of: arguments[0]))
        case .findInMap:
            let keys = [try text(of: arguments[0]), try text(of: arguments[1]), try text(of: arguments[2])]
            guard let found = template.mappings[keys[0]]?[keys[1]]?[keys[2]] else {
                throw invalid(mark, "Mappings has no \(keys.joined(separator: "."))")
            }
            return try value(of: found)
        case .base64: return .string(try text(of: arguments[0]).utf8.base64)
        case .availabilityZones:
            let region = try text(of: arguments[0])
            return .array(["a", "b", "c"].map { .string((region.isEmpty ? account.region : region) + $0) })
        case .importValue:
            let name = try text(of: arguments[0])
            guard let value = exports[name] else { throw invalid(mark, "No export named \(name) found") }
            usedExports?.add(name)
            return .string(value)
        case .toJSONString: return .string(try value(of: arguments[0])?.text ?? "null")
        case .length:
            guard case .array(let elements)? = try value(of: arguments[0]) else {
                throw invalid(mark, "expected a list")
            }
            return .int(elements.count)
        case .addressRanges:
            let block = try text(of: arguments[0])
            guard let count = Int(try text(of: arguments[1])), let bits = Int(try text(of: arguments[2])),
                let ranges = AddressRange(block)?.parts(count, hostBits: bits)
            else { throw invalid(mark, "Fn::Cidr cannot divide \(block) into such parts") }
            return .array(ranges.map { .string($0.text) })
        }
    }

    /// Replaces `${Name}` and `${Resource.Attribute}` in a text; `${!Literal}` becomes `${Literal}`.
    private func substitute(
        _ text: String, _ variables: [String: TemplateExpression], at mark: YAMLMark
    ) throws(TemplateError) -> String {
        var result = ""
        for piece in SubstitutionText(text).pieces {
            switch piece {
            case .text(let text): result += text
            case .name(let name):
                if let variable = variables[name] {
                    result += try self.text(of: variable)
                } else if let dot = name.firstIndex(of: ".") {
                    let attribute = String(name[name.index(after: dot)...])
                    result += try self.attribute(attribute, of: String(name[..<dot]), at: mark).templateText ?? ""
                } else {
                    guard let text = try reference(name, at: mark)?.templateText else {
                        throw invalid(mark, "${\(name)} is not a text")
                    }
                    result += text
                }
            }
        }
        return result
    }
}

/// A text with `${…}`, split into its parts.
struct SubstitutionText {
    enum Piece: Hashable {
        case text(String)
        case name(String)
    }
    private(set) var pieces: [Piece] = []

    init(_ text: String) {
        var rest = text[...]
        while let open = rest.beginningOfName, let close = rest.utf8[open...].firstIndex(of: UInt8(ascii: "}")) {
            if open > rest.startIndex { pieces.append(.text(String(rest[..<open]))) }
            let name = rest[open..<close].dropFirst(2)
            if name.hasPrefix("!") {
                pieces.append(.text("${\(name.dropFirst())}"))
            } else {
                pieces.append(.name(String(name.filter { $0 != " " })))
            }
            rest = rest[rest.utf8.index(after: close)...]
        }
        if !rest.isEmpty { pieces.append(.text(String(rest))) }
    }

    var names: [String] {
        pieces.compactMap { piece in
            if case .name(let name) = piece { name } else { nil }
        }
    }
}

extension Substring {
    /// The place of the first `${`. Most texts have none, and a search for a text compares characters.
    fileprivate var beginningOfName: Index? {
        var rest = utf8[...]
        while let dollar = rest.firstIndex(of: UInt8(ascii: "$")) {
            rest = rest[rest.index(after: dollar)...]
            if rest.first == UInt8(ascii: "{") { return dollar }
        }
        return nil
    }
}

extension JSON {
    /// A scalar as CloudFormation inserts it into a text; nil for null, lists and objects.
    fileprivate var templateText: String? {
        switch self {
        case .string(let text): text
        case .number(let number): number.text
        case .bool(let flag): flag ? "true" : "false"
        default: nil
        }
    }
}
