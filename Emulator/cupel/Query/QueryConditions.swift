/// What WHERE says of the columns of one table, as far as it narrows what must be read.
///
/// Conditions that are joined by AND at the top of the only SELECT count; the query itself still checks all of them. So a
/// statement that is not understood reads more than it must, and never less.
struct QueryConditions: Hashable {
    /// By column: the values one of which a row has.
    private(set) var values: [String: Set<String>] = [:]
    /// By column: what a row's value is not less than, as text.
    private(set) var least: [String: String] = [:]

    init() {}

    /// Conditions that no statement says.
    init(values: [String: Set<String>]) { self.values = values }

    /// - Parameters:
    ///   - statement: as the user wrote it.
    ///   - schema: the table's schema, such as `control`.
    ///   - columns: the table's columns.
    init(_ statement: String, schema: String, table: String, columns: Set<String>) {
        let pieces = SQLPiece.pieces(of: statement).filter { $0.kind != .blank && $0.kind != .comment }
        guard pieces.count(where: { $0.kind == .word && $0.word == "select" }) == 1,
            let qualifiers = Self.qualifiers(of: schema, table, in: pieces),
            let condition = Self.condition(of: pieces)
        else { return }
        for part in Self.parts(of: condition) {
            guard let (column, rest) = Self.column(of: part, qualifiers), columns.contains(column) else { continue }
            if let found = Self.values(rest) {
                values[column] = values[column].map { $0.intersection(found) } ?? found
            } else if let bound = Self.bound(rest) {
                least[column] = max(least[column] ?? bound, bound)
            }
        }
    }

    /// What may be written before a column of the table: each is a list of names. Nil unless the statement reads the table
    /// once.
    private static func qualifiers(of schema: String, _ table: String, in pieces: [SQLPiece]) -> [[String]]? {
        let places = pieces.indices.dropLast(2).filter { place in
            pieces[place].word == schema && pieces[place].kind == .word && pieces[place + 1].isSign(".")
                && name(pieces[place + 2]) == table
                && !(place + 3 < pieces.count && pieces[place + 3].isSign("."))
        }
        guard places.count == 1, let place = places.first else { return nil }
        var next = place + 3
        if next < pieces.count, pieces[next].word == "as" { next += 1 }
        if next < pieces.count, let alias = name(pieces[next]), !endsTable.contains(alias) { return [[], [alias]] }
        return [[], [table], [schema, table]]
    }

    private static let endsTable: Set<String> = [
        "where", "group", "order", "having", "limit", "offset", "fetch", "window", "join", "left", "right", "full",
        "inner", "cross", "natural", "on", "using", "union", "intersect", "except", "tablesample", "for",
    ]

    private static func name(_ piece: SQLPiece) -> String? {
        switch piece.kind {
        case .word: piece.word
        case .quotedName: piece.content.lowercased()
        default: nil
        }
    }

    /// The pieces after WHERE; nil if there is none outside of parentheses.
    private static func condition(of pieces: [SQLPiece]) -> ArraySlice<SQLPiece>? {
        var depth = 0
        var start: Int?
        for (place, piece) in pieces.enumerated() {
            depth += change(piece)
            guard depth == 0, piece.kind == .word else { continue }
            if piece.word == "where" {
                start = place + 1
            } else if let start, ends.contains(piece.word) {
                return pieces[start..<place]
            }
        }
        return start.map { pieces[$0...] }
    }

    private static let ends: Set<String> = [
        "group", "order", "having", "limit", "offset", "fetch", "window", "union", "intersect", "except",
    ]

    /// By how much a piece changes how deep in parentheses the next one is. CASE … END counts as a pair of them.
    private static func change(_ piece: SQLPiece) -> Int {
        if piece.isSign("(") || piece.isSign("[") { return 1 }
        if piece.isSign(")") || piece.isSign("]") { return -1 }
        guard piece.kind == .word else { return 0 }
        return piece.word == "case" ? 1 : piece.word == "end" ? -1 : 0
    }

    /// What AND joins; nothing if there is an OR, too.
    private static func parts(of condition: ArraySlice<SQLPiece>) -> [[SQLPiece]] {
        var parts: [[SQLPiece]] = [[]]
        var depth = 0
        for piece in condition where !piece.isSign(";") {
            depth += change(piece)
            if depth == 0, piece.kind == .word, piece.word == "or" { return [] }
            if depth == 0, piece.kind == .word, piece.word == "and" {
                parts.append([])
            } else {
                parts[parts.count - 1].append(piece)
            }
        }
        return parts
    }

    /// The column with which a part begins, and what follows it.
    private static func column(of part: [SQLPiece], _ qualifiers: [[String]]) -> (String, ArraySlice<SQLPiece>)? {
        var names: [String] = []
        var place = 0
        while place < part.count, let name = name(part[place]) {
            names.append(name)
            place += 1
            guard place < part.count, part[place].isSign(".") else { break }
            place += 1
        }
        guard let column = names.popLast(), qualifiers.contains(names) else { return nil }
        return (column, part[place...])
    }

    /// The values of `= 'a'`, `= DATE 'a'` and `IN ('a', 'b')`.
    private static func values(_ rest: ArraySlice<SQLPiece>) -> Set<String>? {
        var rest = Array(rest)
        if rest.count == 3, rest[1].word == "date" { rest.remove(at: 1) }
        if rest.count == 2, rest[0].isSign("="), rest[1].kind == .text { return [rest[1].content] }
        guard rest.count >= 4, rest[0].word == "in", rest[1].isSign("("), rest[rest.count - 1].isSign(")") else {
            return nil
        }
        var values: Set<String> = []
        for (place, piece) in rest[2..<rest.count - 1].enumerated() {
            if place % 2 == 1 {
                guard piece.isSign(",") else { return nil }
            } else {
                guard piece.kind == .text else { return nil }
                values.insert(piece.content)
            }
        }
        return values
    }

    /// The bound of `>= 'a'`, `> 'a'`, `>= DATE 'a'` and `>= TIMESTAMP 'a'`.
    private static func bound(_ rest: ArraySlice<SQLPiece>) -> String? {
        guard let sign = rest.first, sign.isSign(">=") || sign.isSign(">"), let last = rest.last, last.kind == .text
        else { return nil }
        let between = rest.dropFirst().dropLast()
        guard between.isEmpty || ["timestamp", "date"].contains(between.map(\.word).joined()) else { return nil }
        return last.content
    }
}
