import Synchronization
internal import Threads

/// The thread that owns the writing connection. Work that arrives during a commit joins the next one.
final class StoreWriter: @unchecked Sendable {
    // Sendable: only the writer thread uses `connection` and `isSynchronizing`; a lock guards the queue.

    /// The changes of one caller. Either `failed` or the closure that `run` returns is called, once.
    struct Work: Sendable {
        /// Makes the changes. The closure that it returns is called once they are durable.
        let run: @Sendable (borrowing Transaction) throws -> @Sendable () -> Void
        let failed: @Sendable (any Error) -> Void
        /// Whether it may use the reserve of a full disk.
        var freesSpace = false
        /// Whether its commit waits for the disk.
        var waitsForDisk = true
    }

    private struct Queue {
        var work: [Work] = []
        var stopping = false
    }

    private let connection: Connection
    /// Whether a commit waits for the disk. The write-ahead log is synchronized as a whole, so a commit that waits also
    /// makes earlier commits durable that did not wait.
    let synchronizesCommits = Atomic(true)
    private var isSynchronizing = true
    private let queue = Mutex(Queue())
    private let arrival = Semaphore()
    private let ended = Semaphore()
    private static let batchLimit = 512

    private let reserve: SpaceReserve?

    /// - Parameter reserve: the space for deletions on a full disk.
    init(_ connection: Connection, reserve: SpaceReserve?) {
        self.connection = connection
        self.reserve = reserve
        reserve?.take()
    }

    func start() { SystemThread { self.serve() }.detach() }

    func submit(_ work: Work) {
        let accepted = queue.withLock { queue in
            if !queue.stopping { queue.work.append(work) }
            return !queue.stopping
        }
        if accepted { arrival.signal() } else { work.failed(StoreError.closed) }
    }

    /// Runs `body` on the writer's thread and returns when it is durable, or committed if it does not wait for the disk.
    func write<Value: Sendable>(
        freesSpace: Bool, waitsForDisk: Bool,
        _ body: @escaping @Sendable (borrowing Transaction) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            submit(
                Work(
                    run: { transaction in
                        let value = try body(transaction)
                        return { continuation.resume(returning: value) }
                    }, failed: { continuation.resume(throwing: $0) },
                    freesSpace: freesSpace, waitsForDisk: waitsForDisk))
        }
    }

    func stop() {
        let first = queue.withLock { queue in
            defer { queue.stopping = true }
            return !queue.stopping
        }
        guard first else { return }
        arrival.signal()
        ended.wait()
    }

    private func serve() {
        while true {
            arrival.wait()
            let (batch, stopping) = queue.withLock { queue in
                let batch = Array(queue.work.prefix(Self.batchLimit))
                queue.work.removeFirst(batch.count)
                return (batch, queue.stopping && queue.work.isEmpty)
            }
            if !batch.isEmpty { commit(batch) }
            if stopping {
                ended.signal()
                return
            }
        }
    }

    private func commit(_ batch: [Work], isRetry: Bool = false) {
        let committed = CommitActions()
        var succeed = [(@Sendable () -> Void)?](repeating: nil, count: batch.count)
        var refused = [(any Error)?](repeating: nil, count: batch.count)
        do {
            let synchronizes =
                synchronizesCommits.load(ordering: .sequentiallyConsistent) && batch.contains(where: \.waitsForDisk)
            if synchronizes != isSynchronizing {
                try connection.run(script: "PRAGMA synchronous = \(synchronizes ? "FULL" : "NORMAL")")
                isSynchronizing = synchronizes
            }
            try connection.run("BEGIN IMMEDIATE")
            // What is alone in its transaction is undone by undoing that.
            let isAlone = batch.count == 1
            for (position, work) in batch.enumerated() {
                if !isAlone { try connection.run("SAVEPOINT work") }
                let actionsBefore = committed.actions.count
                do {
                    succeed[position] = try work.run(Transaction(connection, committed))
                } catch {
                    refused[position] = error
                    if isAlone { throw error }
                    committed.actions.removeSubrange(actionsBefore...)
                    try connection.run("ROLLBACK TO work")
                    if (error as? StoreError)?.isDiskFull == true { throw error }
                }
                if !isAlone { try connection.run("RELEASE work") }
            }
            try connection.run("COMMIT")
        } catch {
            try? connection.run("ROLLBACK")
            let isFull = (error as? StoreError)?.isDiskFull == true
            let retried = isRetry || !isFull || reserve == nil ? [] : batch.filter(\.freesSpace)
            for (position, work) in batch.enumerated() where retried.isEmpty || !work.freesSpace {
                work.failed(refused[position] ?? error)
            }
            if !retried.isEmpty {
                reserve?.release()
                commit(retried, isRetry: true)
                reserve?.take()
            }
            return
        }
        for action in committed.actions { action() }
        for (position, work) in batch.enumerated() {
            if let succeed = succeed[position] {
                succeed()
            } else {
                work.failed(refused[position] ?? StoreError.closed)
            }
        }
    }
}
