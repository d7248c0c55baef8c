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
        var list: JSONataList?
        var isSequence = true
        for (position, step) in path.steps.enumerated() {
            let isLast = position == path.steps.count - 1
            var result: JSONataList
            if position == 0, case .expression(.array) = step.kind {
                let value = try evaluateStepNode(step, input, frame)
                result = try JSONataList(value.asElements, meter)
                for predicate in step.predicates { result = try filter(.list(result), by: predicate, frame) }
            } else {
                result = try apply(step, to: items, isLast: isLast, frame)
            }
            items = result.items
            isSequence = result.isSequence
            list = result
            if items.isEmpty { break }
        }
        var result: JSONataValue
        if items.isEmpty && (isSequence || path.keepsArray) {
            result = .undefined
        } else if var list {
            if path.keepsArray {
                list.isSequence = true
                list.keepsSingleton = true
                result = .list(list)
            } else {
                result = list.collapsed
            }
        } else {
            result = .undefined
        }
        if path.keepsArray, result.isUndefined { return .undefined }
        if let pairs = path.group { result = try group(pairs, over: result, frame) }
        return result
    }

    private func apply(
        _ step: JSONataStep, to items: [JSONataValue], isLast: Bool, _ frame: JSONataFrame
    ) throws(JSONataFault) -> JSONataList {
        if case .sort(let terms) = step.kind {
            var list = try JSONataList(try sort(items, by: terms, frame), isSequence: true, meter)
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
            if case .list(let list) = results[0] { return list }
            return try JSONataList(elements, meter)
        }
        var flat: [JSONataValue] = []
        for result in results {
            if case .list(let list) = result, list.isConstructed {
                flat.append(result)
            } else if let elements = result.elements {
                try meter.check(bytes: 8 * (flat.count + elements.count))
                flat += elements
            } else {
                flat.append(result)
            }
        }
        return try JSONataList(flat, isSequence: true, meter)
    }

    func evaluateStepNode(
        _ step: JSONataStep, _ item: JSONataValue, _ frame: JSONataFrame
    ) throws(JSONataFault) -> JSONataValue {
        try meter.spend()
        switch step.kind {
        case .name(let name): return try lookUp(name, in: item)
        case .wildcard: return try children(of: item)
        case .descendants:
            var found: [JSONataValue] = []
            try addDescendants(of: item, to: &found)
            return try JSONataList(found, isSequence: true, meter).collapsed
        case .expression(let node):
            let value = try evaluate(node, item, frame)
            if case .array = node, case .list(var list) = value {
                list.isConstructed = true
                return .list(list)
            }
            return value
        case .sort: return item
        case .parent: return frame.parentItem ?? .undefined
        }
    }

    /// The member of an object; of an array, the members of all its elements.
    func lookUp(_ name: String, in value: JSONataValue) throws(JSONataFault) -> JSONataValue {
        if let object = value.object { return object[name].map { .json($0) } ?? .undefined }
        guard let elements = value.elements else { return .undefined }
        var found: [JSONataValue] = []
        for element in elements {
            try meter.spend()
            let member = try lookUp(name, in: element)
            found += member.asElements
            try meter.check(bytes: 8 * found.count)
        }
        return try JSONataList(found, isSequence: true, meter).collapsed
    }

    private func children(of value: JSONataValue) throws(JSONataFault) -> JSONataValue {
        var found: [JSONataValue] = []
        if let object = value.object {
            for (_, member) in object { try addFlattened(.json(member), to: &found) }
        } else if let elements = value.elements {
            for element in elements { try addFlattened(element, to: &found) }
        }
        return try JSONataList(found, isSequence: true, meter).collapsed
    }

    private func addFlattened(_ value: JSONataValue, to found: inout [JSONataValue]) throws(JSONataFault) {
        try meter.spend()
        guard let elements = value.elements else { return found.append(value) }
        for element in elements { try addFlattened(element, to: &found) }
    }

    private func addDescendants(of value: JSONataValue, to found: inout [JSONataValue]) throws(JSONataFault) {
        try meter.spend()
        if let elements = value.elements {
            for element in elements { try addDescendants(of: element, to: &found) }
            return
        }
        if value.isUndefined { return }
        found.append(value)
        for (_, member) in value.object ?? [:] { try addDescendants(of: .json(member), to: &found) }
    }

    /// The items that a predicate selects: by position when it is a number, by truth otherwise.
    func filter(
        _ value: JSONataValue, by predicate: JSONataNode, _ frame: JSONataFrame
    ) throws(JSONataFault) -> JSONataList {
        let items = value.asElements
        if case .literal(.number(let number)) = predicate, let position = number.double {
            let index = Int(clamping: position.rounded(.down))
            let place = index < 0 ? items.count + index : index
            guard items.indices.contains(place) else { return try JSONataList([], isSequence: true, meter) }
            if let elements = items[place].elements { return try JSONataList(elements, meter) }
            return try JSONataList([items[place]], isSequence: true, meter)
        }
        var selected: [JSONataValue] = []
        for (index, item) in items.enumerated() {
            let result = try evaluate(predicate, item, frame)
            let positions = result.number.map { [$0] } ?? result.elements?.compactMap(\.number)
            if let positions, !positions.isEmpty, positions.count == result.elementCount {
                try meter.spend(positions.count)
                let places = positions.lazy.map { Int(clamping: $0.rounded(.down)) }
                if places.contains(where: { ($0 < 0 ? items.count + $0 : $0) == index }) { selected.append(item) }
            } else if try meter.isTruthy(result) {
                selected.append(item)
            }
        }
        return try JSONataList(selected, isSequence: true, meter)
    }

    private func sort(
        _ items: [JSONataValue], by terms: [JSONataSortTerm], _ frame: JSONataFrame
    ) throws(JSONataFault) -> [JSONataValue] {
        var keyed: [(keys: [JSONataValue], item: JSONataValue)] = []
        for item in items {
            var keys: [JSONataValue] = []
            for term in terms {
                keys.append(try evaluate(term.node, item, frame))
            }
            keyed.append((keys, item))
        }
        return try sorted(keyed, by: terms)
    }

    /// The items in the order of their keys, one for each term.
    func sorted<Item>(
        _ keyed: [(keys: [JSONataValue], item: Item)], by terms: [JSONataSortTerm]
    ) throws(JSONataFault) -> [Item] {
        for key in keyed.lazy.flatMap(\.keys) where !key.isUndefined && key.number == nil && key.string == nil {
            throw JSONataFault(
                "T2008", "The expressions within an order-by clause must evaluate to numeric or string values")
        }
        return try JSONataLibrary.stablySorted(keyed) { left, right throws(JSONataFault) in
            try self.meter.spend()
            for (position, term) in terms.enumerated() {
                let (one, other) = (left.keys[position], right.keys[position])
                guard let order = Self.order(one, other) else {
                    throw JSONataFault(
                        "T2007",
                        "Type mismatch when comparing values \(try self.meter.shown(one)) and "
                            + "\(try self.meter.shown(other)) in order-by clause")
                }
                if order != 0 { return (order < 0) != term.isDescending }
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

extension Int {
    /// The nearest integer that fits.
    init(clamping value: Double) {
        if let exact = Int(exactly: value.rounded(.towardZero)) {
            self = exact
        } else {
            self = value.isNaN ? 0 : value < 0 ? .min : .max
        }
    }
}

extension JSONataPath {
    var startsWithVariable: Bool {
        guard case .expression(let node) = steps[0].kind else { return false }
        switch node {
        case .variable, .filtered(.variable, _, _, _): return true
        default: return false
        }
    }
}
