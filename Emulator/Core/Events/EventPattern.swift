package import JSON

/// An EventBridge event pattern, which selects the events of a pipe or a rule.
/// - SeeAlso: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>
package struct EventPattern: Sendable, Hashable {
    private indirect enum Node: Sendable, Hashable {
        /// All members must match.
        case members([String: Node])
        /// One of the alternatives must match, beside the other members.
        case alternatives([Node])
        case value([ValueMatcher])
    }

    private let root: Node

    /// - Throws: ``AWSFault`` `InvalidEventPatternException`, which names the error in the pattern.
    package init(_ pattern: JSON) throws(AWSFault) {
        guard case .object(let members) = pattern else { throw .invalidPattern("a pattern is a JSON object") }
        root = try Self.node(members, "")
    }

    package func matches(_ event: JSON) -> Bool { Self.matches(root, event) }

    private static func node(_ members: JSONObject, _ path: String) throws(AWSFault) -> Node {
        var nodes: [String: Node] = [:]
        for (name, value) in members {
            let path = "\(path).\(name)"
            switch value {
            case .array(let elements) where name == "$or":
                var alternatives: [Node] = []
                for element in elements {
                    guard case .object(let members) = element else {
                        throw .invalidPattern("$or: expected a list of objects")
                    }
                    alternatives.append(try node(members, path))
                }
                nodes[name] = .alternatives(alternatives)
            case .array(let elements):
                guard !elements.isEmpty else { throw .invalidPattern("\(path) has no values") }
                var matchers: [ValueMatcher] = []
                for element in elements { matchers.append(try ValueMatcher(element, path)) }
                nodes[name] = .value(matchers)
            case .object(let members): nodes[name] = try node(members, path)
            default: throw .invalidPattern("\(path) must be an object or an array")
            }
        }
        return .members(nodes)
    }

    /// - Parameter value: nil if the event has no such member.
    private static func matches(_ node: Node, _ value: JSON?) -> Bool {
        switch node {
        case .members(let members):
            if case .array(let elements)? = value { return elements.contains { matches(node, $0) } }
            return members.allSatisfy { name, child in
                if case .alternatives(let nodes) = child { return nodes.contains { matches($0, value) } }
                return matches(child, value?[name])
            }
        case .alternatives(let nodes): return nodes.contains { matches($0, value) }
        case .value(let matchers): return matchers.contains { $0.matches(value) }
        }
    }
}

extension AWSFault {
    package static func invalidPattern(_ reason: String) -> AWSFault {
        AWSFault("InvalidEventPatternException", "Event pattern is not valid. Reason: \(reason)")
    }
}

