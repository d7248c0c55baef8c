internal import Digest
internal import Threads

/// Blocks between one thread that fills them and one that empties them, and a hash over all of them.
///
/// A thread with nothing to fill or to empty hashes the next block, so neither sleeps while there is work. Which thread is
/// slower depends on the text.
///
/// Unchecked: `source` is used by the producing thread alone until that has been joined; the blocks between `tail` and `head`
/// belong to the consumer, those that the producer may fill to it, and the rest change no more; `digest` belongs to the thread
/// that has set `isHashing`; the counters and the error change under `monitor` only.
final class BlockRing: @unchecked Sendable {
    private let source: any ByteSource
    private let blocks: [UnsafeMutableRawBufferPointer]
    private var counts: [Int]
    private let monitor = Monitor()
    /// Blocks filled, emptied and hashed, ever.
    private var head = 0
    private var tail = 0
    private var hashed = 0
    private var digest: Digest?
    private let isHashed: Bool
    private var isHashing = false
    /// Whether the producer has filled its last block, and whether the consumer has stopped.
    private var isDone = false
    private var isCancelled = false
    private(set) var error: (any Error)?
    /// A waiter wakes only once this many blocks are ready: a wake-up for each block costs more than it gains.
    private let wakeCount: Int

    init(_ source: any ByteSource, digest: consuming Digest?, blockSize: Int, blocks count: Int) {
        self.source = source
        blocks = (0..<count).map { _ in .allocate(byteCount: blockSize, alignment: 64) }
        counts = [Int](repeating: 0, count: count)
        wakeCount = max(count / 4, 1)
        isHashed = digest != nil
        self.digest = digest
    }

    deinit { for block in blocks { block.deallocate() } }

    // MARK: The producer

    /// Reads the source to its end, or until the consumer stops. Then it hashes the blocks that are left.
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
        monitor.locked {
            while isHashed, isDone, hashed < head {
                if !hashNext() { monitor.wait() }
            }
        }
    }

    /// Waits for a block to fill; nil after the last, or when the consumer has stopped.
    private func free() -> UnsafeMutableRawBufferPointer? {
        monitor.locked {
            var wanted = 1
            while freeCount < wanted, !isDone, !isCancelled {
                if hashNext() { continue }
                wanted = wakeCount
                monitor.wait()
            }
            return isDone || isCancelled ? nil : blocks[head % blocks.count]
        }
    }

    private func publish(_ count: Int, isLast: Bool, _ failure: (any Error)?) {
        monitor.locked {
            if count > 0 {
                counts[head % blocks.count] = count
                head += 1
            }
            isDone = isLast
            error = failure
            if isDone || head - tail >= wakeCount { monitor.signal() }
        }
    }

    // MARK: The consumer

    /// Waits for the oldest filled block; nil after the last.
    func front() -> UnsafeRawBufferPointer? {
        monitor.locked {
            var wanted = 1
            while head - tail < wanted, !isDone {
                if hashNext() { continue }
                wanted = wakeCount
                monitor.wait()
            }
            return head > tail ? content(of: tail) : nil
        }
    }

    func release() {
        monitor.locked {
            tail += 1
            if freeCount >= wakeCount { monitor.signal() }
        }
    }

    func cancel() {
        monitor.locked {
            isCancelled = true
            monitor.signal()
        }
    }

    /// The hash of all blocks, once the producer has been joined; nil if nothing is hashed.
    func takeDigest() -> Digest? { digest.take() }

    // MARK: Both, under the monitor

    private var freeCount: Int { blocks.count - (head - (isHashed ? min(tail, hashed) : tail)) }

    private func content(of block: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: blocks[block % blocks.count][..<counts[block % blocks.count]])
    }

    /// Hashes the next block, without the lock meanwhile; false if there is none, or the other thread is hashing.
    private func hashNext() -> Bool {
        guard isHashed, hashed < head, !isHashing else { return false }
        let block = content(of: hashed)
        isHashing = true
        monitor.unlocked { digest?.update(block) }
        isHashing = false
        hashed += 1
        monitor.signal()
        return true
    }
}
