/// A regular expression in the part of ECMA-262's syntax that a finite automaton can decide. Every text takes one step
/// a byte, whatever the expression.
///
/// The expression may match anywhere in a text, as in JSON Schema and the Open Data Contract Standard; `^` and `$`
/// anchor it. Text is UTF-8, and a character is a Unicode scalar. Back-references, look-around, `\b` and `\p` are
/// refused; the folder's README lists the supported syntax.
/// - SeeAlso: <https://262.ecma-international.org/5.1/#sec-15.10.1>
public struct Pattern: Sendable {
    public let text: String
    let program: PatternProgram

    /// - Throws: ``PatternError`` with the invalid or unsupported part of the expression and its position.
    public init(_ text: String) throws(PatternError) {
        self.text = text
        var syntax = PatternSyntax(text)
        program = try PatternProgram(try syntax.read())
    }
}

/// Why an expression is refused.
public struct PatternError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The position of the character at fault, from 1; nil if the error concerns the whole expression.
    public let position: Int?
    public let reason: String

    public var description: String { position.map { "character \($0): \(reason)" } ?? reason }
}

/// A node of an expression's syntax tree.
indirect enum PatternNode {
    case scalars(ScalarSet)
    case sequence([PatternNode])
    case choice([PatternNode])
    case repeated(PatternNode, atLeast: Int, atMost: Int?)
    case start
    case end

    /// Whether the node can match only at the beginning of a text.
    var isAnchored: Bool {
        switch self {
        case .start: true
        case .sequence(let parts): parts.first?.isAnchored ?? false
        case .choice(let parts): !parts.isEmpty && parts.allSatisfy(\.isAnchored)
        case .repeated(let part, let least, _): least > 0 && part.isAnchored
        case .scalars, .end: false
        }
    }
}

/// A set of Unicode scalars, stored as ranges.
struct ScalarSet {
    private(set) var ranges: [ClosedRange<UInt32>]

    init(_ ranges: [ClosedRange<UInt32>]) { self.ranges = ranges }

    mutating func formUnion(_ other: ScalarSet) { ranges += other.ranges }

    /// All scalars that are not in the set.
    var inverted: ScalarSet {
        var next: UInt32 = 0
        var gaps: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if range.lowerBound > next { gaps.append(next...range.lowerBound - 1) }
            next = max(next, range.upperBound + 1)
        }
        if next <= Self.last { gaps.append(next...Self.last) }
        return ScalarSet(gaps)
    }

    private static let last: UInt32 = 0x10FFFF

    static let digits = ScalarSet([0x30...0x39])
    static let wordCharacters = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    static let lineTerminators = ScalarSet([0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029])
    static let spaces = ScalarSet([
        0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
        0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
    ])
}
