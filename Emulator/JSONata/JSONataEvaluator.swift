internal import JSON

/// Evaluates one expression once.
///
/// - SeeAlso: <https://docs.jsonata.org/processing>
final class JSONataEvaluator {
    var random: RandomSource
    /// Milliseconds since 1970.
    let now: Int64
    let meter: JSONataMeter
    private let usesTuples: Bool

    init(random: RandomSource, now: Int64, limits: JSONataLimits = .stepFunctions, usesTuples: Bool = false) {
        self.usesTuples = usesTuples
        self.random = random
        self.now = now
        meter = JSONataMeter(limits)
    }

    func evaluate(_ node: JSONataNode, _ input: JSONataValue, _ frame: JSONataFrame) throws(JSONataFault)
        -> JSONataValue
    {
        try meter.nested { () throws(JSONataFault) in try evaluateNode(node, input, frame) }
    }

    private func evaluateNode(_ node: JSONataNode, _ input: JSONataValue, _ frame: JSONataFrame) throws(JSONataFault)
        -> JSONataValue
    {
        switch node {
        case .literal(let value): return .json(value)
        case .variable(let name): return variable(name, input, frame)
        case .regex(let regex): return .function(.regex(regex))
        case .path(let path):
            return usesTuples ? try evaluateTuples(path, input, frame) : try evaluate(path, input, frame)
        case .position: return .undefined
        case .binary(let operation, let left, let right): return try evaluate(operation, left, right, input, frame)
        case .negative(let operand):
            let value = try evaluate(operand, input, frame)
            if value.isUndefined { return .undefined }
            guard let number = value.number else {
                throw JSONataFault("D1002", "Cannot negate a non-numeric value: \(try meter.shown(value))")
            }
            return .number(number == 0 ? 0 : -number)
        case .array(let nodes): return try array(nodes, input, frame)
        case .object(let pairs): return try group(pairs, over: input, frame)
        case .block(let nodes):
            let inner = JSONataFrame(inside: frame)
            var result = JSONataValue.undefined
            for node in nodes { result = try evaluate(node, input, inner) }
            return result
        case .condition(let test, let then, let otherwise):
            if try meter.isTruthy(try evaluate(test, input, frame)) { return try evaluate(then, input, frame) }
            guard let otherwise else { return .undefined }
            return try evaluate(otherwise, input, frame)
        case .bind(let name, let node):
            let value = try evaluate(node, input, frame)
            frame.bind(name, value)
            return value
        case .lambda(let parameters, let body):
            return .function(.lambda(parameters, body: body, input: [input], frame: frame))
        case .call(let function, let arguments): return try call(function, arguments, input, frame)
        case .partial(let function, let arguments): return try partial(function, arguments, input, frame)
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
        if nodes.count == 1, case .binary(.range, _, _) = nodes[0],
            case .list(var list) = try evaluate(nodes[0], input, frame)
        {
            list.isSequence = false
            return .list(list)
        }
        var items: [JSONataValue] = []
        for node in nodes {
            let value = try evaluate(node, input, frame)
            if value.isUndefined { continue }
            if case .array = node {
                items.append(value)
            } else {
                items += value.asElements
                try meter.check(bytes: 8 * items.count)
            }
        }
        return .list(try JSONataList(items, meter))
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
            var list = try JSONataList(value.asElements, isSequence: true, meter)
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
                        "T1003", "Key in object structure must evaluate to a string; got: \(try meter.shown(key))")
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
        var members: [(String, JSONataValue)] = []
        for group in groups {
            let context = try JSONataList(group.items, isSequence: true, meter).collapsed
            members.append((group.key, try evaluate(pairs[group.pair].value, context, frame)))
        }
        return try object(of: members)
    }

    func object(of members: [(name: String, value: JSONataValue)]) throws(JSONataFault) -> JSONataValue {
        var object = JSONObject()
        for (name, value) in members { object[name] = try meter.json(value) }
        return try meter.object(object)
    }
}

// MARK: Functions

extension JSONataEvaluator {
    private func callee(
        _ node: JSONataNode, _ input: JSONataValue, _ frame: JSONataFrame
    ) throws(JSONataFault) -> JSONataFunction {
        if let function = try evaluate(node, input, frame).function { return function }
        guard case .path(let path) = node, path.steps.count == 1, case .name(let name) = path.steps[0].kind,
            JSONataLibrary.functions[name] != nil
        else { throw JSONataFault("T1006", "Attempted to invoke a non-function") }
        throw JSONataFault("T1005", "Attempted to invoke a non-function. Did you mean $\(name)?")
    }

    private func values(
        of arguments: [JSONataNode], _ input: JSONataValue, _ frame: JSONataFrame
    ) throws(JSONataFault) -> [JSONataValue] {
        var values: [JSONataValue] = []
        for argument in arguments { values.append(try evaluate(argument, input, frame)) }
        return values
    }

    private func call(
        _ node: JSONataNode, _ arguments: [JSONataNode], _ input: JSONataValue, _ frame: JSONataFrame
    ) throws(JSONataFault) -> JSONataValue {
        let function = try callee(node, input, frame)
        return try invoke(function, try values(of: arguments, input, frame), context: input)
    }

