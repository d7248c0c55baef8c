internal import JSON
internal import JSONata

/// A JSON value with places to fill in: `Parameters`, `ResultSelector`, `Assign`, `Arguments`, `Output`…
///
/// - SeeAlso: <https://states-language.net/spec.html#payload-template>
indirect enum Template: Sendable, Equatable {
    case constant(JSON)
    case object([Member])
    case array([Template])
    case expression(Expression)

    struct Member: Sendable, Equatable {
        let name: String
        let value: Template
    }

    func evaluate(in scope: inout Scope) throws(ASLFault) -> JSON {
        switch self {
        case .constant(let value): return value
        case .expression(let expression): return try expression.evaluate(in: &scope)
        case .array(let elements):
            var values: [JSON] = []
            for element in elements { values.append(try element.evaluate(in: &scope)) }
            return .array(values)
        case .object(let members):
            var object = JSONObject()
            for member in members { object[member.name] = try member.value.evaluate(in: &scope) }
            return .object(object)
        }
    }

    /// All expressions inside, in the order of the text.
    var expressions: [Expression] {
        switch self {
        case .constant: []
        case .expression(let expression): [expression]
        case .array(let elements): elements.flatMap(\.expressions)
        case .object(let members): members.flatMap(\.value.expressions)
        }
    }
}

/// One value to compute, and the field that asks for it.
struct Expression: Sendable, Equatable {
    let source: Source
    /// The field's name as error texts give it: `value.$`, or in JSONata the way to it, `Output/value`.
    let field: String

    enum Source: Sendable, Equatable {
        case path(JSONPath)
        case call(IntrinsicCall)
        case jsonata(JSONataExpression)
    }

    func evaluate(in scope: inout Scope) throws(ASLFault) -> JSON {
        switch source {
        case .path(let path):
            do {
                return try scope.value(at: path)
            } catch {
                throw notFound(path, in: scope)
            }
        case .call(let call): return try evaluate(call, in: &scope)
        case .jsonata(let program): return try program.evaluate(in: &scope, field: field)
        }
    }

    private func evaluate(_ call: IntrinsicCall, in scope: inout Scope) throws(ASLFault) -> JSON {
        var arguments: [JSON] = []
        for argument in call.arguments {
            switch argument {
            case .literal(let value): arguments.append(value)
            case .call(let inner): arguments.append(try evaluate(inner, in: &scope))
            case .path(let path):
                do {
                    let value = try scope.value(at: path)
                    let isPrinted = call.function == .format && path.root == .context && value.string == nil
                    arguments.append(isPrinted ? .string(value.javaText) : value)
                } catch {
                    throw notFound(path, in: scope)
                }
            }
        }
        do {
            return try call.function.apply(to: arguments, random: &scope.random)
        } catch {
            throw .intrinsic("The function '\(call.text)' had the following error: \(error.reason)")
        }
    }

    private func notFound(_ path: JSONPath, in scope: Scope) -> ASLFault {
        let document = path.root == .context ? scope.context : scope.input
        return .runtime(
            "The JSONPath '\(path.text)' specified for the field '\(field)' could not be found in the input "
                + "'\(document.text)'")
    }
}

extension JSON {
    /// The value as Java prints maps and lists: what `States.Format` makes of parts of the context object, on AWS too.
    fileprivate var javaText: String {
        switch self {
        case .object(let object): "{" + object.map { "\($0.name)=\($0.value.javaText)" }.joined(separator: ", ") + "}"
        case .array(let elements): "[" + elements.map(\.javaText).joined(separator: ", ") + "]"
        default: plainText
        }
    }
}
