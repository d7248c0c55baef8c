internal import JSON

/// Functions on arrays, and those that take functions.
extension JSONataLibrary {
    /// - Returns: nil when `name` is no function of this family.
    static func callOnArrays(
        _ name: String, _ arguments: Arguments, _ evaluator: JSONataEvaluator
    ) throws(JSONataFault) -> JSONataValue? {
        let first = arguments[0]
        switch name {
        case "append":
            if first.isUndefined { return arguments[1] }
            if arguments[1].isUndefined { return first }
            return .array(first.asElements + arguments[1].asElements)
        case "reverse": return first.isUndefined ? .undefined : .array(first.asElements.reversed())
        case "shuffle":
            return first.isUndefined ? .undefined : .array(first.asElements.shuffled(using: &evaluator.random))
        case "distinct":
            guard let elements = first.elements else { return first }
            return .array(
                elements.reduce(into: []) { distinct, element in
                    if !distinct.contains(where: { $0.isEqual(to: element) }) { distinct.append(element) }
                })
        case "sort": return try sort(arguments, evaluator)
        case "zip":
            let lists = arguments.values.map(\.asElements)
            let count = lists.map(\.count).min() ?? 0
            return .array((0..<count).map { position in .array(lists.map { $0[position] }) })
        case "partition": return try partition(arguments)
        case "range": return try range(arguments)
        case "map", "filter", "single", "reduce": return try callHigher(name, arguments, evaluator)
        default: return nil
        }
    }

    private static func sort(_ arguments: Arguments, _ evaluator: JSONataEvaluator) throws(JSONataFault) -> JSONataValue
    {
        if arguments[0].isUndefined { return .undefined }
        let elements = arguments[0].asElements
        guard arguments.values.count > 1 else {
            let numbers = elements.filter { $0.number != nil }.count
            guard numbers == elements.count || elements.allSatisfy({ $0.string != nil }) else {
                throw JSONataFault(
                    "D3070",
                    "The single argument form of the sort function can only be applied to an array of strings or an array "
                        + "of numbers. Use the second argument to specify a comparison function")
            }
            return .array(
                try stablySorted(elements) { left, right throws(JSONataFault) in
                    (JSONataEvaluator.order(left, right) ?? 0) < 0
                })
        }
        let comparison = try arguments.function(1)
        return .array(
            // The function says whether its first argument goes after its second.
            try stablySorted(elements) { left, right throws(JSONataFault) in
                try evaluator.invoke(comparison, [right, left]).isTruthy
            })
    }

    private static func partition(_ arguments: Arguments) throws(JSONataFault) -> JSONataValue {
        if arguments[0].isUndefined { return .undefined }
        guard let size = try arguments.number(1), size >= 1 else { throw arguments.mismatch(1) }
        let elements = arguments[0].asElements
        return .array(
            stride(from: 0, to: elements.count, by: Int(size)).map {
                .array(Array(elements[$0..<min($0 + Int(size), elements.count)]))
            })
    }

    private static func range(_ arguments: Arguments) throws(JSONataFault) -> JSONataValue {
        guard let first = try arguments.number(0), let last = try arguments.number(1),
            let step = try arguments.number(2), step != 0
        else { throw arguments.mismatch(2) }
        guard (last - first) / step < 1000 else {
            throw JSONataFault("D2014", "The size of the sequence must not exceed 1000")
        }
        return .array(stride(from: first, through: last, by: step).map { .number($0) })
    }

    // MARK: Functions over elements

    private static func callHigher(
        _ name: String, _ arguments: Arguments, _ evaluator: JSONataEvaluator
    ) throws(JSONataFault) -> JSONataValue {
        if arguments[0].isUndefined { return .undefined }
        let elements = arguments[0].asElements
        if name == "reduce" { return try reduce(elements, arguments, evaluator) }
        let function = name == "single" && arguments.values.count < 2 ? nil : try arguments.function(1)
        var results = JSONataList(items: [], isSequence: true)
        for (position, element) in elements.enumerated() {
            let value =
                try function.map { function throws(JSONataFault) in
                    try evaluator.invoke(
                        function, offered([element, .json(.int(position)), arguments[0]], to: function))
                } ?? .bool(true)
            if name == "map" {
                if !value.isUndefined { results.items.append(value) }
            } else if value.isTruthy {
                results.items.append(element)
            }
        }
        guard name == "single" else { return results.collapsed }
        guard results.items.count == 1 else {
            throw results.items.isEmpty
                ? JSONataFault(
                    "D3139", "The $single() function expected exactly 1 matching result. Instead it matched 0.")
                : JSONataFault(
                    "D3138", "The $single() function expected exactly 1 matching result. Instead it matched more.")
        }
        return results.items[0]
    }

    /// As many of the values as the function has parameters.
    static func offered(_ values: [JSONataValue], to function: JSONataFunction) -> [JSONataValue] {
        Array(values.prefix(max(1, function.parameterCount)))
    }

    private static func reduce(
        _ elements: [JSONataValue], _ arguments: Arguments, _ evaluator: JSONataEvaluator
    ) throws(JSONataFault) -> JSONataValue {
        let function = try arguments.function(1)
        guard function.parameterCount >= 2 else {
            throw JSONataFault(
                "D3050", "The second argument of reduce function must be a function with at least two arguments")
        }
        var rest = elements[...]
        guard var result = arguments.values.count > 2 ? arguments[2] : rest.popFirst() else { return .undefined }
        for (position, element) in rest.enumerated() {
            let values = [result, element, .json(.int(position + elements.count - rest.count)), arguments[0]]
            result = try evaluator.invoke(function, offered(values, to: function))
        }
        return result
    }
}
