/// Reads a regular expression.
///
/// - SeeAlso: <https://262.ecma-international.org/5.1/#sec-15.10.1>
struct RegexParser {
    private let text: [Unicode.Scalar]
    private var at = 0
    private var depth = 0
    private(set) var groupCount = 0

    /// Deep enough for any expression that people write, shallow enough for a worker's stack.
    private static let depthLimit = 100
    private static let countLimit = 1000

    init(_ text: String) { self.text = Array(text.unicodeScalars) }

    mutating func parseWhole() throws(LinearRegexError) -> RegexNode {
        let node = try parseChoice()
        guard at == text.count else { throw fault("Unmatched ')'") }
        return node
    }

    private func fault(_ reason: String) -> LinearRegexError { LinearRegexError(reason: reason) }

    private var next: Unicode.Scalar? { at < text.count ? text[at] : nil }

    private mutating func skip(_ literal: String) -> Bool {
        let scalars = Array(literal.unicodeScalars)
        guard at + scalars.count <= text.count, Array(text[at..<at + scalars.count]) == scalars else { return false }
        at += scalars.count
        return true
    }

    private mutating func parseChoice() throws(LinearRegexError) -> RegexNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { throw fault("Nested too deeply") }
        var choices = [try parseSequence()]
        while skip("|") { choices.append(try parseSequence()) }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private mutating func parseSequence() throws(LinearRegexError) -> RegexNode {
        var parts: [RegexNode] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            let atom = try parseAtom()
            parts.append(try parseQuantifiers(of: atom))
        }
        return .sequence(parts)
    }

    private mutating func parseQuantifiers(of atom: RegexNode) throws(LinearRegexError) -> RegexNode {
        let bounds: (Int, Int?)
        if skip("*") {
            bounds = (0, nil)
        } else if skip("+") {
            bounds = (1, nil)
        } else if skip("?") {
            bounds = (0, 1)
        } else if let counted = try parseCounts() {
            bounds = counted
        } else {
            return atom
        }
        if case .assertion = atom { throw fault("Nothing to repeat") }
        let isGreedy = !skip("?")
        if next == "*" || next == "+" || next == "?" { throw fault("Nothing to repeat") }
        return .repeated(atom, atLeast: bounds.0, atMost: bounds.1, isGreedy: isGreedy)
    }

    /// `{2}`, `{2,}`, `{2,5}`; a brace that starts none of them is a plain character.
    private mutating func parseCounts() throws(LinearRegexError) -> (Int, Int?)? {
        let start = at
        guard skip("{"), let least = integer() else {
            at = start
            return nil
        }
        var most: Int? = least
        if skip(",") { most = integer() }
        guard skip("}") else {
            at = start
            return nil
        }
        guard least <= most ?? least else { throw fault("Numbers out of order in a quantifier") }
        guard max(least, most ?? 0) <= Self.countLimit else { throw fault("A quantifier above \(Self.countLimit)") }
        return (least, most)
    }

    private mutating func integer() -> Int? {
        var value: Int?
        while let digit = next?.value, (0x30...0x39).contains(digit), (value ?? 0) < 1_000_000 {
            value = (value ?? 0) * 10 + Int(digit - 0x30)
            at += 1
        }
        return value
    }

    private mutating func parseAtom() throws(LinearRegexError) -> RegexNode {
        guard let scalar = next else { throw fault("Unexpected end") }
        at += 1
        switch scalar {
        case "(": return try parseGroup()
        case "[": return .scalars(try parseClass())
        case ".": return .scalars(RegexSet(RegexSet.lineEnds, isInverted: true))
        case "^": return .assertion(.start)
        case "$": return .assertion(.end)
        case "\\": return try parseEscape()
        case "*", "+", "?": throw fault("Nothing to repeat")
        default: return .scalars(RegexSet([scalar.value...scalar.value]))
        }
    }

    private mutating func parseGroup() throws(LinearRegexError) -> RegexNode {
        var number: Int?
        if skip("?") {
            if skip("<"), next != "=", next != "!" {
                guard let end = text[at...].firstIndex(of: ">") else { throw fault("Invalid group name") }
                at = end + 1
                groupCount += 1
                number = groupCount
            } else if !skip(":") {
                throw fault("Look-around and inline flags are not supported")
            }
        } else {
            groupCount += 1
            number = groupCount
        }
        let node = try parseChoice()
        guard skip(")") else { throw fault("Unterminated group") }
        return .group(node, number: number)
    }

    private mutating func parseEscape() throws(LinearRegexError) -> RegexNode {
        if skip("b") { return .assertion(.wordBoundary) }
        if skip("B") { return .assertion(.noWordBoundary) }
        if let digit = next?.value, (0x31...0x39).contains(digit) { throw fault("Back-references are not supported") }
        if next == "k" { throw fault("Back-references are not supported") }
        return .scalars(try parseEscapedSet())
    }

    /// What follows a backslash, inside brackets or outside.
    private mutating func parseEscapedSet() throws(LinearRegexError) -> RegexSet {
        guard let scalar = next else { throw fault("\\ at end of pattern") }
        at += 1
        func single(_ value: UInt32) -> RegexSet { RegexSet([value...value]) }
        switch scalar {
        case "d": return RegexSet(RegexSet.digits)
        case "D": return RegexSet(RegexSet.digits, isInverted: true)
        case "w": return RegexSet(RegexSet.wordCharacters)
        case "W": return RegexSet(RegexSet.wordCharacters, isInverted: true)
        case "s": return RegexSet(RegexSet.spaces)
        case "S": return RegexSet(RegexSet.spaces, isInverted: true)
        case "t": return single(0x09)
        case "n": return single(0x0A)
        case "v": return single(0x0B)
        case "f": return single(0x0C)
        case "r": return single(0x0D)
        case "0": return single(0)
        case "x": return single(try hexadecimal(2))
        case "u":
            if skip("{") {
                var digits = ""
                while let digit = next, digit != "}" {
                    digits.unicodeScalars.append(digit)
                    at += 1
                }
                guard skip("}"), let value = UInt32(digits, radix: 16) else { throw fault("Invalid Unicode escape") }
                return single(value)
            }
            return single(try hexadecimal(4))
        case "p", "P": return try parseProperty(isInverted: scalar == "P")
        default: return single(scalar.value)
        }
    }

    private mutating func hexadecimal(_ count: Int) throws(LinearRegexError) -> UInt32 {
        guard at + count <= text.count else { throw fault("Invalid escape") }
        var digits = ""
        digits.unicodeScalars.append(contentsOf: text[at..<at + count])
        guard let value = UInt32(digits, radix: 16) else { throw fault("Invalid escape") }
        at += count
        return value
    }

    private mutating func parseProperty(isInverted: Bool) throws(LinearRegexError) -> RegexSet {
        guard skip("{"), let end = text[at...].firstIndex(of: "}") else { throw fault("Invalid property name") }
        var name = ""
        name.unicodeScalars.append(contentsOf: text[at..<end])
        at = end + 1
        guard let property = RegexProperty(rawValue: name) else {
            throw fault("The property \(name) is not supported")
        }
        var set = RegexSet()
        set.properties = [(property, isInverted)]
        return set
    }

    /// What follows an opening bracket.
    private mutating func parseClass() throws(LinearRegexError) -> RegexSet {
        var set = RegexSet()
        set.isInverted = skip("^")
        while let scalar = next {
            if skip("]") { return set }
            let low = try parseClassAtom(scalar)
            guard next == "-", at + 1 < text.count, text[at + 1] != "]", let first = low.single else {
                set.formUnion(low)
                continue
            }
            at += 1
            let high = try parseClassAtom(text[at])
            guard let last = high.single else {
                set.formUnion(low)
                set.formUnion(RegexSet([0x2D...0x2D]))
                set.formUnion(high)
                continue
            }
            guard first <= last else { throw fault("Range out of order in character class") }
            set.ranges.append(first...last)
        }
        throw fault("Unterminated character class")
    }

    private mutating func parseClassAtom(_ scalar: Unicode.Scalar) throws(LinearRegexError) -> RegexSet {
        at += 1
        guard scalar == "\\" else { return RegexSet([scalar.value...scalar.value]) }
        if skip("b") { return RegexSet([0x08...0x08]) }
        return try parseEscapedSet()
    }
}

extension RegexSet {
    /// The only character of the set; nil when it can hold others.
    fileprivate var single: UInt32? {
        guard !isInverted, properties.isEmpty, opposites.isEmpty, ranges.count == 1,
            ranges[0].lowerBound == ranges[0].upperBound
        else { return nil }
        return ranges[0].lowerBound
    }
}
