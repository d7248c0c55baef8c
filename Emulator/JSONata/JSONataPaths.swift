internal import JSON

/// Paths: each step maps over the results of the one before, and results are flattened on the way.
extension JSONataEvaluator {
    func evaluate(_ path: JSONataPath, _ input: JSONataValue, _ frame: JSONataFrame) throws(JSONataFault)
        -> JSONataValue
    {
        var items: [JSONataValue]
        if let elements = input.elements, !path.startsWithVariable {
            items = elements
        } else {
            items = [input]
        }
        var list = JSONataList(items: items, isSequence: true)
        for (position, step) in path.steps.enumerated() {
            let isLast = position == path.steps.count - 1
            if position == 0, case .expression(.array) = step.kind {
                let value = try evaluateStepNode(step, input, frame)
                list = JSONataList(items: value.asElements, isSequence: false)
                for predicate in step.predicates { list = try filter(.list(list), by: predicate, frame) }
            } else {
                list = try apply(step, to: items, isLast: isLast, frame)
            }
            items = list.items
            if items.isEmpty { break }
        }
        var result: JSONataValue
        if path.keepsArray {
            if items.isEmpty { return .undefined }
            list.isSequence = true
            list.keepsSingleton = true
            result = .list(list)
        } else {
            result = items.isEmpty && list.isSequence ? .undefined : list.collapsed
        }
        if let pairs = path.group { result = try group(pairs, over: result, frame) }
        return result
    }

    private func apply(
        _ step: JSONataStep, to items: [JSONataValue], isLast: Bool, _ frame: JSONataFrame
    ) throws(JSONataFault) -> JSONataList {
        if case .sort(let terms) = step.kind {
            var list = JSONataList(items: try sort(items, by: terms, frame), isSequence: true)
            for predicate in step.predicates { list = try filter(.list(list), by: predicate, frame) }
            return list
        }
        var results: [JSONataValue] = []
        for item in items {
            var value = try evaluateStepNode(step, item, frame)
            for predicate in step.predicates { value = try filter(value, by: predicate, frame).collapsed }
            if !value.isUndefined { results.append(value) }
        }
        // The value of a single last step stays the array that it is.
        if isLast, results.count == 1, let elements = results[0].elements {
            if case .list(let list) = results[0], list.isSequence { return list }
            return JSONataList(items: elements, isSequence: false)
        }
        var flat: [JSONataValue] = []
        for result in results {
            if case .list(let list) = result, list.isConstructed {
                flat.append(result)
            } else if let elements = result.elements {
                flat += elements
            } else {
                flat.append(result)
            }
        }
        return JSONataList(items: flat, isSequence: true)
    }

    private func evaluateStepNode(
        _ step: JSONataStep, _ item: JSONataValue, _ frame: JSONataFrame
    ) throws(JSONataFault) -> JSONataValue {
        switch step.kind {
        case .name(let name): return Self.lookUp(name, in: item)
        case .wildcard: return Self.children(of: item)
        case .descendants: return JSONataList(items: Self.descendants(of: item), isSequence: true).collapsed
        case .expression(let node):
            let value = try evaluate(node, item, frame)
            if case .array = node, case .list(var list) = value {
                list.isConstructed = true
                return .list(list)
            }
            return value
        case .sort: return item
        }
    }

    /// The member of an object; of an array, the members of all its elements.
    static func lookUp(_ name: String, in value: JSONataValue) -> JSONataValue {
        if let object = value.object { return object[name].map { .json($0) } ?? .undefined }
        guard let elements = value.elements else { return .undefined }
        var found = JSONataList(items: [], isSequence: true)
        for element in elements {
            let member = lookUp(name, in: element)
            found.items += member.asElements
        }
        return found.collapsed
    }

