/// Parses the text of an expression.
struct PatternSyntax {
    private static let lengthLimit = 4096
    private static let depthLimit = 64
    private static let repetitionLimit = 1000

    private let scalars: [Unicode.Scalar]
    private var at = 0
    private var depth = 0

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    mutating func read() throws(PatternError) -> PatternNode {
        guard scalars.count <= Self.lengthLimit else {
            throw PatternError(position: nil, reason: "the expression has more than \(Self.lengthLimit) characters")
        }
        let node = try readChoice()
        guard at == scalars.count else { throw fault("')' without '(' before it") }
        return node
    }

    // MARK: Structure

    private mutating func readChoice() throws(PatternError) -> PatternNode {
        var choices = [try readSequence()]
        while take("|") { choices.append(try readSequence()) }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private mutating func readSequence() throws(PatternError) -> PatternNode {
        var parts: [PatternNode] = []
        while let scalar = peek, scalar != "|", scalar != ")" {
            let part = try readAtom()
            parts.append(try readRepetition(of: part))
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func readAtom() throws(PatternError) -> PatternNode {
        let scalar = scalars[at]
        at += 1
        switch scalar {
        case "^": return .start
        case "$": return .end
        case ".": return .scalars(ScalarSet.lineTerminators.inverted)
        case "(": return try readGroup()
        case "[": return .scalars(try readClass())
        case "\\": return .scalars(try readEscape(inClass: false))
        case "*", "+", "?":
            at -= 1
            throw fault("'\(scalar)' has nothing to repeat")
        default: return .scalars(ScalarSet([scalar.value...scalar.value]))
        }
    }

    private mutating func readGroup() throws(PatternError) -> PatternNode {
        if take("?") {
            if take("<") {
                guard let next = peek, next != "=", next != "!" else { throw fault("look-behind is not supported") }
                while let scalar = peek, scalar != ">" { at += scalar == ")" ? scalars.count : 1 }
                guard take(">") else { throw fault("a group's name is not closed; expected '>'") }
            } else if !take(":") {
                throw fault("look-ahead and inline flags are not supported")
            }
        }
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { throw fault("groups are nested deeper than \(Self.depthLimit)") }
        let node = try readChoice()
        guard take(")") else { throw fault("a group is not closed") }
        return node
    }

    /// Reads what follows an atom: `*`, `+`, `?`, `{2}`, `{2,}`, `{2,5}` with an optional `?`, which changes nothing.
    private mutating func readRepetition(of part: PatternNode) throws(PatternError) -> PatternNode {
        let bounds: (Int, Int?)
        if take("*") {
            bounds = (0, nil)
        } else if take("+") {
            bounds = (1, nil)
        } else if take("?") {
            bounds = (0, 1)
        } else if let counted = try readCounts() {
            bounds = counted
        } else {
            return part
        }
        if case .start = part { throw fault("'^' cannot be repeated") }
        if case .end = part { throw fault("'$' cannot be repeated") }
        _ = take("?")
        if let next = peek, ["*", "+", "?"].contains(next) { throw fault("'\(next)' repeats a repetition") }
        return .repeated(part, atLeast: bounds.0, atMost: bounds.1)
    }

    /// Reads counts in braces. Returns nil and reads nothing if there are none.
    private mutating func readCounts() throws(PatternError) -> (Int, Int?)? {
        let start = at
        guard take("{"), let least = try readNumber() else {
            at = start
            return nil
        }
        var most: Int? = least
        if take(",") { most = try readNumber() }
        guard take("}") else {
            at = start
            return nil
        }
        if let most, most < least { throw fault("the counts are reversed; expected the greater one second") }
        return (least, most)
    }

    private mutating func readNumber() throws(PatternError) -> Int? {
        var number: Int?
        while let scalar = peek, ScalarSet.digits.ranges[0].contains(scalar.value) {
            let value = (number ?? 0) * 10 + Int(scalar.value - 0x30)
            guard value <= Self.repetitionLimit else { throw fault("more than \(Self.repetitionLimit) repetitions") }
            number = value
            at += 1
        }
        return number
    }

    // MARK: Sets

    private mutating func readClass() throws(PatternError) -> ScalarSet {
        let isInverted = take("^")
        var set = ScalarSet([])
        while let scalar = peek, scalar != "]" {
            let low = try readClassMember()
            guard peek == "-", at + 1 < scalars.count, scalars[at + 1] != "]" else {
                set.formUnion(low)
                continue
            }
            at += 1
            let high = try readClassMember()
            guard let first = low.single, let last = high.single, first <= last else {
                throw fault("invalid range; expected a character, '-' and a greater character")
            }
            set.formUnion(ScalarSet([first...last]))
        }
        guard take("]") else { throw fault("a set of characters is not closed") }
        return isInverted ? set.inverted : set
    }

    private mutating func readClassMember() throws(PatternError) -> ScalarSet {
        guard let scalar = peek else { throw fault("a set of characters is not closed") }
        at += 1
        return scalar == "\\" ? try readEscape(inClass: true) : ScalarSet([scalar.value...scalar.value])
    }

    private mutating func readEscape(inClass: Bool) throws(PatternError) -> ScalarSet {
        guard let scalar = peek else { throw fault("a backslash ends the expression") }
        at += 1
        switch scalar {
        case "d": return .digits
        case "D": return ScalarSet.digits.inverted
        case "w": return .wordCharacters
        case "W": return ScalarSet.wordCharacters.inverted
        case "s": return .spaces
        case "S": return ScalarSet.spaces.inverted
        case "t": return .one(0x09)
        case "n": return .one(0x0A)
        case "v": return .one(0x0B)
        case "f": return .one(0x0C)
        case "r": return .one(0x0D)
        case "b" where inClass: return .one(0x08)
        case "0" where !(peek.map { ScalarSet.digits.ranges[0].contains($0.value) } ?? false): return .one(0)
        case "x": return .one(try readHexadecimal(digits: 2))
        case "u": return .one(try readUnicodeEscape())
        case "b", "B": throw fault("\\\(scalar) (a word boundary) is not supported")
        case "p", "P": throw fault("\\\(scalar) (Unicode properties) is not supported")
        case "0"..."9", "k": throw fault("\\\(scalar) (a back-reference) is not supported")
        case "a"..."z", "A"..."Z": throw fault("\\\(scalar) is not an escape sequence")
        default: return .one(scalar.value)
        }
    }

    /// Reads the rest of `\u0041`, of `\u{1F600}`, or of two escapes that form a surrogate pair.
    private mutating func readUnicodeEscape() throws(PatternError) -> UInt32 {
        if take("{") {
            var value: UInt32 = 0
            while let digit = peek.flatMap(Self.hexadecimalValue), value <= 0x10FFFF {
                value = value << 4 | digit
                at += 1
            }
            guard take("}"), Unicode.Scalar(value) != nil else { throw fault("\\u{…} is not a Unicode character") }
            return value
        }
        let first = try readHexadecimal(digits: 4)
        guard (0xD800...0xDFFF).contains(first) else { return first }
        guard first < 0xDC00, take("\\"), take("u") else { throw fault("half of a surrogate pair") }
        let second = try readHexadecimal(digits: 4)
        guard (0xDC00...0xDFFF).contains(second) else { throw fault("half of a surrogate pair") }
        return 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
    }

    private mutating func readHexadecimal(digits: Int) throws(PatternError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard let digit = peek.flatMap(Self.hexadecimalValue) else {
                throw fault("expected \(digits) hexadecimal digits")
            }
            value = value << 4 | digit
            at += 1
        }
        return value
    }

    private static func hexadecimalValue(_ scalar: Unicode.Scalar) -> UInt32? {
        switch scalar {
        case "0"..."9": scalar.value - 0x30
        case "a"..."f": scalar.value - 0x57
        case "A"..."F": scalar.value - 0x37
        default: nil
        }
    }

    // MARK: Characters

    private var peek: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        at += 1
        return true
    }

    private func fault(_ reason: String) -> PatternError {
        PatternError(position: min(at + 1, scalars.count), reason: reason)
    }
}

extension ScalarSet {
    fileprivate static func one(_ value: UInt32) -> ScalarSet { ScalarSet([value...value]) }

    /// The scalar in the set, if there is exactly one.
    fileprivate var single: UInt32? {
        guard ranges.count == 1, ranges[0].count == 1 else { return nil }
        return ranges[0].lowerBound
    }
}
