/// A part of the engine's SQL, which knows where in the user's statement each piece of it comes from.
struct SQLFragment: Sendable {
    private struct Piece: Sendable {
        let text: String
        /// The byte of the user's statement.
        let origin: Int
    }

    /// What the text has that a macro of the engine's must not be given as it is.
    struct Traits: OptionSet, Sendable {
        let rawValue: UInt8

        /// Each evaluation may give another value.
        static let isVolatile = Traits(rawValue: 1)
        /// It has calls that repeat their arguments.
        static let repeats = Traits(rawValue: 2)
        /// The engine does not know its type yet when it chooses a macro by the types of the arguments: aggregates, windows,
        /// columns of an outer query.
        static let hasLateType = Traits(rawValue: 4)
    }

    private var pieces: [Piece]
    private(set) var traits: Traits = []

    init(_ text: String, from origin: Int) { pieces = [Piece(text: text, origin: origin)] }

    func with(_ traits: Traits) -> SQLFragment {
        var fragment = self
        fragment.traits.formUnion(traits)
        return fragment
    }

    static func + (left: SQLFragment, right: SQLFragment) -> SQLFragment {
        var sum = left
        sum += right
        return sum
    }

    static func + (left: SQLFragment, right: String) -> SQLFragment {
        var sum = left
        sum.pieces.append(Piece(text: right, origin: left.pieces.last?.origin ?? 0))
        return sum
    }

    static func + (left: String, right: SQLFragment) -> SQLFragment {
        var sum = right
        sum.pieces.insert(Piece(text: left, origin: right.origin), at: 0)
        return sum
    }

    static func += (left: inout SQLFragment, right: SQLFragment) {
        left.pieces += right.pieces
        left.traits.formUnion(right.traits)
    }

    static func += (left: inout SQLFragment, right: String) {
        left.pieces.append(Piece(text: right, origin: left.pieces.last?.origin ?? 0))
    }

    /// Where its first piece comes from.
    var origin: Int { pieces.first?.origin ?? 0 }

    /// In one line: the text has no line break, because a literal with one is written by character codes.
    var text: String { pieces.map(\.text).joined() }

    /// The byte of the user's statement that the byte `offset` of ``text`` comes from.
    func origin(of offset: Int) -> Int? {
        var start = 0
        for piece in pieces {
            let end = start + piece.text.utf8.count
            if offset < end { return piece.origin }
            start = end
        }
        return pieces.last?.origin
    }
}

extension [SQLFragment] {
    /// The fragments with `separator` between them; nil if there are none.
    func joined(_ separator: String) -> SQLFragment? {
        guard var sum = first else { return nil }
        for fragment in dropFirst() {
            sum += separator
            sum += fragment
        }
        return sum
    }
}
