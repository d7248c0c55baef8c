internal import EmulatorCore

/// The part of an item that a reader requests.
struct Projection: Sendable {
    let paths: [DocumentPath]

    init(paths: [DocumentPath]) { self.paths = paths }

    init(_ expression: String, _ placeholders: inout Placeholders) throws(ExpressionError) {
        var tokens = try ExpressionTokens(expression)
        var syntax: [PathSyntax] = []
        repeat { syntax.append(try PathSyntax.parse(&tokens)) } while tokens.take(symbol: ",")
        try tokens.expectEnd()
        for path in syntax { try path.checkReservedWords() }
        var paths: [DocumentPath] = []
        for path in syntax { paths.append(try path.resolved(by: &placeholders)) }
        try DocumentPath.checkApart(paths)
        self.paths = paths
    }

    /// Maps keep the requested members; lists keep the requested elements without gaps.
    func of(_ item: Item) -> Item {
        var result = Item()
        for (attribute, steps) in Self.grouped(paths.map { ($0.attribute, $0.steps[...]) }) {
            guard let value = item[attribute] else { continue }
            result[attribute] = Self.part(of: value, at: steps)
        }
        return result
    }

    private typealias Steps = ArraySlice<DocumentPath.Step>

    private static func part(of value: AttributeValue, at paths: [Steps]) -> AttributeValue? {
        if paths.contains(where: \.isEmpty) { return value }
        switch value {
        case .map(let map):
            let named = paths.compactMap { path in
                if case .member(let name)? = path.first { (name, path.dropFirst()) } else { nil }
            }
            var result = Item()
            for (name, rest) in grouped(named) {
                if let inner = map[name] { result[name] = part(of: inner, at: rest) }
            }
            return result.isEmpty ? nil : .map(result)
        case .list(let elements):
            var rests: [Int: [Steps]] = [:]
            for path in paths {
                if case .element(let index)? = path.first { rests[index, default: []].append(path.dropFirst()) }
            }
            let result = rests.sorted { $0.key < $1.key }.compactMap { index, rest in
                index < elements.count ? part(of: elements[index], at: rest) : nil
            }
            return result.isEmpty ? nil : .list(result)
        default: return nil
        }
    }

    /// The paths of each name, in the order of the names' first use.
    private static func grouped(_ paths: [(String, Steps)]) -> [(String, [Steps])] {
        var groups: [(String, [Steps])] = []
        for (name, steps) in paths {
            if let position = groups.firstIndex(where: { $0.0.hasSameBytes(as: name) }) {
                groups[position].1.append(steps)
            } else {
                groups.append((name, [steps]))
            }
        }
        return groups
    }
}
