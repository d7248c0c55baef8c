/// An expression as the steps of a machine that follows all alternatives at once.
struct RegexProgram: Sendable {
    enum Step: Sendable {
        case match
        /// Reads one character of the set and continues with the next step.
        case scalars(RegexSet)
        /// Continues with both; the first is preferred.
        case split(Int, Int)
        case jump(Int)
        /// Notes the place in the text.
        case save(Int)
        case assertion(RegexAssertion)
    }

    /// More would make each character too slow.
    private static let stepLimit = 5000
    private static let groupLimit = 100

    private(set) var steps: [Step] = []
    let groupCount: Int
    let ignoresCase: Bool
    let isMultiline: Bool

    init(
        _ node: RegexNode, groupCount: Int, ignoresCase: Bool, isMultiline: Bool
    ) throws(LinearRegexError) {
        self.groupCount = groupCount
        self.ignoresCase = ignoresCase
        self.isMultiline = isMultiline
        guard groupCount <= Self.groupLimit else {
            throw LinearRegexError(reason: "More than \(Self.groupLimit) groups")
        }
        steps.append(.save(0))
        try add(node)
        steps.append(.save(1))
        steps.append(.match)
    }

    /// Places to note: the start and the end of the match and of each group.
    var slotCount: Int { 2 * (groupCount + 1) }

    private mutating func add(_ node: RegexNode) throws(LinearRegexError) {
        guard steps.count <= Self.stepLimit else { throw LinearRegexError(reason: "The expression is too large") }
        switch node {
        case .scalars(let set): steps.append(.scalars(set))
        case .assertion(let assertion): steps.append(.assertion(assertion))
        case .sequence(let parts): for part in parts { try add(part) }
        case .group(let part, nil): try add(part)
        case .group(let part, let number?):
            steps.append(.save(2 * number))
            try add(part)
            steps.append(.save(2 * number + 1))
        case .choice(let choices): try add(choices[...])
        case .repeated(let part, let least, let most, let isGreedy):
            for _ in 0..<least { try add(part) }
            guard let most else { return try addLoop(part, isGreedy: isGreedy) }
            var exits: [Int] = []
            for _ in least..<max(least, most) {
                exits.append(steps.count)
                steps.append(.jump(0))
                try add(part)
            }
            for exit in exits { steps[exit] = Self.split(exit + 1, steps.count, isGreedy: isGreedy) }
        }
    }

    private mutating func add(_ choices: ArraySlice<RegexNode>) throws(LinearRegexError) {
        var ends: [Int] = []
        for choice in choices.dropLast() {
            let split = steps.count
            steps.append(.jump(0))
            try add(choice)
            ends.append(steps.count)
            steps.append(.jump(0))
            steps[split] = .split(split + 1, steps.count)
        }
        if let last = choices.last { try add(last) }
        for end in ends { steps[end] = .jump(steps.count) }
    }

    private mutating func addLoop(_ part: RegexNode, isGreedy: Bool) throws(LinearRegexError) {
        let start = steps.count
        steps.append(.jump(0))
        try add(part)
        steps.append(.jump(start))
        steps[start] = Self.split(start + 1, steps.count, isGreedy: isGreedy)
    }

    private static func split(_ inside: Int, _ after: Int, isGreedy: Bool) -> Step {
        isGreedy ? .split(inside, after) : .split(after, inside)
    }
}
