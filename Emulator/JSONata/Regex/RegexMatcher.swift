/// Runs a program over a text: every alternative that is still possible is one thread, and all advance together.
///
/// - SeeAlso: <https://swtch.com/~rsc/regexp/regexp2.html#pike>
struct RegexMatcher {
    /// The threads at one place of the text, the preferred one first.
    private struct Threads {
        var steps: [Int] = []
        /// The slots of all threads, one thread after another.
        var slots: [Int] = []
        /// For each step, the last place of the text at which it was reached.
        var reachedAt: [Int]

        init(stepCount: Int) { reachedAt = Array(repeating: -1, count: stepCount) }

        mutating func removeAll() {
            steps.removeAll(keepingCapacity: true)
            slots.removeAll(keepingCapacity: true)
        }
    }

    private enum Work {
        case visit(Int)
        case restore(slot: Int, Int)
    }

    private let program: RegexProgram
    private let wholeText: Bool

    init(_ program: RegexProgram, wholeText: Bool = false) {
        self.program = program
        self.wholeText = wholeText
    }

    /// The leftmost match that starts at `start` or later: the places of the match and its groups, -1 where a group took
    /// no part.
    ///
    /// - Parameter spend: called for each character with the number of threads there.
    func firstMatch<Fault: Error>(
        in text: [UInt32], from start: Int, spend: (Int) throws(Fault) -> Void
    ) throws(Fault) -> [Int]? {
        var current = Threads(stepCount: program.steps.count)
        var following = Threads(stepCount: program.steps.count)
        var pending: [Work] = []
        var found: [Int]?
        var place = start
        while place <= text.count {
            if found == nil, !wholeText || place == start {
                let slots = [Int](repeating: -1, count: program.slotCount)
                add(0, slots, at: place, in: text, to: &current, &pending)
            }
            guard !current.steps.isEmpty else {
                if found != nil || wholeText { break }
                try spend(1)
                place += 1
                continue
            }
            try spend(current.steps.count)
            following.removeAll()
            for (thread, step) in current.steps.enumerated() {
                let slots = thread * program.slotCount..<(thread + 1) * program.slotCount
                if case .scalars(let set) = program.steps[step] {
                    guard place < text.count, set.contains(text[place], ignoringCase: program.ignoresCase) else {
                        continue
                    }
                    add(
                        step + 1, Array(current.slots[slots]), at: place + 1, in: text, to: &following,
                        &pending)
                } else if !wholeText || place == text.count {
                    found = Array(current.slots[slots])
                    // Whatever comes later is less preferred.
                    break
                }
            }
            swap(&current, &following)
            place += 1
        }
        return found
    }

    /// Follows all steps that read nothing; those that read a character, or match, become threads.
    private func add(
        _ step: Int, _ initial: [Int], at place: Int, in text: [UInt32], to threads: inout Threads,
        _ pending: inout [Work]
    ) {
        var slots = initial
        pending.append(.visit(step))
        while let work = pending.popLast() {
            switch work {
            case .restore(let slot, let value): slots[slot] = value
            case .visit(let step):
                guard threads.reachedAt[step] != place else { continue }
                threads.reachedAt[step] = place
                switch program.steps[step] {
                case .scalars, .match:
                    threads.steps.append(step)
                    threads.slots.append(contentsOf: slots)
                case .jump(let next): pending.append(.visit(next))
                case .split(let first, let second):
                    pending.append(.visit(second))
                    pending.append(.visit(first))
                case .save(let slot):
                    pending.append(.restore(slot: slot, slots[slot]))
                    slots[slot] = place
                    pending.append(.visit(step + 1))
                case .assertion(let assertion):
                    if holds(assertion, at: place, in: text) { pending.append(.visit(step + 1)) }
                }
            }
        }
    }

    private func holds(_ assertion: RegexAssertion, at place: Int, in text: [UInt32]) -> Bool {
        func isWord(_ place: Int) -> Bool {
            text.indices.contains(place) && RegexSet.wordCharacters.contains { $0.contains(text[place]) }
        }
        func isLineEnd(_ place: Int) -> Bool { RegexSet.lineEnds.contains { $0.contains(text[place]) } }
        return switch assertion {
        case .start: place == 0 || program.isMultiline && isLineEnd(place - 1)
        case .end: place == text.count || program.isMultiline && isLineEnd(place)
        case .wordBoundary: isWord(place - 1) != isWord(place)
        case .noWordBoundary: isWord(place - 1) == isWord(place)
        }
    }
}
