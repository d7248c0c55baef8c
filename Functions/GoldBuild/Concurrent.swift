internal import Synchronization
internal import Threads

/// How many items are given to ``concurrently(_:_:)`` at once, where each has a file in memory.
let concurrentLimit = 16

/// Does the same for several items that each wait for a service, on a few threads: in turn, two hundred small objects take seconds on
/// AWS.
/// - Returns: what `body` returned, in the order of the items.
/// - Throws: the first error; items that have not begun by then are left out.
func concurrently<Item: Sendable, Output: Sendable>(
    _ items: [Item], _ body: @escaping @Sendable (Item) throws -> Output
) throws -> [Output] {
    let work = ConcurrentWork(items, body)
    // This thread works, too.
    let threads = (1..<max(1, min(items.count, 8))).map { _ in SystemThread { work.run() } }
    work.run()
    for thread in threads { thread.join() }
    return try work.outputs()
}

private final class ConcurrentWork<Item: Sendable, Output: Sendable>: Sendable {
    private struct State {
        var next = 0
        var outputs: [Output?]
        var failure: (any Error)?
    }

    private let items: [Item]
    private let body: @Sendable (Item) throws -> Output
    private let state: Mutex<State>

    init(_ items: [Item], _ body: @escaping @Sendable (Item) throws -> Output) {
        self.items = items
        self.body = body
        state = Mutex(State(outputs: Array(repeating: nil, count: items.count)))
    }

    func run() {
        while let place = begin() {
            let result = Result { try body(items[place]) }
            state.withLock { state in
                switch result {
                case .success(let output): state.outputs[place] = output
                case .failure(let error): state.failure = state.failure ?? error
                }
            }
        }
    }

    private func begin() -> Int? {
        state.withLock { state in
            guard state.next < items.count, state.failure == nil else { return nil }
            defer { state.next += 1 }
            return state.next
        }
    }

    func outputs() throws -> [Output] {
        try state.withLock { state in
            if let failure = state.failure { throw failure }
            return state.outputs.compactMap(\.self)
        }
    }
}
