internal import JSON

/// A state machine as a picture: a state below all that lead to it.
struct StateGraph: Sendable {
    struct Node: Sendable {
        let name: String
        let type: String
        var rank = 0
        var column = 0
        /// Where it can go, and why.
        var next: [(to: String, label: String)] = []
    }

    private(set) var nodes: [Node] = []

    /// More states than this are listed and not drawn.
    private static let limit = 200

    /// - Parameter definition: a state machine, or an iterator or branch of one.
    init(_ definition: JSON) {
        let states = definition["States"]?.object ?? [:]
        guard states.count <= Self.limit else { return }
        var places: [String: Int] = [:]
        for (name, state) in states {
            var node = Node(name: name, type: state[text: "Type"] ?? "")
            if let next = state[text: "Next"] { node.next.append((next, "")) }
            for choice in state[list: "Choices"] {
                if let next = choice[text: "Next"] { node.next.append((next, "if")) }
            }
            if let next = state[text: "Default"] { node.next.append((next, "else")) }
            for catcher in state[list: "Catch"] {
                if let next = catcher[text: "Next"] { node.next.append((next, "catch")) }
            }
            places[name] = nodes.count
            nodes.append(node)
        }
        guard let start = definition[text: "StartAt"], let first = places[start] else { return }
        // Longest way from the start, without the edges that lead back.
        var order: [Int] = []
        var marks = [Int](repeating: 0, count: nodes.count)
        var forward: [[Int]] = nodes.map { _ in [] }
        var stack: [(node: Int, edge: Int)] = [(first, 0)]
        marks[first] = 1
        while let (node, edge) = stack.last {
            guard edge < nodes[node].next.count else {
                marks[node] = 2
                order.append(node)
                stack.removeLast()
                continue
            }
            stack[stack.count - 1].edge += 1
            guard let target = places[nodes[node].next[edge].to], marks[target] != 1 else { continue }
            forward[node].append(target)
            if marks[target] == 0 {
                marks[target] = 1
                stack.append((target, 0))
            }
        }
        for node in order.reversed() {
            for target in forward[node] { nodes[target].rank = max(nodes[target].rank, nodes[node].rank + 1) }
        }
        let last = nodes.map(\.rank).max() ?? 0
        for place in nodes.indices where marks[place] == 0 { nodes[place].rank = last + 1 }
        var filled: [Int: Int] = [:]
        // In the order of the search, so that what follows by the first edge is below it.
        for place in order.reversed() + nodes.indices.filter({ marks[$0] == 0 }) {
            nodes[place].column = filled[nodes[place].rank, default: 0]
            filled[nodes[place].rank, default: 0] += 1
        }
    }

    // MARK: Drawing

    private static let (width, height, gapX, gapY, margin) = (188, 44, 36, 40, 28)

    /// - Parameters:
    ///   - label: what the picture is of.
    ///   - outcome: the state of a node, for its colour; nil if it was not entered.
    ///   - count: how often it was entered.
    func drawing(_ label: String, outcome: (String) -> String?, count: (String) -> Int) -> HTML {
        guard !nodes.isEmpty else { return .nothing }
        let columns = (nodes.map(\.column).max() ?? 0) + 1, ranks = (nodes.map(\.rank).max() ?? 0) + 1
        let total = columns * (Self.width + Self.gapX) - Self.gapX + 2 * Self.margin
        let tall = ranks * (Self.height + Self.gapY) - Self.gapY + 2 * Self.margin
        var places: [String: (x: Int, y: Int)] = [:]
        for node in nodes {
            let inRank = nodes.count { $0.rank == node.rank }
            let indent = (columns - inRank) * (Self.width + Self.gapX) / 2
            places[node.name] = (
                Self.margin + indent + node.column * (Self.width + Self.gapX),
                Self.margin + node.rank * (Self.height + Self.gapY)
            )
        }
        var edges: HTML = ""
        for node in nodes {
            guard let from = places[node.name] else { continue }
            for next in node.next {
                guard let to = places[next.to] else { continue }
                let wasTaken = outcome(node.name) != nil && outcome(next.to) != nil
                let kind: HTML = wasTaken ? "edge taken" : next.label == "catch" ? "edge rare" : "edge"
                edges += "<path class=\"\(kind)\" d=\"\(Self.path(from, to))\" marker-end=\"url(#arrow)\"/>"
            }
        }
        let boxes = nodes.map { node -> HTML in
            guard let place = places[node.name] else { return .nothing }
            let outcome = outcome(node.name)
            let times = count(node.name)
            let said = [node.type, outcome ?? "not entered", times > 1 ? "\(times) times" : nil].compactMap(\.self)
                .joined(separator: ", ")
            let short = node.name.count > 24 ? node.name.prefix(23) + "…" : node.name
            return """
                <a href="#state-\(Self.anchor(node.name))" aria-label="\(node.name): \(said)">
                <g class="node \(outcome ?? "unentered")"><title>\(node.name): \(said)</title>
                <rect x="\(place.x)" y="\(place.y)" width="\(Self.width)" height="\(Self.height)" rx="6"/>
                <text x="\(place.x + Self.width / 2)" y="\(place.y + 19)">\(short)</text>
                <text class="type" x="\(place.x + Self.width / 2)" y="\(place.y + 34)">\(said)</text></g></a>

                """
        }
        return """
            <div class="scroll graph" tabindex="0" role="region" aria-label="\(label)">
            <svg width="\(total)" height="\(tall)" viewBox="0 0 \(total) \(tall)" role="group" aria-label="\(label)">
            <defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="head" d="M0 0 8 4 0 8z"/></marker></defs>
            \(edges)\(boxes)</svg></div>
            """
    }

    private static func path(_ from: (x: Int, y: Int), _ to: (x: Int, y: Int)) -> String {
        let (x1, x2) = (from.x + width / 2, to.x + width / 2)
        guard to.y > from.y else {
            // Back, along the right.
            let side = max(from.x, to.x) + width + gapX / 2
            return
                "M\(from.x + width) \(from.y + height / 2) C\(side) \(from.y + height / 2) \(side) \(to.y + height / 2) \(to.x + width) \(to.y + height / 2)"
        }
        let y1 = from.y + height, y2 = to.y
        if y2 - y1 > gapY, abs(x1 - x2) < width {
            // Past the states between, along the left.
            let side = max(2, min(from.x, to.x) - gapX / 2 - 2)
            return
                "M\(from.x) \(from.y + height / 2) C\(side) \(from.y + height / 2) \(side) \(to.y + height / 2) \(to.x) \(to.y + height / 2)"
        }
        return "M\(x1) \(y1) C\(x1) \(y1 + gapY / 2) \(x2) \(y2 - gapY / 2) \(x2) \(y2)"
    }

    /// A name as part of a fragment of an address.
    static func anchor(_ name: String) -> String {
        String(
            name.unicodeScalars.map {
                $0.isASCII && $0.properties.isAlphabetic || $0.properties.numericType != nil ? Character($0) : "-"
            })
    }
}
