/// A regular expression in JavaScript's syntax, matched in time that is linear in the text.
///
/// A character is a Unicode scalar. Of several matches the leftmost wins, and of those the one that a backtracking matcher
/// would find first. Back-references and look-around are refused: no automaton decides them.
/// - SeeAlso: <https://swtch.com/~rsc/regexp/regexp2.html>
package struct LinearRegex: Sendable {
    let program: RegexProgram

    /// - Throws: ``LinearRegexError`` for a syntax error, and for what is not supported.
    package init(_ pattern: String, ignoresCase: Bool = false, isMultiline: Bool = false) throws(LinearRegexError) {
        var parser = RegexParser(pattern)
        let node = try parser.parseWhole()
        program = try RegexProgram(
            node, groupCount: parser.groupCount, ignoresCase: ignoresCase, isMultiline: isMultiline)
    }

    /// Whether the expression matches the whole of `text`.
    package func matchesWhole(_ text: String) -> Bool {
        let scalars = text.unicodeScalars.map(\.value)
        let matcher = RegexMatcher(program, wholeText: true)
        return matcher.firstMatch(in: scalars, from: 0) { _ in } != nil
    }
}

/// Why an expression is refused.
package struct LinearRegexError: Error, Sendable, Hashable {
    package let reason: String
}

/// What an expression is made of.
indirect enum RegexNode: Sendable {
    case scalars(RegexSet)
    case sequence([RegexNode])
    case choice([RegexNode])
    /// - Parameter number: from 1; nil for a group that captures nothing.
    case group(RegexNode, number: Int?)
    case repeated(RegexNode, atLeast: Int, atMost: Int?, isGreedy: Bool)
    case assertion(RegexAssertion)
}

enum RegexAssertion: Sendable {
    case start
    case end
    case wordBoundary
    case noWordBoundary
}

/// A set of characters.
struct RegexSet: Sendable {
    var ranges: [ClosedRange<UInt32>] = []
    /// Sets whose opposite belongs to this set: `\D`, `\W`, `\S`.
    var opposites: [[ClosedRange<UInt32>]] = []
    /// Unicode properties: `\p{L}`.
    var properties: [(property: RegexProperty, isInverted: Bool)] = []
    var isInverted = false

    init(_ ranges: [ClosedRange<UInt32>] = [], isInverted: Bool = false) {
        self.ranges = ranges
        self.isInverted = isInverted
    }

    mutating func formUnion(_ other: RegexSet) {
        if other.isInverted { opposites.append(other.ranges) } else { ranges += other.ranges }
        properties += other.properties
    }

    func contains(_ scalar: UInt32, ignoringCase: Bool) -> Bool {
        if holds(scalar) { return !isInverted }
        if ignoringCase, let value = Unicode.Scalar(scalar) {
            for mapping in [value.properties.lowercaseMapping, value.properties.uppercaseMapping] {
                let mapped = mapping.unicodeScalars
                if mapped.count == 1, let other = mapped.first, other != value, holds(other.value) {
                    return !isInverted
                }
            }
        }
        return isInverted
    }

    private func holds(_ scalar: UInt32) -> Bool {
        ranges.contains { $0.contains(scalar) } || opposites.contains { !$0.contains { $0.contains(scalar) } }
            || properties.contains { $0.property.holds(scalar) != $0.isInverted }
    }

    static let digits: [ClosedRange<UInt32>] = [0x30...0x39]
    static let wordCharacters: [ClosedRange<UInt32>] = [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A]
    static let spaces: [ClosedRange<UInt32>] = [
        0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
        0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
    ]
    static let lineEnds: [ClosedRange<UInt32>] = [0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029]
}

/// The Unicode properties that expressions use most.
enum RegexProperty: String, Sendable {
    case letter = "L"
    case uppercase = "Lu"
    case lowercase = "Ll"
    case number = "N"
    case decimal = "Nd"
    case punctuation = "P"
    case symbol = "S"
    case separator = "Z"

    func holds(_ value: UInt32) -> Bool {
        guard let scalar = Unicode.Scalar(value) else { return false }
        switch (self, scalar.properties.generalCategory) {
        case (.letter, .uppercaseLetter), (.letter, .lowercaseLetter), (.letter, .titlecaseLetter),
            (.letter, .modifierLetter), (.letter, .otherLetter), (.uppercase, .uppercaseLetter),
            (.lowercase, .lowercaseLetter), (.number, .decimalNumber), (.number, .letterNumber),
            (.number, .otherNumber), (.decimal, .decimalNumber), (.punctuation, .connectorPunctuation),
            (.punctuation, .dashPunctuation), (.punctuation, .openPunctuation), (.punctuation, .closePunctuation),
            (.punctuation, .initialPunctuation), (.punctuation, .finalPunctuation), (.punctuation, .otherPunctuation),
            (.symbol, .mathSymbol), (.symbol, .currencySymbol), (.symbol, .modifierSymbol), (.symbol, .otherSymbol),
            (.separator, .spaceSeparator), (.separator, .lineSeparator), (.separator, .paragraphSeparator):
            return true
        default: return false
        }
    }
}
