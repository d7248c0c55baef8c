internal import JSON
internal import JSONata

/// Why a definite path led nowhere.
struct JSONPathMiss: Error, Sendable, Equatable {
    let message: String
    /// Whether the path was given up because it visits too many nodes.
    var isExhausted = false

    static let exhausted = JSONPathMiss(
        message: "The path visits more than \(JSONPathSelection.limit) nodes", isExhausted: true)
}

/// Finds the nodes of a path, and counts those that it visits: nested `..` visit far more than the document has.
struct JSONPathSelection {
    let document: JSON
    let budget: EvaluationBudget
    private var visited = 0

    static let limit = 1_000_000

    init(_ document: JSON, _ budget: EvaluationBudget) {
        self.document = document
        self.budget = budget
    }

    mutating func visit(_ count: Int = 1) throws(JSONPathMiss) {
        visited += count
        budget.use(count)
        guard visited <= Self.limit, budget.stepsLeft > 0 else { throw .exhausted }
    }
}

extension JSONPath {
    /// The node at a definite path, or the array of all nodes at any other.
    /// - Throws: ``JSONPathMiss`` when a definite path names no node. An indefinite path over nothing is `[]`.
    func evaluate(on document: JSON, _ budget: EvaluationBudget) throws(JSONPathMiss) -> JSON {
        var selection = JSONPathSelection(document, budget)
        guard isDefinite else { return .array(try selection.select(steps[...], from: document)) }
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
}

extension JSONPathSelection {
    mutating func select(_ steps: ArraySlice<JSONPath.Step>, from node: JSON) throws(JSONPathMiss) -> [JSON] {
        guard let step = steps.first else { return [node] }
        let rest = steps.dropFirst()
        let children = try children(of: node, by: step)
        guard !rest.isEmpty else { return children }
        var found: [JSON] = []
        for child in children { found += try select(rest, from: child) }
        return found
    }

    private mutating func children(of node: JSON, by step: JSONPath.Step) throws(JSONPathMiss) -> [JSON] {
        try visit()
        switch (step, node) {
        case (.name(let name), .object(let object)): return object[name].map { [$0] } ?? []
        case (.names(let names), .object(let object)):
            try visit(names.count)
            return names.compactMap { object[$0] }
        case (.index(let index), .array(let elements)): return elements.element(at: index).map { [$0] } ?? []
        case (.indices(let indices), .array(let elements)):
            try visit(indices.count)
            return indices.compactMap { elements.element(at: $0) }
        case (.slice(let from, let to, let stride), .array(let elements)):
            let bounds = elements.bounds(from: from, to: to)
            try visit(bounds.count)
            return Swift.stride(from: bounds.lowerBound, to: bounds.upperBound, by: stride).map { elements[$0] }
        case (.wildcard, .array(let elements)):
            try visit(elements.count)
            return elements
        case (.wildcard, .object(let object)):
            try visit(object.count)
            return object.members.map(\.value)
        case (.filter(let filter), .array(let elements)):
            var found: [JSON] = []
            for element in elements where try holds(filter, for: element) { found.append(element) }
            return found
        case (.filter(let filter), .object): return try holds(filter, for: node) ? [node] : []
        case (.function(let function), _):
            if case .array(let elements) = node { try visit(elements.count) }
            return function.apply(to: node).map { [$0] } ?? []
        case (.descendants(let step), _):
            var nodes: [JSON] = []
            try addSelfAndDescendants(of: node, to: &nodes)
            var found: [JSON] = []
            for node in nodes { found += try children(of: node, by: step) }
            return found
        default: return []
        }
    }

    private mutating func addSelfAndDescendants(of node: JSON, to nodes: inout [JSON]) throws(JSONPathMiss) {
        try visit()
        nodes.append(node)
        switch node {
        case .array(let elements): for element in elements { try addSelfAndDescendants(of: element, to: &nodes) }
        case .object(let object): for (_, member) in object { try addSelfAndDescendants(of: member, to: &nodes) }
        default: break
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

extension JSONPathSelection {
    mutating func holds(_ filter: JSONPathFilter, for element: JSON) throws(JSONPathMiss) -> Bool {
        try visit()
        switch filter {
        case .and(let left, let right): return try holds(left, for: element) ? try holds(right, for: element) : false
        case .or(let left, let right): return try holds(left, for: element) ? true : try holds(right, for: element)
        case .not(let filter): return try !holds(filter, for: element)
        case .exists(let operand): return try value(of: operand, for: element) != nil
        case .compare(let left, let comparison, let right):
            let (one, other) = (try value(of: left, for: element), try value(of: right, for: element))
            if case .isIn = comparison { try visit(other?.array?.count ?? 1) }
            if case .isNotIn = comparison { try visit(other?.array?.count ?? 1) }
            if case .pattern(let pattern) = right {
                try visit(one?.string?.utf8.count ?? 1)
                return comparison == .matches && one?.string.map(pattern.matchesWhole) ?? false
            }
            return comparison.holds(one, other)
        }
    }

    private mutating func value(
        of operand: JSONPathFilter.Operand, for element: JSON
    ) throws(JSONPathMiss) -> JSON? {
        switch operand {
        case .element(let steps): try select(steps[...], from: element).first
        case .root(let steps): try select(steps[...], from: document).first
        case .literal(let value): value
        case .pattern: nil
        }
    }
}

extension JSONPathFilter.Comparison {
    fileprivate func holds(_ left: JSON?, _ right: JSON?) -> Bool {
        switch self {
        case .equal: return Self.areEqual(left, right)
        case .notEqual: return !Self.areEqual(left, right)
        case .isIn: return Self.contains(right, left)
        case .isNotIn: return !Self.contains(right, left)
        case .matches: return false
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
