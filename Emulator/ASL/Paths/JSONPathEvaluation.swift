internal import JSON
internal import JSONata

/// Why a definite path led nowhere.
struct JSONPathMiss: Error, Sendable, Hashable {
    let message: String
}

extension JSONPath {
    /// The node at a definite path, or the array of all nodes at any other.
    /// - Throws: ``JSONPathMiss`` when a definite path names no node. An indefinite path over nothing is `[]`.
    func evaluate(on document: JSON) throws(JSONPathMiss) -> JSON {
        guard isDefinite else { return .array(Self.select(steps[...], from: document, document: document)) }
        var node = document
        for (position, step) in steps.enumerated() {
            let isLast = position == steps.count - 1
            switch step {
            case .name(let name):
                guard case .object(let object) = node else { throw notAnObject(at: position) }
                guard let child = object[name] else { throw missing(at: position, isLast: isLast) }
                node = child
            case .index(let index):
                guard case .array(let elements) = node else { throw notAnArray(at: position) }
                guard let element = elements.element(at: index) else {
                    throw JSONPathMiss(message: "No results for path: \(bracketed(through: position + 1))")
                }
                node = element
            case .function(let function):
                guard let value = function.apply(to: node) else {
                    throw JSONPathMiss(message: "Aggregation function attempted to calculate value using empty array")
                }
                node = value
            default:
                break
            }
        }
        return node
    }

    private func missing(at position: Int, isLast: Bool) -> JSONPathMiss {
        let path = bracketed(through: position + 1)
        return JSONPathMiss(message: isLast ? "No results for path: \(path)" : "Missing property in path \(path)")
    }

    private func notAnObject(at position: Int) -> JSONPathMiss {
        JSONPathMiss(
            message: "Expected to find an object with property \(steps[position].bracketed) in path "
                + "\(bracketed(through: position)) but found another type of value.")
    }

    private func notAnArray(at position: Int) -> JSONPathMiss {
        JSONPathMiss(
            message: "Filter: \(steps[position].bracketed) can only be applied to arrays. "
                + "Current context is: \(bracketed(through: position))")
    }

    static func select(_ steps: ArraySlice<Step>, from node: JSON, document: JSON) -> [JSON] {
        guard let step = steps.first else { return [node] }
        let rest = steps.dropFirst()
        return children(of: node, by: step, document: document).flatMap {
            select(rest, from: $0, document: document)
        }
    }

    private static func children(of node: JSON, by step: Step, document: JSON) -> [JSON] {
        switch (step, node) {
        case (.name(let name), .object(let object)): return object[name].map { [$0] } ?? []
        case (.names(let names), .object(let object)): return names.compactMap { object[$0] }
        case (.index(let index), .array(let elements)): return elements.element(at: index).map { [$0] } ?? []
        case (.indices(let indices), .array(let elements)): return indices.compactMap { elements.element(at: $0) }
        case (.slice(let from, let to, let stride), .array(let elements)):
            let bounds = elements.bounds(from: from, to: to)
            return Swift.stride(from: bounds.lowerBound, to: bounds.upperBound, by: stride).map { elements[$0] }
        case (.wildcard, .array(let elements)): return elements
        case (.wildcard, .object(let object)): return object.members.map(\.value)
        case (.filter(let filter), .array(let elements)):
            return elements.filter { filter.holds(for: $0, document: document) }
        case (.filter(let filter), .object): return filter.holds(for: node, document: document) ? [node] : []
        case (.function(let function), _): return function.apply(to: node).map { [$0] } ?? []
        case (.descendants(let step), _):
            return selfAndDescendants(of: node).flatMap { children(of: $0, by: step, document: document) }
        default: return []
        }
    }

    private static func selfAndDescendants(of node: JSON) -> [JSON] {
        switch node {
        case .array(let elements): [node] + elements.flatMap(selfAndDescendants)
        case .object(let object): [node] + object.members.flatMap { selfAndDescendants(of: $0.value) }
        default: [node]
        }
    }
}

