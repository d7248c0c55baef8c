/// Which tables are captured: names with their schema, where `*` stands for any characters.
struct TablePatterns: Sendable, Hashable {
    private let patterns: [(schema: String, table: String)]
    let text: String

    /// Parses patterns between commas, such as `dm_core.*,public.orders`; nil if one has no schema.
    init?(_ text: String) {
        self.text = text
        patterns = text.split(separator: ",").compactMap { pattern in
            let halves = pattern.drop { $0 == " " }.split(separator: ".", maxSplits: 1)
            return halves.count == 2 ? (String(halves[0]), String(halves[1])) : nil
        }
        guard !patterns.isEmpty, patterns.count == text.split(separator: ",").count else { return nil }
    }

    static func == (left: TablePatterns, right: TablePatterns) -> Bool { left.text == right.text }

    func hash(into hasher: inout Hasher) { hasher.combine(text) }

    func include(schema: String, table: String) -> Bool {
        patterns.contains { Self.matches($0.schema, schema) && Self.matches($0.table, table) }
    }

    /// The patterns without `*` that are none of `tables`.
    func missing(in tables: Set<String>) -> [String] {
        patterns.map { "\($0.schema).\($0.table)" }.filter { !$0.contains("*") && !tables.contains($0) }
    }

    private static func matches(_ pattern: String, _ name: String) -> Bool {
        let pieces = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard pieces.count > 1, let first = pieces.first, let last = pieces.last else { return pattern == name }
        guard name.hasPrefix(first), name.utf8.count >= first.utf8.count + last.utf8.count else { return false }
        var rest = name.dropFirst(first.count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            guard let place = rest.firstPlace(of: piece) else { return false }
            rest = rest[place...].dropFirst(piece.count)
        }
        return rest.hasSuffix(last)
    }
}

extension Substring {
    fileprivate func firstPlace(of text: Substring) -> Index? {
        indices.first { self[$0...].hasPrefix(text) }
    }
}
