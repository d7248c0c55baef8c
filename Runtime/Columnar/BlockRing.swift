internal import Digest

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Blocks between one thread that fills them and one that empties them, and a hash over all of them.
///
/// Whoever finds nothing to fill or to empty hashes the next block that has not been hashed, so neither sleeps while there is
/// work: which of the two is the slower one changes with the text.
///
/// Unchecked: `source` is used by the producing thread alone until that has been joined; the blocks between `tail` and `head`
/// belong to the consumer, those that the producer may fill to it, and the rest change no more; `digest` belongs to whoever
/// has set `isHashing`; the counters and the error change under `mutex` only.
final class BlockRing: @unchecked Sendable {
    private let source: any ByteSource
    private let blocks: [UnsafeMutableRawBufferPointer]
    private var counts: [Int]
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    /// Blocks filled, emptied and hashed, ever.
    private var head = 0
    private var tail = 0
    private var hashed = 0
    private var digest: Digest?
    private let isHashed: Bool
    private var isHashing = false
    /// Whether nothing is filled any more, and whether nobody wants anything any more.
    private var isDone = false
    private var isCancelled = false
    private(set) var error: (any Error)?
    /// Whoever had to wait goes on when there are so many blocks for him: to be woken for each costs more than it gains.
    private let wakeCount: Int

    init(_ source: any ByteSource, digest: consuming Digest?, blockSize: Int, blocks count: Int) {
        self.source = source
        blocks = (0..<count).map { _ in .allocate(byteCount: blockSize, alignment: 64) }
        counts = [Int](repeating: 0, count: count)
        wakeCount = max(count / 4, 1)
        isHashed = digest != nil
        self.digest = digest
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

    /// Reads the source until the consumer has gone, or to its end; then it also sees to it that all is hashed.
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
        }
        locked {
            while isHashed, isDone, hashed < head {
                if !hashNext() { pthread_cond_wait(changed, mutex) }
            }
        }
    }

    /// The next block to fill, once there is one; nil after the last, or when the consumer has gone.
    private func free() -> UnsafeMutableRawBufferPointer? {
        locked {
            var wanted = 1
            while freeCount < wanted, !isDone, !isCancelled {
                if hashNext() { continue }
                wanted = wakeCount
                pthread_cond_wait(changed, mutex)
            }
            return isDone || isCancelled ? nil : blocks[head % blocks.count]
        }
    }

    private func publish(_ count: Int, isLast: Bool, _ failure: (any Error)?) {
        locked {
            if count > 0 {
                counts[head % blocks.count] = count
                head += 1
            }
            isDone = isLast
            error = failure
            if isDone || head - tail >= wakeCount { pthread_cond_signal(changed) }
        }
    }

    // MARK: The consumer

    /// The oldest filled block, once there is one; nil after the last.
    func front() -> UnsafeRawBufferPointer? {
        locked {
            var wanted = 1
            while head - tail < wanted, !isDone {
                if hashNext() { continue }
                wanted = wakeCount
                pthread_cond_wait(changed, mutex)
            }
            return head > tail ? content(of: tail) : nil
        }
    }

    func release() {
        locked {
            tail += 1
            if freeCount >= wakeCount { pthread_cond_signal(changed) }
        }
    }

    func cancel() {
        locked {
            isCancelled = true
            pthread_cond_signal(changed)
        }
    }

    /// The hash of all blocks, once the producer has been joined; nil if none was wanted.
    func takeDigest() -> Digest? { digest.take() }

    // MARK: Both, under the mutex

    private var freeCount: Int { blocks.count - (head - (isHashed ? min(tail, hashed) : tail)) }

    private func content(of block: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: blocks[block % blocks.count][..<counts[block % blocks.count]])
    }

    /// Hashes the next block, without the mutex meanwhile; false if there is none, or the other thread is at it.
    private func hashNext() -> Bool {
        guard isHashed, hashed < head, !isHashing else { return false }
        let block = content(of: hashed)
        isHashing = true
        pthread_mutex_unlock(mutex)
        digest?.update(block)
        pthread_mutex_lock(mutex)
        isHashing = false
        hashed += 1
        pthread_cond_signal(changed)
        return true
    }

    private func locked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }
}
