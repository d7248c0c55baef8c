internal import Console
internal import JSON
internal import Synchronization
internal import Threads

/// The counts of the flow page: one reading at a time, however many ask for it, and the tallies that go on from one to the next.
final class FlowReading: Sendable {
    private struct State {
        var tallies: [Layer: LayerTally] = [:]
        var outcome: Result<JSON, ConsoleFault>?
        var endedAt: ContinuousClock.Instant?
        var isReading = false
        /// How many readings have ended.
        var count = 0
    }

    private let state = Mutex(State())
    private let changed = Monitor()

    /// What was read last of a layer; nil before the first reading.
    func counts(of layer: Layer) -> LayerCounts? { state.withLock { $0.tallies[layer]?.counts } }

    /// The counts, not older than `age`.
    ///
    /// - Parameters:
    ///   - patience: how long to wait for them; nil for as long as it takes. Afterwards the counts are as they were read last.
    ///   - read: reads them, on a thread of its own.
    /// - Returns: the counts, and whether they are older than was asked for; nil if they were never read, and take longer than
    ///   `patience`.
    func document(
        age: Duration, patience: Duration?,
        _ read: @escaping @Sendable (inout [Layer: LayerTally]) throws(ConsoleFault) -> JSON
    ) throws(ConsoleFault) -> (counts: JSON, isOld: Bool)? {
        let asked = ContinuousClock.now
        enum Answer { case known(Result<JSON, ConsoleFault>), started(Int, [Layer: LayerTally]), joined(Int) }
        let answer = state.withLock { state -> Answer in
            if let outcome = state.outcome, let endedAt = state.endedAt, asked - endedAt < age {
                return .known(outcome)
            }
            guard !state.isReading else { return .joined(state.count) }
            state.isReading = true
            return .started(state.count, state.tallies)
        }
        let count: Int
        switch answer {
        case .known(let outcome): return (try outcome.get(), false)
        case .joined(let known): count = known
        case .started(let known, let tallies):
            count = known
            SystemThread { [self] in
                var tallies = tallies
                let outcome = Result { () throws(ConsoleFault) in try read(&tallies) }
                state.withLock { state in
                    (state.tallies, state.outcome, state.endedAt) = (tallies, outcome, .now)
                    state.isReading = false
                    state.count += 1
                }
                changed.locked { changed.broadcast() }
            }.detach()
        }
        changed.locked {
            while state.withLock({ $0.count }) == count {
                guard let patience else {
                    changed.wait()
                    continue
                }
                guard changed.wait(until: asked + patience) else { return }
            }
        }
        let (outcome, now) = state.withLock { ($0.outcome, $0.count) }
        guard let outcome else { return nil }
        return (try outcome.get(), now == count)
    }
}
