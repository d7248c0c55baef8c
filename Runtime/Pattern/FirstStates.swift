internal import CKernels

/// The first states of an automaton, in the form that a kernel reads: a column of texts costs about a cycle a byte.
///
/// A transition to a later state, or to one not computed yet, leads to the state `limit`, which accepts no text.
struct FirstStates: Sendable {
    static let limit = ck_automaton_unknown

    /// The next state of each state, for each byte class.
    private var next: [UInt8]
    private var start: UInt8
    private var accepting: UInt16 = 0

    init(classCount: Int) {
        next = [UInt8](repeating: UInt8(Self.limit), count: classCount * Int(ck_automaton_states))
        start = UInt8(Self.limit)
    }

    /// Adds a state. Its transitions are unknown until ``connect(_:over:to:)`` sets them.
    ///
    /// - Parameter isFinal: Whether no byte leads to another state.
    mutating func add(_ state: Int, isStart: Bool, isAccepting: Bool, isFinal: Bool) {
        guard state < Self.limit else { return }
        if isStart { start = UInt8(state) }
        if isAccepting { accepting |= 1 << UInt16(state) }
        guard isFinal else { return }
        for row in stride(from: 0, to: next.count, by: Int(ck_automaton_states)) { next[row + state] = UInt8(state) }
    }

    mutating func connect(_ state: Int, over byteClass: Int, to other: Int) {
        guard state < Self.limit, other < Self.limit else { return }
        next[byteClass * Int(ck_automaton_states) + state] = UInt8(other)
    }

    /// The first text, from `first` on, that the kernel does not accept; the count of texts if it accepts all.
    func firstUnaccepted(
        of bytes: UnsafeBufferPointer<UInt8>, _ offsets: UnsafeBufferPointer<UInt32>, from first: Int, classes: [UInt8]
    ) -> Int {
        classes.withUnsafeBufferPointer { classes in
            next.withUnsafeBufferPointer { next in
                var automaton = ck_automaton(
                    classes: classes.baseAddress, next: next.baseAddress, start: start, accepting: accepting)
                return ck_first_unaccepted(
                    &automaton, bytes.baseAddress, offsets.baseAddress, first, offsets.count - 1)
            }
        }
    }
}