    private static func children(of value: JSONataValue) -> JSONataValue {
        var found = JSONataList(items: [], isSequence: true)
        if let object = value.object {
            for (_, member) in object { found.items += flattened(.json(member)) }
        } else if let elements = value.elements {
            found.items = elements.flatMap(flattened)
        }
        return found.collapsed
    }

    private static func flattened(_ value: JSONataValue) -> [JSONataValue] {
        value.elements.map { $0.flatMap(flattened) } ?? [value]
    }

    private static func descendants(of value: JSONataValue) -> [JSONataValue] {
        if let elements = value.elements { return elements.flatMap(descendants) }
        guard let object = value.object else { return value.isUndefined ? [] : [value] }
        return [value] + object.members.flatMap { descendants(of: .json($0.value)) }
    }

    /// The items that a predicate selects: by position when it is a number, by truth otherwise.
    func filter(
        _ value: JSONataValue, by predicate: JSONataNode, _ frame: JSONataFrame
    ) throws(JSONataFault) -> JSONataList {
        var selected = JSONataList(items: [], isSequence: true)
        let items = value.asElements
        if case .literal(.number(let number)) = predicate, let position = number.double {
            let index = Int(position.rounded(.down))
            let place = index < 0 ? items.count + index : index
            guard items.indices.contains(place) else { return selected }
            if let elements = items[place].elements {
                return JSONataList(items: elements, isSequence: false)
            }
            selected.items = [items[place]]
            return selected
        }
        for (index, item) in items.enumerated() {
            let result = try evaluate(predicate, item, frame)
            let positions = result.number.map { [$0] } ?? result.elements?.compactMap(\.number)
            if let positions, !positions.isEmpty, positions.count == result.asElements.count {
                let places = positions.map { Int($0.rounded(.down)) }.map { $0 < 0 ? items.count + $0 : $0 }
                if places.contains(index) { selected.items.append(item) }
            } else if result.isTruthy {
                selected.items.append(item)
            }
        }
        return selected
    }

    private func sort(
        _ items: [JSONataValue], by terms: [JSONataSortTerm], _ frame: JSONataFrame
    ) throws(JSONataFault) -> [JSONataValue] {
        var keyed: [(keys: [JSONataValue], item: JSONataValue)] = []
        for item in items {
            var keys: [JSONataValue] = []
            for term in terms {
                let key = try evaluate(term.node, item, frame)
                guard key.isUndefined || key.number != nil || key.string != nil else {
                    throw JSONataFault(
                        "T2008", "The expressions within an order-by clause must evaluate to numeric or string values")
                }
                keys.append(key)
            }
            keyed.append((keys, item))
        }
        for position in terms.indices {
            let keys = keyed.map { $0.keys[position] }.filter { !$0.isUndefined }
            let numbers = keys.filter { $0.number != nil }.count
            guard numbers == 0 || numbers == keys.count else {
                throw JSONataFault(
                    "T2007", "Type mismatch when comparing values in order-by clause")
            }
        }
        return try JSONataLibrary.stablySorted(keyed) { left, right throws(JSONataFault) in
            for (position, term) in terms.enumerated() {
                guard let order = Self.order(left.keys[position], right.keys[position]), order != 0 else { continue }
                return (order < 0) != term.isDescending
            }
            return false
        }.map(\.item)
    }

    /// Negative, zero, positive; nothing sorts last.
    static func order(_ left: JSONataValue, _ right: JSONataValue) -> Int? {
        if left.isUndefined || right.isUndefined { return left.isUndefined ? (right.isUndefined ? 0 : 1) : -1 }
        if let left = left.number, let right = right.number { return left < right ? -1 : left > right ? 1 : 0 }
        if let left = left.string, let right = right.string { return left < right ? -1 : left > right ? 1 : 0 }
        return nil
    }
}

extension JSONataPath {
    fileprivate var startsWithVariable: Bool {
        guard case .expression(let node) = steps[0].kind else { return false }
        switch node {
        case .variable, .filtered(.variable, _, _, _): return true
        default: return false
        }
    }
}
