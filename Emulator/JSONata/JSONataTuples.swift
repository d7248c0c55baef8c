internal import JSON

/// Paths with `%`, `@` and `#`: each result carries the items that led to it, and its variables.
///
/// - SeeAlso: <https://docs.jsonata.org/path-operators>
extension JSONataEvaluator {
    private struct Tuple {
        var item: JSONataValue
        var ancestors: [JSONataValue]
        var frame: JSONataFrame
    }

    func evaluateTuples(_ path: JSONataPath, _ input: JSONataValue, _ frame: JSONataFrame) throws(JSONataFault)
        -> JSONataValue
    {
        let ancestors = frame.allAncestors
        var tuples: [Tuple] = []
        for item in path.startsWithVariable ? [input] : input.isArray ? input.asElements : [input] {
            tuples.append(Tuple(item: item, ancestors: ancestors, frame: frame))
        }
        // An array that is the only result of the last step stays the array that it is.
        var whole: JSONataValue?
        for (position, step) in path.steps.enumerated() {
            (tuples, whole) = try apply(step, to: tuples, isLast: position == path.steps.count - 1)
            if tuples.isEmpty, whole == nil { break }
        }
        if let pairs = path.group { return try group(pairs, over: tuples, frame) }
        var list: JSONataList
        if let whole, !path.keepsArray {
            return whole
        } else {
            list = try JSONataList(tuples.map(\.item), isSequence: true, meter)
        }
        list.keepsSingleton = path.keepsArray
        return list.collapsed
    }

    private func apply(
        _ step: JSONataStep, to tuples: [Tuple], isLast: Bool
    ) throws(JSONataFault) -> ([Tuple], JSONataValue?) {
        var results: [Tuple] = []
        var whole: JSONataValue?
        if case .sort(let terms) = step.kind {
            results = try sort(tuples, by: terms)
            if let index = step.index { bindPositions(of: &results, to: index) }
        } else {
            for tuple in tuples {
                let value = try evaluateStepNode(step, tuple.item, context(tuple))
                let elements: [JSONataValue]
                if case .list(let list) = value, list.isConstructed, !isLast || tuples.count > 1 {
                    elements = [value]
                } else {
                    elements = value.asElements
                }
                if isLast, tuples.count == 1, value.isArray, step.predicates.isEmpty, step.focus == nil,
                    step.index == nil
                {
                    if case .list(let list) = value, list.isSequence { whole = list.collapsed } else { whole = value }
                }
                try meter.check(bytes: 8 * (results.count + elements.count))
                for (position, element) in elements.enumerated() {
                    results.append(result(element, at: position, of: step, from: tuple))
                }
            }
        }
        for predicate in step.predicates {
            if case .position(let name) = predicate {
                bindPositions(of: &results, to: name)
            } else {
                results = try filter(results, by: predicate)
            }
        }
        return (results, whole)
    }

    private func result(_ element: JSONataValue, at position: Int, of step: JSONataStep, from tuple: Tuple) -> Tuple {
        var result = Tuple(item: element, ancestors: tuple.ancestors + [tuple.item], frame: tuple.frame)
        if case .parent = step.kind { result.ancestors = Array(tuple.ancestors.dropLast()) }
        guard step.focus != nil || step.index != nil else { return result }
        result.frame = JSONataFrame(inside: tuple.frame)
        if let focus = step.focus {
            result.frame.bind(focus, element)
            result.item = tuple.item
        }
        if let index = step.index { result.frame.bind(index, .double(Double(position))) }
        return result
    }

    private func context(_ tuple: Tuple) -> JSONataFrame {
        JSONataFrame(inside: tuple.frame, ancestors: tuple.ancestors)
    }

    private func bindPositions(of tuples: inout [Tuple], to name: String) {
        for position in tuples.indices {
            let frame = JSONataFrame(inside: tuples[position].frame)
            frame.bind(name, .double(Double(position)))
            tuples[position].frame = frame
        }
    }

    private func filter(_ tuples: [Tuple], by predicate: JSONataNode) throws(JSONataFault) -> [Tuple] {
        if case .literal(.number(let number)) = predicate, let position = number.double {
            let index = Int(clamping: position.rounded(.down))
            let place = index < 0 ? tuples.count + index : index
            return tuples.indices.contains(place) ? [tuples[place]] : []
        }
        var selected: [Tuple] = []
        for (index, tuple) in tuples.enumerated() {
            let result = try evaluate(predicate, tuple.item, context(tuple))
            if let number = result.number {
                let place = Int(clamping: number.rounded(.down))
                if (place < 0 ? tuples.count + place : place) == index { selected.append(tuple) }
            } else if try meter.isTruthy(result) {
                selected.append(tuple)
            }
        }
        return selected
    }

    private func sort(_ tuples: [Tuple], by terms: [JSONataSortTerm]) throws(JSONataFault) -> [Tuple] {
        var keyed: [(keys: [JSONataValue], item: Tuple)] = []
        for tuple in tuples {
            var keys: [JSONataValue] = []
            for term in terms { keys.append(try evaluate(term.node, tuple.item, context(tuple))) }
            keyed.append((keys, tuple))
        }
        return try sorted(keyed, by: terms)
    }

    /// Builds an object as ``group(_:over:_:)`` does, where keys and values can read the variables of each tuple.
    private func group(
        _ pairs: [JSONataPair], over tuples: [Tuple], _ frame: JSONataFrame
    ) throws(JSONataFault) -> JSONataValue {
        var groups: [(key: String, tuples: [Tuple], pair: Int)] = []
        var positions: [String: Int] = [:]
        for tuple in tuples {
            for (number, pair) in pairs.enumerated() {
                let key = try evaluate(pair.key, tuple.item, context(tuple))
                guard let name = key.string else {
                    if key.isUndefined { continue }
                    throw JSONataFault(
                        "T1003", "Key in object structure must evaluate to a string; got: \(try meter.shown(key))")
                }
                if let position = positions[name] {
                    guard groups[position].pair == number else {
                        throw JSONataFault("D1009", "Multiple key definitions evaluate to same key: \"\(name)\"")
                    }
                    groups[position].tuples.append(tuple)
                } else {
                    positions[name] = groups.count
                    groups.append((name, [tuple], number))
                }
            }
        }
        var members: [(String, JSONataValue)] = []
        for group in groups {
            let item = try JSONataList(group.tuples.map(\.item), isSequence: true, meter).collapsed
            let inner = group.tuples.count == 1 ? context(group.tuples[0]) : frame
            members.append((group.key, try evaluate(pairs[group.pair].value, item, inner)))
        }
        return try object(of: members)
    }
}
