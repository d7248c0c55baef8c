internal import JSON

/// What gold-build says of a changed model, for people.
struct ModelDifference {
    private let answer: JSON

    init(_ answer: JSON) { self.answer = answer }

    /// Why the result would not be committed.
    var failure: String? { answer["failure"]?.string }

    var lines: [String] {
        let name = answer["model"]?.string ?? ""
        guard answer["outcome"]?.string == "compared" else {
            return ["\(name) waits for \(answer["for"]?.string ?? "a table"), which is not there yet"]
        }
        let now = answer["stored"]?.int.map { "\(Quantity.count($0)) rows now" } ?? "not built yet"
        var lines = ["\(name): \(now), \(Quantity.count(answer["rows"]?.int)) with this text", ""]
        lines += counts + columns
        if let refused = answer["refused"]?.string { lines += ["", "The table cannot take it: \(refused)"] }
        if let failure { lines += ["", "It would not be committed: \(failure)"] }
        let examples = answer["examples"]?.array ?? []
        if !examples.isEmpty { lines += [""] + examples.map(Self.line) }
        return lines
    }

    private var counts: [String] {
        var table = TextTable([.left(""), .right("")])
        let (added, changed) = (answer["added"]?.int ?? 0, answer["changed"]?.int ?? 0)
        table.add(["added", Quantity.count(added)])
        table.add(["removed", Quantity.count(answer["removed"]?.int)])
        let hasKey = answer["key"]?.array?.isEmpty == false
        if hasKey { table.add(["changed", Quantity.count(changed)]) }
        table.add(["unchanged", Quantity.count((answer["rows"]?.int ?? 0) - added - changed)])
        return table.lines().dropFirst().map { "  \($0)" }
            + (hasKey ? [] : ["  (whole rows are compared: the two have no primary key in common that is unique)"])
    }

    private var columns: [String] {
        let changes = answer["columns"]?.array ?? []
        guard !changes.isEmpty else { return [] }
        var table = TextTable([.left("  COLUMN"), .left("CHANGE")])
        for change in changes {
            let type = change["type"]?.string ?? ""
            let text =
                switch change["change"]?.string {
                case "added": "added, \(type)"
                case "removed": "removed, \(type)"
                case "retyped": "\(change["was"]?.string ?? "") becomes \(type)"
                default: "another value in \(Quantity.count(change["rows"]?.int)) rows"
                }
            table.add(["  \(change["name"]?.string ?? "")", text])
        }
        return [""] + table.lines()
    }

    /// `~ beer_id 7  avg_rating 4.0 -> 4.12`
    private static func line(_ example: JSON) -> String {
        let values = example["values"]?.object ?? [:]
        let key = (example["key"]?.object ?? [:]).map { "\($0.0) \(text($0.1))" }
        let mark: String
        let others: [String]
        switch example["change"]?.string {
        case "added": (mark, others) = ("+", values.map { "\($0.0) \(text($0.1["new"]))" })
        case "removed": (mark, others) = ("-", values.map { "\($0.0) \(text($0.1["now"]))" })
        default: (mark, others) = ("~", values.map { "\($0.0) \(text($0.1["now"])) -> \(text($0.1["new"]))" })
        }
        return ([mark + " " + key.joined(separator: "  ")] + others).joined(separator: "  ")
    }

    private static func text(_ value: JSON?) -> String { value?.string ?? "null" }
}
