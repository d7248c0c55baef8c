@testable import Pattern

/// An expression, a zero byte, and a text: the automaton finds what a reading of the expression's tree finds.
struct PatternTarget: FuzzTarget {
    /// The reading of the tree costs the square of a text's length, and doubles with every repetition inside another.
    private static let comparedLength = 64
    private static let comparedDepth = 6

    func take(_ bytes: [UInt8]) throws {
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        let expression = String(decoding: parts[0], as: UTF8.self)
        let pattern: Pattern
        do throws(PatternError) {
            pattern = try Pattern(expression)
        } catch {
            let places = 1...max(expression.unicodeScalars.count, 1)
            return require(error.position.map(places.contains) ?? true, "no place in the expression: \(error)")
        }
        var syntax = PatternSyntax(expression)
        let tree = try syntax.read()
        try checkWriting(tree)
        var matcher = PatternMatcher(pattern)
        if parts.count == 2 {
            let isFound = parts[1].withUnsafeBufferPointer { matcher.matches($0) }
            require(
                parts[1].withUnsafeBufferPointer { matcher.matches($0) } == isFound, "another answer the second time")
        }
        guard tree.repetitionDepth <= Self.comparedDepth else { return }
        var texts = Self.texts(for: tree)
        if parts.count == 2, let text = String(validating: parts[1], as: UTF8.self) {
            texts.append(Array(text.unicodeScalars.prefix(Self.comparedLength)))
        }
        for text in texts {
            let isExpected = !tree.ends(in: text.map(\.value), from: Set(0...text.count)).isEmpty
            let isFound = matcher.matches(String(String.UnicodeScalarView(text)))
            require(isFound == isExpected, "\(isFound ? "found" : "not found"): \(expression) in \(text)")
        }
    }

    /// Every text of up to two characters, of a few that the expression names and one that it may not name.
    private static func texts(for tree: PatternNode) -> [[Unicode.Scalar]] {
        var letters: [Unicode.Scalar] = ["~"]
        for letter in tree.bounds.compactMap(Unicode.Scalar.init) where letters.count < 4 && !letters.contains(letter) {
            letters.append(letter)
        }
        return [[]] + letters.map { [$0] } + letters.flatMap { first in letters.map { [first, $0] } }
    }

    /// A tree that is written as an expression and read again is written the same, unless that passes a limit.
    private func checkWriting(_ tree: PatternNode) throws {
        let written = tree.written
        var syntax = PatternSyntax(written)
        do throws(PatternError) {
            let again = try syntax.read().written
            require(again == written, "\(written) is read as \(again)")
        } catch {
            let isLimit = error.reason.contains("nested deeper") || error.reason.contains("has more than")
            require(isLimit, "\(written) is refused: \(error)")
        }
    }
}

extension PatternNode {
    /// Where a match can end that begins at one of `starts`.
    fileprivate func ends(in text: [UInt32], from starts: Set<Int>) -> Set<Int> {
        switch self {
        case .scalars(let set):
            return Set(
                starts.filter { at in at < text.count && set.ranges.contains { $0.contains(text[at]) } }.map { $0 + 1 })
        case .sequence(let parts): return parts.reduce(starts) { $1.ends(in: text, from: $0) }
        case .choice(let parts): return parts.reduce(into: []) { $0.formUnion($1.ends(in: text, from: starts)) }
        case .start: return starts.intersection([0])
        case .end: return starts.intersection([text.count])
        case .repeated(let part, let least, let most):
            var ends = starts
            for _ in 0..<least {
                let next = part.ends(in: text, from: ends)
                if next == ends { break }
                ends = next
            }
            var new = ends
            var count = least
            while count < most ?? .max, !new.isEmpty {
                new = part.ends(in: text, from: new).subtracting(ends)
                ends.formUnion(new)
                count += 1
            }
            return ends
        }
    }

    /// The expression in one spelling: groups where there might be doubt, characters by their numbers.
    fileprivate var written: String {
        switch self {
        case .scalars(let set):
            return "[\(set.ranges.map(Self.written).joined())]"
        case .sequence(let parts): return "(?:\(parts.map(\.written).joined()))"
        case .choice(let parts): return "(?:\(parts.map(\.written).joined(separator: "|")))"
        case .start: return "^"
        case .end: return "$"
        case .repeated(let part, let least, let most):
            return "(?:\(part.written)){\(least),\(most.map(String.init) ?? "")}"
        }
    }

    /// Without surrogates at the ends, which are no characters: the opposite of a set can have some.
    private static func written(_ range: ClosedRange<UInt32>) -> String {
        let surrogates: ClosedRange<UInt32> = 0xD800...0xDFFF
        let first = surrogates.contains(range.lowerBound) ? surrogates.upperBound + 1 : range.lowerBound
        let last = surrogates.contains(range.upperBound) ? surrogates.lowerBound - 1 : range.upperBound
        guard first <= last else { return "" }
        return "\\u{\(String(first, radix: 16))}-\\u{\(String(last, radix: 16))}"
    }

    /// The first characters of the sets.
    fileprivate var bounds: [UInt32] {
        switch self {
        case .scalars(let set): set.ranges.map(\.lowerBound)
        case .start, .end: []
        case .sequence(let parts), .choice(let parts): parts.flatMap(\.bounds)
        case .repeated(let part, _, _): part.bounds
        }
    }

    /// How many repetitions stand inside one another.
    fileprivate var repetitionDepth: Int {
        switch self {
        case .scalars, .start, .end: 0
        case .sequence(let parts), .choice(let parts): parts.map(\.repetitionDepth).max() ?? 0
        case .repeated(let part, _, _): part.repetitionDepth + 1
        }
    }
}
