internal import CJQ
internal import Synchronization
internal import Threads

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// A query of jq, compiled once and run for many documents. It is interrupted where it takes too long.
///
/// Loops of the query are interrupted; one call of a function that jq has built in is not.
package final class JQProgram: @unchecked Sendable {
    // Sendable: `running` lets one thread at a time run the program, and any thread may interrupt it.
    private let program: OpaquePointer
    private let running = Mutex<Void>(())
    private let watch: Watch

    package struct Failure: Error, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// - Parameter budget: how long one run may take, in milliseconds.
    /// - Throws: ``Failure`` for a query with an error, or if libjq is not installed.
    package init(_ query: String, budget: Int = 1000) throws(Failure) {
        var problem: UnsafeMutablePointer<CChar>?
        guard !query.utf8.contains(0), let program = cjq_compile(query, &problem) else {
            throw Failure(description: Self.taken(problem) ?? "the query has a byte 0")
        }
        self.program = program
        watch = Watch(program, budget: budget)
    }

    deinit {
        watch.end()
        cjq_free(program)
    }

    /// The first result for a JSON document, as JSON; nil if there is none.
    /// - Throws: ``Failure`` if the document is no JSON, or if the query fails for it.
    package func first(_ document: [UInt8]) throws(Failure) -> [UInt8]? {
        let result = running.withLock { _ in
            watch.begin()
            defer { watch.pause() }
            return document.withUnsafeBytes { bytes in
                cjq_run(program, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: bytes.count))
            }
        }
        if let problem = Self.taken(result.problem) { throw Failure(description: problem) }
        return Self.taken(result.text).map { Array($0.utf8) }
    }

    private static func taken(_ text: UnsafeMutablePointer<CChar>?) -> String? {
        guard let text else { return nil }
        defer { free(text) }
        return String(cString: text)
    }
}

/// A thread that interrupts a run after its time.
private final class Watch: Sendable {
    /// What the thread and its owner share.
    private final class Shared: Sendable {
        struct State {
            /// When the run in progress is interrupted.
            var deadline: ContinuousClock.Instant?
            var isOver = false
        }
        let state = Mutex(State())
    }

    private let shared = Shared()
    private let budget: Duration
    private let address: UInt
    /// Nil before the first run: a program that is only compiled needs none.
    private let thread = Mutex<SystemThread?>(nil)

    /// - Parameter program: freed after ``end()`` only.
    init(_ program: OpaquePointer, budget: Int) {
        self.budget = .milliseconds(budget)
        address = UInt(bitPattern: program)
    }

    private func watch() -> SystemThread {
        SystemThread { [shared, address] in
            while true {
                usleep(50_000)
                let (isOver, isOverdue) = shared.state.withLock { state in
                    (state.isOver, state.deadline.map { $0 < .now } ?? false)
                }
                guard !isOver else { return }
                if isOverdue { cjq_interrupt(OpaquePointer(bitPattern: address)) }
            }
        }
    }

    func begin() {
        shared.state.withLock { $0.deadline = .now + budget }
        thread.withLock { if $0 == nil { $0 = watch() } }
    }

    func pause() { shared.state.withLock { $0.deadline = nil } }

    func end() {
        shared.state.withLock { $0.isOver = true }
        thread.withLock { $0 }?.join()
    }
}
