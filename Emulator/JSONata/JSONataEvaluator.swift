internal import JSON

/// Evaluates one expression once.
///
/// - SeeAlso: <https://docs.jsonata.org/processing>
final class JSONataEvaluator {
    var random: RandomSource
    /// Milliseconds since 1970.
    let now: Int64
    private var depth = 0
    /// Evaluations inside evaluations; a bound on the stack that recursive functions take.
    private static let depthLimit = 220

    init(random: RandomSource, now: Int64) {
        self.random = random
        self.now = now
    }

    func evaluate(_ node: JSONataNode, _ input: JSONataValue, _ frame: JSONataFrame) throws(JSONataFault)
        -> JSONataValue
    {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else {
            throw JSONataFault("U1001", "Stack overflow error: Check for non-terminating recursive function.")
        }
        switch node {
        case .literal(let value): return .json(value)
        case .variable(let name): return variable(name, input, frame)
        case .regex(let regex): return .function(.regex(regex))
        case .path(let path): return try evaluate(path, input, frame)
        case .binary(let operation, let left, let right): return try evaluate(operation, left, right, input, frame)
        case .negative(let operand):
            let value = try evaluate(operand, input, frame)
            if value.isUndefined { return .undefined }
            guard let number = value.number else {
                throw JSONataFault("D1002", "Cannot negate a non-numeric value: \(value.json?.text ?? "")")
            }
            return .number(-number)
        case .array(let nodes): return try array(nodes, input, frame)
        case .object(let pairs): return try group(pairs, over: input, frame)
        case .block(let nodes):
            let inner = JSONataFrame(inside: frame)
            var result = JSONataValue.undefined
            for node in nodes { result = try evaluate(node, input, inner) }
            return result
        case .condition(let test, let then, let otherwise):
            if try evaluate(test, input, frame).isTruthy { return try evaluate(then, input, frame) }
            guard let otherwise else { return .undefined }
            return try evaluate(otherwise, input, frame)
        case .bind(let name, let node):
            let value = try evaluate(node, input, frame)
            frame.bind(name, value)
            return value
        case .lambda(let parameters, let body):
            return .function(.lambda(parameters: parameters, body: body, frame: frame))
        case .call(let function, let arguments): return try call(function, arguments, input, frame)
        case .partial(let function, let arguments):
            guard let callee = try callee(function, input, frame) else {
                throw JSONataFault("T1007", "Attempted to partially apply a non-function")
            }
            var given: [JSONataValue?] = []
            for argument in arguments {
                if let argument { given.append(try evaluate(argument, input, frame)) } else { given.append(nil) }
            }
            return .function(.partial(callee, given))
        case .apply(let left, let right): return try apply(left, right, input, frame)
        case .transform(let pattern, let update, let delete):
            return .function(.transform(pattern: pattern, update: update, delete: delete, frame: frame))
        case .filtered(let inner, let predicates, let keepsArray, let groupPairs):
            return try filtered(inner, predicates, keepsArray, groupPairs, input, frame)
        }
    }

    private func variable(_ name: String, _ input: JSONataValue, _ frame: JSONataFrame) -> JSONataValue {
        switch name {
        case "": input
        case "$": frame.lookUp("$") ?? .undefined
        default: frame.lookUp(name) ?? (JSONataLibrary.functions[name] != nil ? .function(.builtIn(name)) : .undefined)
        }
    }

    private func array(
        _ nodes: [JSONataNode], _ input: JSONataValue, _ frame: JSONataFrame
    ) throws(JSONataFault) -> JSONataValue {
        var items: [JSONataValue] = []
        for node in nodes {
            let value = try evaluate(node, input, frame)
            if value.isUndefined { continue }
            if case .array = node {
                items.append(value)
            } else {
                items += value.asElements
            }
        }
        return .list(JSONataList(items: items))
    }

    private func filtered(
        _ node: JSONataNode, _ predicates: [JSONataNode], _ keepsArray: Bool, _ pairs: [JSONataPair]?,
        _ input: JSONataValue, _ frame: JSONataFrame
    ) throws(JSONataFault) -> JSONataValue {
        var value = try evaluate(node, input, frame)
        for predicate in predicates {
            var list = try filter(value, by: predicate, frame)
            list.keepsSingleton = keepsArray
            value = list.collapsed
        }
        if let pairs { return try group(pairs, over: value, frame) }
        if keepsArray, !value.isUndefined {
            var list = JSONataList(items: value.asElements, isSequence: true)
            list.keepsSingleton = true
            return list.collapsed
        }
        return value
    }