/// One element of a pattern's list of values.
package struct ValueMatcher: Sendable, Hashable {
    private enum Comparison: String, Sendable {
        case equal = "="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="

        func holds(_ left: Double, _ right: Double) -> Bool {
            switch self {
            case .equal: left == right
            case .less: left < right
            case .lessOrEqual: left <= right
            case .greater: left > right
            case .greaterOrEqual: left >= right
            }
        }
    }

    private struct Bound: Sendable, Hashable {
        let comparison: Comparison
        let limit: Double
    }

    private indirect enum Rule: Sendable, Hashable {
        case equals(JSON)
        case exists(Bool)
        case prefix(String, ignoringCase: Bool)
        case suffix(String, ignoringCase: Bool)
        case equalsIgnoringCase(String)
        case wildcard([UInt8])
        case numeric([Bound])
        /// None of the rules may hold.
        case anythingBut([Rule])
    }

    private let rule: Rule

    package init(_ element: JSON, _ path: String) throws(AWSFault) { rule = try Self.rule(element, path) }

    private static func rule(_ element: JSON, _ path: String) throws(AWSFault) -> Rule {
        guard case .object(let members) = element else { return .equals(element) }
        guard members.count == 1, let (name, value) = members.members.first else {
            throw .invalidPattern("\(path): a matcher has exactly one operator")
        }
        switch (name, value) {
        case ("exists", .bool(let wanted)): return .exists(wanted)
        case ("prefix", .string(let text)): return .prefix(text, ignoringCase: false)
        case ("suffix", .string(let text)): return .suffix(text, ignoringCase: false)
        case ("prefix", .object), ("suffix", .object):
            guard let text = value["equals-ignore-case"]?.string else {
                throw .invalidPattern("\(path): \(name): expected a text or equals-ignore-case")
            }
            return name == "prefix" ? .prefix(text, ignoringCase: true) : .suffix(text, ignoringCase: true)
        case ("equals-ignore-case", .string(let text)): return .equalsIgnoringCase(text.lowercased())
        case ("wildcard", .string(let text)): return .wildcard(Array(text.utf8))
        case ("numeric", .array(let parts)): return .numeric(try bounds(parts, path))
        case ("anything-but", .array(let elements)): return .anythingBut(elements.map { .equals($0) })
        case ("anything-but", .object(let operators)):
            guard let (name, value) = operators.members.first else {
                throw .invalidPattern("\(path): anything-but: expected values or an operator")
            }
            var rules: [Rule] = []
            for element in value.array ?? [value] {
                rules.append(try rule(.object([name: element]), path))
            }
            return .anythingBut(rules)
        case ("anything-but", _): return .anythingBut([.equals(value)])
        default: throw .invalidPattern("\(path): the operator \(name) is not emulated")
        }
    }

    private static func bounds(_ parts: [JSON], _ path: String) throws(AWSFault) -> [Bound] {
        var bounds: [Bound] = []
        for position in stride(from: 0, to: parts.count, by: 2) {
            guard let comparison = parts[position].string.flatMap(Comparison.init), position + 1 < parts.count,
                let limit = parts[position + 1].double
            else { throw .invalidPattern("\(path): numeric: expected pairs of a comparison and a number") }
            bounds.append(Bound(comparison: comparison, limit: limit))
        }
        return bounds
    }

    /// - Parameter value: nil if the event has no such member.
    package func matches(_ value: JSON?) -> Bool {
        // "exists" applies to leaves, and an object is not a leaf.
        if case .exists(let wanted) = rule {
            if case .object? = value { return !wanted }
            return (value != nil) == wanted
        }
        switch value {
        case nil, .object: return false
        case .array(let elements): return elements.contains { Self.holds(rule, $0) }
        case let value?: return Self.holds(rule, value)
        }
    }

    private static func holds(_ rule: Rule, _ value: JSON) -> Bool {
        switch rule {
        case .equals(let wanted):
            if let left = wanted.double, let right = value.double { return left == right }
            return wanted == value
        case .exists(let wanted): return wanted
        case .prefix(let text, let ignoringCase):
            guard let string = value.string else { return false }
            return ignoringCase ? string.lowercased().hasPrefix(text.lowercased()) : string.hasPrefix(text)
        case .suffix(let text, let ignoringCase):
            guard let string = value.string else { return false }
            return ignoringCase ? string.lowercased().hasSuffix(text.lowercased()) : string.hasSuffix(text)
        case .equalsIgnoringCase(let text): return value.string?.lowercased() == text
        case .wildcard(let pattern): return value.string.map { wildcard(pattern, Array($0.utf8)) } ?? false
        case .numeric(let bounds):
            guard let number = value.double else { return false }
            return bounds.allSatisfy { $0.comparison.holds(number, $0.limit) }
        case .anythingBut(let rules): return !rules.contains { holds($0, value) }
        }
    }

    /// `*` matches any bytes; a backslash makes the next byte literal.
    ///
    /// A mismatch goes back to the last `*` only, so the time is at most the product of both lengths, whatever the pattern.
    private static func wildcard(_ pattern: [UInt8], _ text: [UInt8]) -> Bool {
        var (position, start) = (0, 0)
        var retry: (position: Int, start: Int)?
        while start < text.count {
            if position < pattern.count, pattern[position] == UInt8(ascii: "*") {
                position += 1
                retry = (position, start)
                continue
            }
            let isEscape = position + 1 < pattern.count && pattern[position] == UInt8(ascii: "\\")
            let literal = isEscape ? position + 1 : position
            if literal < pattern.count, pattern[literal] == text[start] {
                position = literal + 1
                start += 1
            } else if let (afterStar, skipped) = retry {
                position = afterStar
                start = skipped + 1
                retry = (afterStar, start)
            } else {
                return false
            }
        }
        return pattern[position...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
