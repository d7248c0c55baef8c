/// Searches texts for a ``Pattern``.
///
/// The matcher computes a state of the automaton when a text first reaches it and caches it; then each byte costs one
/// table lookup. When the cache is full, the matcher clears it, so memory is bounded.
public struct PatternMatcher: Sendable {
    private static let unknown: Int32 = -1
    private static let stateLimit = 1000

    /// The properties of a state that need no look at its steps.
    private struct Flags: OptionSet {
        let rawValue: UInt8
        static let match = Flags(rawValue: 1)
        static let matchAtEnd = Flags(rawValue: 2)
        /// No byte leads to another state.
        static let dead = Flags(rawValue: 4)
    }

    private let program: PatternProgram
    /// The class of each byte. Bytes that no step distinguishes share a class.
    private let classes: [UInt8]
    private let classCount: Int
    /// The steps of each state, sorted: those that read a byte, wait for the end of the text, or match.
    private var states: [[Int32]] = []
    private var flags: [Flags] = []
    private var numbers: [[Int32]: Int32] = [:]
    /// The next state for each state and byte class.
    private var transitions: [Int32] = []
    private var start: Int32 = 0
    /// The first states, in the form that the kernel reads.
    private var firstStates: FirstStates

    public init(_ pattern: Pattern) {
        program = pattern.program
        (classes, classCount) = Self.classes(of: program)
        firstStates = FirstStates(classCount: classCount)
        forget()
    }

    /// Whether the pattern occurs in `text`, which is UTF-8.
    public mutating func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var state = start
        if flags[Int(state)].contains(.match) { return true }
        for byte in text {
            let column = Int(classes[Int(byte)])
            var next = transitions[Int(state) * classCount + column]
            if next == Self.unknown { next = step(from: &state, over: byte, column) }
            state = next
            if !flags[Int(state)].isDisjoint(with: [.match, .dead]) { return flags[Int(state)].contains(.match) }
        }
        return !flags[Int(state)].isDisjoint(with: [.match, .matchAtEnd])
    }

    public mutating func matches(_ text: String) -> Bool {
        Array(text.utf8).withUnsafeBufferPointer { matches($0) }
    }

    /// The first of many texts, from `first` on, in which the pattern does not occur; nil if it occurs in all.
    ///
    /// - Parameter offsets: The start of each text in `bytes`, and the end of the last.
    public mutating func firstMismatch(
        in bytes: UnsafeBufferPointer<UInt8>, offsets: UnsafeBufferPointer<UInt32>, from first: Int
    ) -> Int? {
        precondition(bytes.count >= Int(offsets.last ?? 0), "the texts end beyond their bytes")
        var index = first
        while index < offsets.count - 1 {
            index = firstStates.firstUnaccepted(of: bytes, offsets, from: index, classes: classes)
            guard index < offsets.count - 1 else { break }
            // The text does not match, or it reaches states that the kernel does not know. `matches` decides.
            let range = Int(offsets[index])..<Int(offsets[index + 1])
            guard matches(UnsafeBufferPointer(rebasing: bytes[range])) else { return index }
            index += 1
        }
        return nil
    }

    // MARK: States

    private mutating func step(from state: inout Int32, over byte: UInt8, _ column: Int) -> Int32 {
        if states.count >= Self.stateLimit {
            let (steps, kept) = (states[Int(state)], flags[Int(state)])
            forget()
            state = add(steps, kept, isStart: false)
        }
        var reached = ReachedSteps(program)
        for index in states[Int(state)] {
            if case .byte(let range, let next) = program.steps[Int(index)], range.contains(byte) {
                reached.add(next, atStart: false, atEnd: false)
            }
        }
        let next = number(reached, atStart: false)
        transitions[Int(state) * classCount + column] = next
        firstStates.connect(Int(state), over: column, to: Int(next))
        return next
    }

    private mutating func forget() {
        states.removeAll(keepingCapacity: true)
        flags.removeAll(keepingCapacity: true)
        numbers.removeAll(keepingCapacity: true)
        transitions.removeAll(keepingCapacity: true)
        firstStates = FirstStates(classCount: classCount)
        var reached = ReachedSteps(program)
        reached.add(program.first, atStart: true, atEnd: false)
        start = number(reached, atStart: true)
    }

    private mutating func number(_ reached: ReachedSteps, atStart: Bool) -> Int32 {
        let steps = reached.waiting.sorted()
        // The start state matches `^`, so it never equals a later state with the same steps.
        if !atStart, let known = numbers[steps] { return known }
        var end = ReachedSteps(program)
        for index in steps {
            if case .end(let next) = program.steps[Int(index)] { end.add(next, atStart: atStart, atEnd: true) }
        }
        var flags: Flags = steps.isEmpty ? .dead : []
        if reached.hasMatched { flags.insert(.match) }
        if end.hasMatched { flags.insert(.matchAtEnd) }
        let number = add(steps, flags, isStart: atStart)
        if !atStart { numbers[steps] = number }
        return number
    }

    private mutating func add(_ steps: [Int32], _ flags: Flags, isStart: Bool) -> Int32 {
        firstStates.add(
            states.count, isStart: isStart, isAccepting: !flags.isDisjoint(with: [.match, .matchAtEnd]),
            isFinal: !flags.isDisjoint(with: [.match, .dead]))
        states.append(steps)
        self.flags.append(flags)
        transitions.append(contentsOf: repeatElement(Self.unknown, count: classCount))
        return Int32(states.count - 1)
    }

    private static func classes(of program: PatternProgram) -> ([UInt8], Int) {
        var begins = [Bool](repeating: false, count: 257)
        for case .byte(let range, _) in program.steps {
            begins[Int(range.lowerBound)] = true
            begins[Int(range.upperBound) + 1] = true
        }
        var classes = [UInt8](repeating: 0, count: 256)
        for byte in 1..<256 { classes[byte] = classes[byte - 1] + (begins[byte] ? 1 : 0) }
        return (classes, Int(classes[255]) + 1)
    }
}

/// The steps that can be reached without reading a byte.
private struct ReachedSteps {
    /// The steps that read a byte, wait for the end of the text, or match.
    private(set) var waiting: [Int32] = []
    private(set) var hasMatched = false
    private let program: PatternProgram
    private var isSeen: [Bool]

    init(_ program: PatternProgram) {
        self.program = program
        isSeen = [Bool](repeating: false, count: program.steps.count)
    }

    mutating func add(_ first: Int, atStart: Bool, atEnd: Bool) {
        var pending = [first]
        while let index = pending.popLast() {
            if isSeen[index] { continue }
            isSeen[index] = true
            switch program.steps[index] {
            case .byte: waiting.append(Int32(index))
            case .split(let one, let other): pending += [one, other]
            case .jump(let next): pending.append(next)
            case .start(let next): if atStart { pending.append(next) }
            case .end(let next):
                if atEnd { pending.append(next) } else { waiting.append(Int32(index)) }
            case .match:
                hasMatched = true
                waiting.append(Int32(index))
            }
        }
    }
}
