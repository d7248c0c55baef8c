/// What one evaluation may use.
///
/// The numbers count work, not time, so that the same expression over the same data always ends in the same way.
package struct JSONataLimits: Sendable, Hashable {
    /// Nodes evaluated, elements visited, characters matched.
    package var steps: Int
    /// What the values of the evaluation take at one time; a number counts as 8 bytes.
    package var bytes: Int
    /// Evaluations inside evaluations.
    package var depth: Int

    package init(steps: Int, bytes: Int, depth: Int) {
        self.steps = steps
        self.bytes = bytes
        self.depth = depth
    }

    /// Bytes and depth as Step Functions has them: it accepts `[1..873782]` and refuses one number more, and refuses
    /// what nests deeper than 100. The steps take the place of its time limit.
    package static let stepFunctions = JSONataLimits(steps: 5_000_000, bytes: 873_782 * 8, depth: 100)
}

/// Counts what an evaluation uses, and ends it when it uses too much.
final class JSONataMeter {
    private var stepsLeft: Int
    private var depth = 0
    private let limits: JSONataLimits
    /// The bytes of all lists that are alive.
    fileprivate(set) var heldBytes = 0

    init(_ limits: JSONataLimits) {
        self.limits = limits
        stepsLeft = limits.steps
    }

    var stepsUsed: Int { limits.steps - max(0, stepsLeft) }

    func spend(_ steps: Int = 1) throws(JSONataFault) {
        stepsLeft -= steps
        guard stepsLeft >= 0 else {
            throw JSONataFault(nil, "Expression evaluation timeout: Check for infinite loop")
        }
    }

    /// - Throws: when `bytes` more would be too many; call it before they are allocated.
    func check(bytes: Int) throws(JSONataFault) {
        guard bytes <= limits.bytes - heldBytes else {
            throw JSONataFault(nil, "Expression evaluation memory limit exceeded: Check for excessive memory usage")
        }
    }

    /// Counts `bytes` as held for as long as the charge lives.
    func charge(bytes: Int) throws(JSONataFault) -> JSONataCharge {
        try check(bytes: bytes)
        return JSONataCharge(bytes, self)
    }

    /// Runs `body` one level deeper.
    func nested<Value>(_ body: () throws(JSONataFault) -> Value) throws(JSONataFault) -> Value {
        depth += 1
        defer { depth -= 1 }
        try spend()
        guard depth <= limits.depth else { throw .tooDeep }
        return try body()
    }
}

/// The bytes of one list, counted until the last copy of the list is gone.
final class JSONataCharge {
    let bytes: Int
    private let meter: JSONataMeter

    fileprivate init(_ bytes: Int, _ meter: JSONataMeter) {
        self.bytes = bytes
        self.meter = meter
        meter.heldBytes += bytes
    }

    deinit { meter.heldBytes -= bytes }
}