    /// Builds an object: each key from the items that yield it, each value from all of them together.
    func group(
        _ pairs: [JSONataPair], over input: JSONataValue, _ frame: JSONataFrame
    ) throws(JSONataFault) -> JSONataValue {
        var groups: [(key: String, items: [JSONataValue], pair: Int)] = []
        var positions: [String: Int] = [:]
        let items = input.isUndefined ? [.undefined] : input.elements.map { $0.isEmpty ? [.undefined] : $0 } ?? [input]
        for item in items {
            for (number, pair) in pairs.enumerated() {
                let key = try evaluate(pair.key, item, frame)
                guard let name = key.string else {
                    if key.isUndefined { continue }
                    throw JSONataFault(
                        "T1003", "Key in object structure must evaluate to a string; got: \(key.json?.text ?? "")")
                }
                if let position = positions[name] {
                    guard groups[position].pair == number else {
                        throw JSONataFault("D1009", "Multiple key definitions evaluate to same key: \"\(name)\"")
                    }
                    groups[position].items.append(item)
                } else {
                    positions[name] = groups.count
                    groups.append((name, [item], number))
                }
            }
        }
        var object = JSONObject()
        for group in groups {
            let context = JSONataList(items: group.items, isSequence: true).collapsed
            object[group.key] = try evaluate(pairs[group.pair].value, context, frame).json
        }
        return .json(.object(object))
    }

    // MARK: Functions

    private func callee(
        _ node: JSONataNode, _ input: JSONataValue, _ frame: JSONataFrame
    ) throws(JSONataFault) -> JSONataFunction? {
        try evaluate(node, input, frame).function
    }

    private func call(
        _ node: JSONataNode, _ arguments: [JSONataNode], _ input: JSONataValue, _ frame: JSONataFrame
    ) throws(JSONataFault) -> JSONataValue {
        guard let function = try callee(node, input, frame) else {
            if case .path(let path) = node, path.steps.count == 1, case .name(let name) = path.steps[0].kind,
                JSONataLibrary.functions[name] != nil
            {
                throw JSONataFault(
                    "T1005", "Attempted to invoke a non-function. Did you mean $\(name)?")
            }
            throw JSONataFault("T1006", "Attempted to invoke a non-function")
        }
        var values: [JSONataValue] = []
        for argument in arguments { values.append(try evaluate(argument, input, frame)) }
        return try invoke(function, values, context: input)
    }

    private func apply(
        _ left: JSONataNode, _ right: JSONataNode, _ input: JSONataValue, _ frame: JSONataFrame
    ) throws(JSONataFault) -> JSONataValue {
        let value = try evaluate(left, input, frame)
        if case .call(let function, let arguments) = right {
            guard let callee = try callee(function, input, frame) else {
                throw JSONataFault("T1006", "Attempted to invoke a non-function")
            }
            var values = [value]
            for argument in arguments { values.append(try evaluate(argument, input, frame)) }
            return try invoke(callee, values, context: input)
        }
        guard let function = try evaluate(right, input, frame).function else {
            throw JSONataFault("T2006", "The right side of the function application operator ~> must be a function")
        }
        if let first = value.function { return .function(.composed(first, function)) }
        return try invoke(function, [value], context: input)
    }

    func invoke(
        _ function: JSONataFunction, _ arguments: [JSONataValue], context: JSONataValue = .undefined
    ) throws(JSONataFault) -> JSONataValue {
        switch function {
        case .builtIn(let name):
            guard let builtIn = JSONataLibrary.functions[name] else {
                throw JSONataFault("T1006", "Attempted to invoke a non-function")
            }
            return try builtIn.invoke(name, arguments, context: context, by: self)
        case .lambda(let parameters, let body, let frame):
            let inner = JSONataFrame(inside: frame)
            for (position, parameter) in parameters.enumerated() {
                inner.bind(parameter, position < arguments.count ? arguments[position] : .undefined)
            }
            return try evaluate(body, frame.lookUp("$") ?? .undefined, inner)
        case .partial(let callee, let given):
            var rest = arguments[...]
            return try invoke(callee, given.map { $0 ?? rest.popFirst() ?? .undefined }, context: context)
        case .composed(let first, let second):
            return try invoke(second, [try invoke(first, arguments, context: context)], context: context)
        case .transform(let pattern, let update, let delete, let frame):
            return try transform(arguments.first ?? .undefined, pattern, update, delete, frame)
        case .regex(let regex):
            return try JSONataLibrary.match(arguments.first ?? .undefined, regex)
        }
    }

    private func transform(
        _ value: JSONataValue, _ pattern: JSONataNode, _ update: JSONataNode, _ delete: JSONataNode?,
        _ frame: JSONataFrame
    ) throws(JSONataFault) -> JSONataValue {
        guard var document = value.json else { return .undefined }
        let matches = try evaluate(pattern, .json(document), frame).asElements.compactMap(\.json)
        for match in matches {
            guard case .object(var object) = match else { continue }
            let changes = try evaluate(update, .json(match), frame)
            guard changes.isUndefined || changes.object != nil else {
                throw JSONataFault(
                    "T2011", "The insert/update clause of the transform expression must evaluate to an object")
            }
            for (name, value) in changes.object ?? [:] { object[name] = value }
            if let delete {
                for name in try evaluate(delete, .json(match), frame).asElements.compactMap(\.string) {
                    object[name] = nil
                }
            }
            document = document.replacing(match, with: .object(object))
        }
        return .json(document)
    }
}

extension JSON {
    /// The document with every node equal to `old` replaced.
    fileprivate func replacing(_ old: JSON, with new: JSON) -> JSON {
        if self == old { return new }
        switch self {
        case .array(let elements): return .array(elements.map { $0.replacing(old, with: new) })
        case .object(let object):
            return .object(JSONObject(object.map { ($0.name, $0.value.replacing(old, with: new)) }))
        default: return self
        }
    }
}
