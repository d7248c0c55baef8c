/// An expression as an automaton over the bytes of UTF-8.
/// - SeeAlso: <https://swtch.com/~rsc/regexp/regexp2.html>
struct PatternProgram: Sendable {
    enum Step: Sendable {
        /// Reads one byte of the range and continues with the step `next`.
        case byte(ClosedRange<UInt8>, next: Int)
        /// Continues with both steps.
        case split(Int, Int)
        case jump(Int)
        /// Continue only at the beginning and only at the end of the text.
        case start(next: Int)
        case end(next: Int)
        case match
    }

    /// Expressions with more steps are refused, since a byte of text may cost a look at each step.
    private static let stepLimit = 10_000

    private(set) var steps: [Step] = []
    private(set) var first = 0

    init(_ node: PatternNode) throws(PatternError) {
        steps.append(.match)
        let body = try add(node, next: 0)
        guard !node.isAnchored else {
            first = body
            return
        }
        // Any bytes may precede the match, so the search starts again at each of them.
        first = steps.count
        steps.append(.split(body, first + 1))
        steps.append(.byte(0...0xFF, next: first))
    }

    /// - Returns: The first step of the node. The node continues with `next`.
    private mutating func add(_ node: PatternNode, next: Int) throws(PatternError) -> Int {
        switch node {
        case .start: return try add(.start(next: next))
        case .end: return try add(.end(next: next))
        case .scalars(let set): return try add(set, next: next)
        case .sequence(let parts):
            var next = next
            for part in parts.reversed() { next = try add(part, next: next) }
            return next
        case .choice(let parts):
            var entries: [Int] = []
            for part in parts { entries.append(try add(part, next: next)) }
            return try addChoice(entries)
        case .repeated(let part, let least, let most):
            return try add(part, least, most, next: next)
        }
    }

    private mutating func add(
        _ part: PatternNode, _ least: Int, _ most: Int?, next: Int
    ) throws(PatternError) -> Int {
        var entry = next
        if let most {
            for _ in least..<most { entry = try add(.split(try add(part, next: entry), next)) }
        } else {
            // The loop's split precedes the repeated part, which continues with the split.
            let loop = try add(.jump(next))
            steps[loop] = .split(try add(part, next: loop), next)
            entry = loop
        }
        for _ in 0..<least { entry = try add(part, next: entry) }
        return entry
    }

    private mutating func add(_ set: ScalarSet, next: Int) throws(PatternError) -> Int {
        var entries: [Int] = []
        for range in set.ranges {
            for bytes in UTF8Ranges(range) {
                var entry = next
                for byte in bytes.reversed() { entry = try add(.byte(byte, next: entry)) }
                entries.append(entry)
            }
        }
        return try addChoice(entries)
    }

    private mutating func addChoice(_ entries: [Int]) throws(PatternError) -> Int {
        guard var entry = entries.last else {
            // An empty set becomes a step that leads nowhere.
            let dead = try add(.jump(0))
            steps[dead] = .jump(dead)
            return dead
        }
        for other in entries.dropLast().reversed() { entry = try add(.split(other, entry)) }
        return entry
    }

    private mutating func add(_ step: Step) throws(PatternError) -> Int {
        guard steps.count < Self.stepLimit else {
            throw PatternError(position: nil, reason: "the expression is too large; use smaller counts")
        }
        steps.append(step)
        return steps.count - 1
    }
}

/// The UTF-8 encodings of a range of scalars, as the fewest sequences of byte ranges.
private struct UTF8Ranges: Sequence, IteratorProtocol {
    private var pending: [ClosedRange<UInt32>]

    init(_ range: ClosedRange<UInt32>) {
        pending = []
        // Surrogates are not scalars.
        if range.upperBound > 0xDFFF { pending.append(Swift.max(range.lowerBound, 0xE000)...range.upperBound) }
        if range.lowerBound < 0xD800 { pending.append(range.lowerBound...Swift.min(range.upperBound, 0xD7FF)) }
    }

    mutating func next() -> [ClosedRange<UInt8>]? {
        guard var range = pending.popLast() else { return nil }
        while let (front, back) = Self.split(range) {
            pending.append(back)
            range = front
        }
        return zip(Self.encoded(range.lowerBound), Self.encoded(range.upperBound)).map { $0...$1 }
    }

    /// Splits a range whose encodings differ in length or leading bytes; nil if no split is needed.
    private static func split(_ range: ClosedRange<UInt32>) -> (ClosedRange<UInt32>, ClosedRange<UInt32>)? {
        let (low, high) = (range.lowerBound, range.upperBound)
        for last: UInt32 in [0x7F, 0x7FF, 0xFFFF] where low <= last && last < high {
            return (low...last, last + 1...high)
        }
        guard high > 0x7F else { return nil }
        for bits in [6, 12, 18] as [UInt32] {
            let mask: UInt32 = 1 << bits - 1
            guard low & ~mask != high & ~mask else { continue }
            if low & mask != 0 { return (low...low | mask, (low | mask) + 1...high) }
            if high & mask != mask { return (low...(high & ~mask) - 1, high & ~mask...high) }
        }
        return nil
    }

    private static func encoded(_ value: UInt32) -> [UInt8] {
        Unicode.Scalar(value).map { Array(UTF8.encode($0) ?? UTF8.encodedReplacementCharacter) } ?? []
    }
}
