internal import JSON

/// Parts as a picture: boxes at given places, with lines in the direction of the data.
struct FlowPicture {
    private struct Box {
        let name: String
        let document: JSON
        let x: Int
        let y: Int
    }

    private let label: String
    /// Whether all lines go from left to right.
    private let isSideways: Bool
    /// Where a box leads; nil for one that leads nowhere.
    private let address: (JSON) -> String?
    private let boxes: [Box]
    private let width: Int
    private let height: Int

    private static let (boxWidth, boxHeight, gapX, gapY, margin) = (150, 66, 24, 30, 6)

    init(
        _ nodes: [JSON], label: String = "The pipeline", isSideways: Bool = false,
        address: @escaping (JSON) -> String? = FlowPicture.part
    ) {
        (self.label, self.isSideways, self.address) = (label, isSideways, address)
        // Rows without a part take no room.
        let rows = Set(nodes.map { $0[number: "row"] ?? 0 }).sorted()
        boxes = nodes.map { node in
            let column = min(max(node[number: "column"] ?? 0, 0), 20)
            let row = rows.firstIndex(of: node[number: "row"] ?? 0) ?? 0
            return Box(
                name: node[text: "name"] ?? "", document: node,
                x: Self.margin + column * (Self.boxWidth + Self.gapX),
                y: Self.margin + row * (Self.boxHeight + Self.gapY))
        }
        width = (boxes.map(\.x).max() ?? 0) + Self.boxWidth + Self.margin
        height = (boxes.map(\.y).max() ?? 0) + Self.boxHeight + Self.margin
    }

    var html: HTML {
        guard !boxes.isEmpty else { return .nothing }
        let lines = boxes.map { from -> HTML in
            let next = from.document[list: "next"].compactMap(\.string)
            let calls = from.document[list: "calls"].compactMap(\.string)
            let ways = next.map { ($0, false) } + calls.map { ($0, true) }
            return "\(ways.map { name, isCall -> HTML in line(from, name, isCall: isCall) })"
        }
        return """
            <div class="scroll graph picture" tabindex="0" role="region" aria-label="\(label)">
            <svg width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" role="group" aria-label="\(label), in the order of the data">
            <defs><marker id="way" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="head" d="M0 0 8 4 0 8z"/></marker></defs>
            \(lines)\(boxes.map(drawing))</svg></div>
            """
    }

    // MARK: Boxes

    /// The page of a part of the pipeline. A source is outside of it.
    static func part(_ node: JSON) -> String? {
        node[text: "kind"] == "source" ? nil : Parts.address("flow", node[text: "name"] ?? "")
    }

    private func drawing(_ box: Box) -> HTML {
        let node = box.document
        let failed = node[number: "failed"] ?? 0, errors = node[number: "errors"] ?? 0
        let waiting = node[number: "waiting"] ?? 0, running = node[number: "running"] ?? 0
        let kind = node[text: "kind"] ?? ""
        let letters = kind == "queue" ? node[number: "total"] ?? 0 : 0
        let state: HTML =
            failed + errors + letters > 0 ? "bad" : running > 0 ? "busy" : waiting > 0 ? "odd" : "calm"
        let title = node[text: "title"] ?? box.name
        let facts = Self.facts(node)
        let middle = box.x + Self.boxWidth / 2
        let content: HTML = """
            <g class="node part \(kind == "store" || kind == "function" ? "" : "other ")\(state)"><title>\(title): \(facts.isEmpty ? "nothing in it" : facts.joined(separator: ", "))</title>
            <rect x="\(box.x)" y="\(box.y)" width="\(Self.boxWidth)" height="\(Self.boxHeight)" rx="\(kind == "store" ? 12 : 4)"/>
            <text x="\(middle)" y="\(box.y + 20)">\(Self.cut(title, 22))</text>
            <text class="type strong" x="\(middle)" y="\(box.y + 38)">\(Self.cut(facts.first ?? "", 26))</text>
            <text class="type" x="\(middle)" y="\(box.y + 55)">\(Self.cut(facts.dropFirst().joined(separator: ", "), 28))</text></g>
            """
        let label = "\(title): \(kind), \(facts.joined(separator: ", "))"
        return address(node).map { "<a href=\"\($0)\" aria-label=\"\(label)\">\(content)</a>\n" } ?? "\(content)\n"
    }

    /// What a box says, the most important first.
    private static func facts(_ node: JSON) -> [String] {
        var facts: [String] = []
        if let failed = node[number: "failed"], failed > 0 { facts.append("\(Shown.count(failed)) failed") }
        if let errors = node[number: "errors"], errors > 0 {
            facts.append("\(Shown.count(errors)) error\(errors == 1 ? "" : "s")")
        }
        if let running = node[number: "running"], running > 0 { facts.append("\(Shown.count(running)) running") }
        if let waiting = node[number: "waiting"], waiting > 0 {
            facts.append("\(Shown.count(waiting)) waiting")
            if let oldest = node[number: "oldest_ms"] { facts.append("oldest \(Shown.duration(oldest))") }
        }
        if let total = node[number: "total"] {
            let about = node[text: "about"] ?? ""
            let more = node["is_more"]?.bool == true ? "+" : ""
            let word = node[text: "unit"].map { " \($0)" } ?? ""
            facts.append("\(Shown.count(total))\(more)\(word)\(about.isEmpty ? "" : " \(about)")")
        } else if let about = node[text: "about"] {
            facts.append(about)
        }
        if let rate = node[number: "per_minute"], rate > 0 { facts.append("\(Shown.count(rate)) a minute") }
        return facts
    }

    private static func cut(_ text: String, _ limit: Int) -> String {
        text.count > limit ? text.prefix(limit - 1) + "…" : text
    }

    // MARK: Lines

    private func line(_ from: Box, _ name: String, isCall: Bool) -> HTML {
        guard let to = boxes.first(where: { $0.name == name }) else { return .nothing }
        let isBusy = (to.document[number: "running"] ?? 0) > 0
        let kind: HTML = isCall ? "edge rare" : isBusy ? "edge taken busy" : "edge taken"
        return
            "<path class=\"\(kind)\" d=\"\(isSideways ? Self.sideways(from, to) : Self.path(from, to))\" marker-end=\"url(#way)\"/>"
    }

    private static func sideways(_ from: Box, _ to: Box) -> String {
        let (x1, y1, x2, y2) = (from.x + boxWidth, from.y + boxHeight / 2, to.x, to.y + boxHeight / 2)
        let bend = (x1 + x2) / 2
        return "M\(x1) \(y1) C\(bend) \(y1) \(bend) \(y2) \(x2) \(y2)"
    }

    private static func path(_ from: Box, _ to: Box) -> String {
        let (middleX, middleY) = (boxWidth / 2, boxHeight / 2)
        if from.y == to.y {
            let isRight = to.x > from.x
            return isRight
                ? "M\(from.x + boxWidth) \(from.y + middleY) H\(to.x)"
                : "M\(from.x) \(from.y + middleY) H\(to.x + boxWidth)"
        }
        let isDown = to.y > from.y
        let (y1, y2) = isDown ? (from.y + boxHeight, to.y) : (from.y, to.y + boxHeight)
        var (x1, x2) = (from.x + middleX, to.x + middleX)
        guard x1 != x2 else { return "M\(x1) \(y1) V\(y2)" }
        // Beside the middle, where a line from the other side may end.
        let side = to.x > from.x ? 24 : -24
        (x1, x2) = (x1 + side, x2 - side)
        let bend = (y1 + y2) / 2
        return "M\(x1) \(y1) C\(x1) \(bend) \(x2) \(bend) \(x2) \(y2)"
    }
}