extension [JSON] {
    /// The element at `index`, counted from the end when negative.
    func element(at index: Int) -> JSON? {
        let position = index < 0 ? count + index : index
        guard indices.contains(position) else { return nil }
        return self[position]
    }

    fileprivate func bounds(from: Int?, to: Int?) -> Range<Int> {
        func clamped(_ index: Int) -> Int { Swift.min(count, Swift.max(0, index < 0 ? count + index : index)) }
        let lower = clamped(from ?? 0)
        return lower..<Swift.max(lower, clamped(to ?? count))
    }
}

extension JSONPathFunction {
    func apply(to node: JSON) -> JSON? {
        switch (self, node) {
        case (.length, .array(let elements)): return .int(elements.count)
        case (.length, .object(let object)): return .int(object.count)
        case (.length, .string(let string)): return .int(string.utf16.count)
        case (_, .array(let elements)):
            let numbers = elements.compactMap(\.double)
            guard let least = numbers.min(), let greatest = numbers.max() else { return nil }
            let sum = numbers.reduce(0, +)
            switch self {
            case .min: return .decimal(least)
            case .max: return .decimal(greatest)
            case .sum: return .decimal(sum)
            case .avg: return .decimal(sum / Double(numbers.count))
            case .length: return nil
            }
        default: return nil
        }
    }
}

// MARK: Filters

extension JSONPathFilter {
    func holds(for element: JSON, document: JSON) -> Bool {
        switch self {
        case .and(let left, let right):
            left.holds(for: element, document: document) && right.holds(for: element, document: document)
        case .or(let left, let right):
            left.holds(for: element, document: document) || right.holds(for: element, document: document)
        case .not(let filter): !filter.holds(for: element, document: document)
        case .exists(let operand): operand.value(for: element, document: document) != nil
        case .compare(let left, let comparison, let right):
            comparison.holds(
                left.value(for: element, document: document), right.value(for: element, document: document),
                pattern: right)
        }
    }
}

extension JSONPathFilter.Operand {
    fileprivate func value(for element: JSON, document: JSON) -> JSON? {
        switch self {
        case .element(let steps): JSONPath.select(steps[...], from: element, document: document).first
        case .root(let steps): JSONPath.select(steps[...], from: document, document: document).first
        case .literal(let value): value
        case .pattern: nil
        }
    }
}

extension JSONPathFilter.Comparison {
    fileprivate func holds(_ left: JSON?, _ right: JSON?, pattern: JSONPathFilter.Operand) -> Bool {
        switch self {
        case .equal: return Self.areEqual(left, right)
        case .notEqual: return !Self.areEqual(left, right)
        case .isIn: return Self.contains(right, left)
        case .isNotIn: return !Self.contains(right, left)
        case .matches:
            guard case .pattern(let text, let ignoresCase) = pattern, let subject = left?.string,
                let expression = try? Regex(text).ignoresCase(ignoresCase)
            else { return false }
            return (try? expression.wholeMatch(in: subject)) != nil
        case .less: return Self.order(left, right) == .ascending
        case .greater: return Self.order(left, right) == .descending
        case .lessOrEqual: return [.ascending, .same].contains(Self.order(left, right))
        case .greaterOrEqual: return [.descending, .same].contains(Self.order(left, right))
        }
    }

    private enum Order { case ascending, same, descending }

    private static func areEqual(_ left: JSON?, _ right: JSON?) -> Bool {
        switch (left, right) {
        case (let left?, let right?): left.isEquivalent(to: right)
        case (nil, nil): true
        default: false
        }
    }

    private static func contains(_ list: JSON?, _ value: JSON?) -> Bool {
        guard let elements = list?.array, let value else { return false }
        return elements.contains { $0.isEquivalent(to: value) }
    }

    private static func order(_ left: JSON?, _ right: JSON?) -> Order? {
        func compare<Value: Comparable>(_ left: Value, _ right: Value) -> Order {
            left < right ? .ascending : left == right ? .same : .descending
        }
        if let left = left?.double, let right = right?.double { return compare(left, right) }
        if let left = left?.string, let right = right?.string { return compare(left, right) }
        return nil
    }
}
