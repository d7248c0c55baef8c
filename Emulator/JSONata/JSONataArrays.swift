internal import JSON

/// Functions on arrays, and those that take functions.
extension JSONataLibrary {
    /// - Returns: nil when `name` is not a function of this family.
    static func callOnArrays(
        _ name: String, _ arguments: Arguments, _ evaluator: JSONataEvaluator
    ) throws(JSONataFault) -> JSONataValue? {
        let first = arguments[0]
        let meter = evaluator.meter
        func array(_ items: [JSONataValue]) throws(JSONataFault) -> JSONataValue {
            .list(try JSONataList(items, meter))
        }
        switch name {
        case "append":
            if first.isUndefined { return arguments[1] }
            if arguments[1].isUndefined { return first }
            try meter.check(bytes: 8 * (first.elementCount + arguments[1].elementCount))
            return try array(first.asElements + arguments[1].asElements)
        case "reverse": return first.isUndefined ? .undefined : try array(first.asElements.reversed())
        case "shuffle":
            return first.isUndefined ? .undefined : try array(first.asElements.shuffled(using: &evaluator.random))
        case "distinct":
            guard first.isArray else { return first }
            return try array(try distinct(first.asElements, meter))
        case "sort": return try sort(arguments, evaluator)
        case "zip":
            let lists = arguments.values.map(\.asElements)
            let count = lists.map(\.count).min() ?? 0
            var rows: [JSONataValue] = []
            for position in 0..<count { rows.append(try array(lists.map { $0[position] })) }
            return try array(rows)
        case "partition": return try partition(arguments, meter)
        case "range": return try range(arguments, meter)
        case "map", "filter", "single", "reduce": return try callHigher(name, arguments, evaluator)
        default: return nil
        }
    }

    /// Keeps the first of equals. Texts and numbers are looked up; only other values are compared one by one.
    private static func distinct(
        _ elements: [JSONataValue], _ meter: JSONataMeter
    ) throws(JSONataFault) -> [JSONataValue] {
        var kept: [JSONataValue] = []
        var others: [JSONataValue] = []
        var texts: Set<String> = []
        var numbers: Set<Double> = []
        elements: for element in elements {
            try meter.spend()
            if let text = element.string {
                guard texts.insert(text).inserted else { continue }
            } else if let number = element.number {
                guard numbers.insert(number).inserted else { continue }
            } else {
                for other in others where try meter.areEqual(other, element) { continue elements }
                others.append(element)
            }
            kept.append(element)
        }
        return kept
    }

    private static func sort(_ arguments: Arguments, _ evaluator: JSONataEvaluator) throws(JSONataFault) -> JSONataValue
    {
        if arguments[0].isUndefined { return .undefined }
        let meter = evaluator.meter
        let elements = arguments[0].asElements
        guard elements.count > 1 else { return .list(try JSONataList(elements, meter)) }
        guard arguments.values.count > 1 else {
            let numbers = elements.count { $0.number != nil }
            guard numbers == elements.count || elements.allSatisfy({ $0.string != nil }) else {
                throw JSONataFault(
                    "D3070",
                    "The single argument form of the sort function can only be applied to an array of strings or an array "
                        + "of numbers.  Use the second argument to specify a comparison function")
            }
            let sorted = try stablySorted(elements) { left, right throws(JSONataFault) in
                try meter.spend()
                return (JSONataEvaluator.order(left, right) ?? 0) < 0
            }
            return .list(try JSONataList(sorted, meter))
        }
        let comparison = try arguments.function(1)
        // The function answers whether its first argument comes after its second.
        let sorted = try stablySorted(elements) { left, right throws(JSONataFault) in
            try meter.isTruthy(try evaluator.invoke(comparison, [right, left]))
        }
        return .list(try JSONataList(sorted, meter))
    }

    private static func partition(_ arguments: Arguments, _ meter: JSONataMeter) throws(JSONataFault) -> JSONataValue {
        if arguments[0].isUndefined { return .undefined }
        guard let number = try arguments.number(1), number >= 1 else { throw arguments.mismatch(1) }
        let elements = arguments[0].asElements
        let size = min(Int(clamping: number), max(1, elements.count))
        var parts: [JSONataValue] = []
        for start in stride(from: 0, to: elements.count, by: size) {
            parts.append(.list(try JSONataList(Array(elements[start..<min(start + size, elements.count)]), meter)))
        }
        return .list(try JSONataList(parts, meter))
    }

    private static func range(_ arguments: Arguments, _ meter: JSONataMeter) throws(JSONataFault) -> JSONataValue {
        guard let first = try arguments.number(0), let last = try arguments.number(1),
            let step = try arguments.number(2), step != 0
        else { throw arguments.mismatch(2) }
        guard (last - first) / step < 1000 else {
            throw JSONataFault("D2014", "The size of the sequence must not exceed 1000")
        }
        return .list(try JSONataList(stride(from: first, through: last, by: step).map { .number($0) }, meter))
    }

    // MARK: Functions over elements

    private static func callHigher(
        _ name: String, _ arguments: Arguments, _ evaluator: JSONataEvaluator
    ) throws(JSONataFault) -> JSONataValue {
        if arguments[0].isUndefined { return .undefined }
        let elements = arguments[0].asElements
        if name == "reduce" { return try reduce(elements, arguments, evaluator) }
        let function = name == "single" && arguments.values.count < 2 ? nil : try arguments.function(1)
        let passed = max(1, function?.parameterCount ?? 1)
        var results: [JSONataValue] = []
        for (position, element) in elements.enumerated() {
            try evaluator.meter.spend()
            var value = JSONataValue.bool(true)
            if let function {
                let values = [element, .double(Double(position)), arguments[0]]
                value = try evaluator.invoke(function, Array(values.prefix(passed)))
            }
            if name == "map" {
                if !value.isUndefined { results.append(value) }
            } else if try evaluator.meter.isTruthy(value) {
                results.append(element)
            }
        }
        guard name == "single" else { return try JSONataList(results, isSequence: true, evaluator.meter).collapsed }
        guard results.count == 1 else {
            throw results.isEmpty
                ? JSONataFault(
                    "D3139", "The $single() function expected exactly 1 matching result.  Instead it matched 0.")
                : JSONataFault(
                    "D3138", "The $single() function expected exactly 1 matching result.  Instead it matched more.")
        }
        return results[0]
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
        guard var result = arguments[2].isUndefined ? rest.popFirst() : arguments[2] else { return .undefined }
        for (position, element) in rest.enumerated() {
            let index = Double(position + elements.count - rest.count)
            result = try evaluator.invoke(
                function, offered([result, element, .double(index), arguments[0]], to: function))
        }
        return result
    }
}