    private func partial(
        _ node: JSONataNode, _ arguments: [JSONataNode?], _ input: JSONataValue, _ frame: JSONataFrame
    ) throws(JSONataFault) -> JSONataValue {
        guard let callee = try evaluate(node, input, frame).function else {
            throw JSONataFault("T1008", "Attempted to partially apply a non-function")
        }
        var given: [JSONataValue?] = []
        for argument in arguments {
            if let argument { given.append(try evaluate(argument, input, frame)) } else { given.append(nil) }
        }
        return .function(.partial(callee, given))
    }

    private func apply(
        _ left: JSONataNode, _ right: JSONataNode, _ input: JSONataValue, _ frame: JSONataFrame
    ) throws(JSONataFault) -> JSONataValue {
        let value = try evaluate(left, input, frame)
        if case .call(let node, let arguments) = right {
            let function = try callee(node, input, frame)
            return try invoke(function, [value] + values(of: arguments, input, frame), context: input)
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
        case .lambda: return try invokeLambda(function, arguments)
        case .partial(let callee, let given):
            var rest = arguments[...]
            return try invoke(callee, given.map { $0 ?? rest.popFirst() ?? .undefined }, context: context)
        case .composed(let first, let second):
            return try invoke(second, [try invoke(first, arguments, context: context)], context: context)
        case .transform(let pattern, let update, let delete, let frame):
            return try transform(arguments.first ?? .undefined, pattern, update, delete, frame)
        case .regex(let regex):
            return try JSONataLibrary.match(arguments.first ?? .undefined, regex, self)
        }
    }

    /// Calls a function of the expression; a call in tail position replaces the one that makes it, and so takes no depth.
    private func invokeLambda(
        _ function: JSONataFunction, _ arguments: [JSONataValue]
    ) throws(JSONataFault) -> JSONataValue {
        var (function, arguments) = (function, arguments)
        while case .lambda(let parameters, let body, let input, let outer) = function {
            let frame = JSONataFrame(inside: outer)
            if let signature = parameters.signature {
                arguments = try signature.checked(arguments, of: parameters.function, context: input[0])
            }
            for (position, parameter) in parameters.names.enumerated() {
                frame.bind(parameter, position < arguments.count ? arguments[position] : .undefined)
            }
            switch try evaluateTail(body, input[0], frame) {
            case .value(let value): return value
            case .call(let next, let values): (function, arguments) = (next, values)
            }
        }
        return try invoke(function, arguments)
    }

    private enum Tail {
        case value(JSONataValue)
        case call(JSONataFunction, [JSONataValue])
    }

    private func evaluateTail(
        _ node: JSONataNode, _ input: JSONataValue, _ frame: JSONataFrame
    ) throws(JSONataFault) -> Tail {
        try meter.nested { () throws(JSONataFault) in
            switch node {
            case .call(let node, let arguments):
                let function = try callee(node, input, frame)
                let values = try values(of: arguments, input, frame)
                guard case .lambda = function else { return .value(try invoke(function, values, context: input)) }
                return .call(function, values)
            case .condition(let test, let then, let otherwise):
                if try meter.isTruthy(try evaluate(test, input, frame)) { return try evaluateTail(then, input, frame) }
                guard let otherwise else { return .value(.undefined) }
                return try evaluateTail(otherwise, input, frame)
            case .block(let nodes):
                guard let last = nodes.last else { return .value(.undefined) }
                let inner = JSONataFrame(inside: frame)
                for node in nodes.dropLast() { _ = try evaluate(node, input, inner) }
                return try evaluateTail(last, input, inner)
            default: return .value(try evaluateNode(node, input, frame))
            }
        }
    }

    private func transform(
        _ value: JSONataValue, _ pattern: JSONataNode, _ update: JSONataNode, _ delete: JSONataNode?,
        _ frame: JSONataFrame
    ) throws(JSONataFault) -> JSONataValue {
        guard var document = try meter.json(value) else { return .undefined }
        let matches = try evaluate(pattern, .json(document), frame).asElements
        for match in matches {
            guard case .json(.object(var object)) = match else { continue }
            let changes = try evaluate(update, match, frame)
            guard changes.isUndefined || changes.object != nil else {
                throw JSONataFault(
                    "T2011",
                    "The insert/update clause of the transform expression must evaluate to an object: "
                        + (try meter.shown(changes)))
            }
            for (name, value) in changes.object ?? [:] { object[name] = value }
            if let delete {
                for name in try evaluate(delete, match, frame).asElements {
                    guard let name = name.string else {
                        throw JSONataFault(
                            "T2012",
                            "The delete clause of the transform expression must evaluate to a string or array of "
                                + "strings: \(try meter.shown(name))")
                    }
                    object[name] = nil
                }
            }
            guard let old = match.object else { continue }
            document = try replace(.object(old), with: .object(object), in: document)
        }
        if let object = document.object { return try meter.object(object) }
        return .json(document)
    }

    /// The document with every node equal to `old` replaced.
    private func replace(_ old: JSON, with new: JSON, in value: JSON) throws(JSONataFault) -> JSON {
        try meter.spend()
        if value == old { return new }
        switch value {
        case .array(let elements):
            var replaced: [JSON] = []
            for element in elements { replaced.append(try replace(old, with: new, in: element)) }
            return .array(replaced)
        case .object(let object):
            var replaced = JSONObject()
            for (name, member) in object { replaced[name] = try replace(old, with: new, in: member) }
            return .object(replaced)
        default: return value
        }
    }
}
