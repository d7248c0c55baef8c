#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Reads another source on a thread of its own, a few blocks ahead, so that inflating and parsing keep two cores busy.
///
/// The bytes, and so all that is made of them, are those of the other source. That source belongs to the thread until
/// ``read(into:)`` has answered 0 or thrown; only then may anyone look at it again.
public final class ReadAheadSource: ByteSource {
    private let ring: Ring
    private var thread = pthread_t()
    private var isJoined = false
    /// How much of the block at the ring's front has been given out.
    private var used = 0

    /// - Parameters:
    ///   - blockSize: bytes read at once.
    ///   - blocks: blocks read ahead at most.
    public init(_ source: any ByteSource, blockSize: Int = 256 << 10, blocks: Int = 4) {
        ring = Ring(source, blockSize: blockSize, blocks: blocks)
        let status = pthread_create(
            &thread, nil,
            { argument in
                argument.map { Unmanaged<Ring>.fromOpaque($0).takeRetainedValue().produce() }
                return nil
            }, Unmanaged.passRetained(ring).toOpaque())
        precondition(status == 0, "no thread can be started")
    }

    deinit { stop() }

    public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard let block = ring.front() else {
            stop()
            if let error = ring.error { throw error }
            return 0
        }
        let count = min(buffer.count, block.count - used)
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: block[used..<used + count]))
        used += count
        if used == block.count {
            ring.release()
            used = 0
        }
        return count
    }

    private func stop() {
        guard !isJoined else { return }
        ring.cancel()
        pthread_join(thread, nil)
        isJoined = true
    }
}

/// Blocks between one thread that fills them and one that empties them.
///
/// Unchecked: `source` is used by the producing thread alone until that has been joined; the blocks between `tail` and `head`
/// belong to the consumer and all others to the producer; the counters and the error change under `mutex` only.
private final class Ring: @unchecked Sendable {
    private let source: any ByteSource
    private let blocks: [UnsafeMutableRawBufferPointer]
    private var counts: [Int]
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    /// Blocks filled and blocks emptied, ever.
    private var head = 0
    private var tail = 0
    private var isDone = false
    private(set) var error: (any Error)?
    /// Whoever had to wait goes on when there are so many blocks for him: to be woken for each costs more than it gains.
    private let wakeCount: Int

    init(_ source: any ByteSource, blockSize: Int, blocks count: Int) {
        self.source = source
        blocks = (0..<count).map { _ in .allocate(byteCount: blockSize, alignment: 64) }
        counts = [Int](repeating: 0, count: count)
        wakeCount = max(count / 2, 1)
        mutex = .allocate(capacity: 1)
        changed = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        for block in blocks { block.deallocate() }
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    // MARK: The producer

    func produce() {
        while let block = free() {
            var filled = 0
            var failure: (any Error)?
            do {
                while filled < block.count {
                    let count = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: block[filled...]))
                    guard count > 0 else { break }
                    filled += count
                }
            } catch {
                failure = error
            }
            publish(filled, isLast: filled < block.count, failure)
            if filled < block.count { return }
        }
    }

    /// The next block to fill, once there is one; nil when the consumer has gone.
    private func free() -> UnsafeMutableRawBufferPointer? {
        locked {
            if head - tail == blocks.count {
                while head - tail > blocks.count - wakeCount, !isDone { pthread_cond_wait(changed, mutex) }
            }
            return isDone ? nil : blocks[head % blocks.count]
        }
    }

    private func publish(_ count: Int, isLast: Bool, _ failure: (any Error)?) {
        locked {
            if count > 0 {
                counts[head % blocks.count] = count
                head += 1
            }
            isDone = isDone || isLast
            error = failure
            if isDone || head - tail >= wakeCount { pthread_cond_signal(changed) }
        }
    }

    // MARK: The consumer

    /// The oldest filled block, once there is one; nil after the last.
    func front() -> UnsafeRawBufferPointer? {
        locked {
            if head == tail {
                while head - tail < wakeCount, !isDone { pthread_cond_wait(changed, mutex) }
            }
            guard head > tail else { return nil }
            let block = blocks[tail % blocks.count]
            return UnsafeRawBufferPointer(rebasing: block[..<counts[tail % blocks.count]])
        }
    }

    func release() {
        locked {
            tail += 1
            if head - tail <= blocks.count - wakeCount { pthread_cond_signal(changed) }
        }
    }

    func cancel() {
        locked {
            isDone = true
            pthread_cond_signal(changed)
        }
    }

    private func locked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }
}
