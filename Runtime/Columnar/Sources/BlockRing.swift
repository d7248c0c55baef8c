internal import Digest
internal import Threads

/// Blocks between one thread that fills them and one that empties them, and a hash over all of them.
///
/// Whoever finds nothing to fill or to empty hashes the next block that has not been hashed, so neither sleeps while there is
/// work: which of the two is the slower one changes with the text.
///
/// Unchecked: `source` is used by the producing thread alone until that has been joined; the blocks between `tail` and `head`
/// belong to the consumer, those that the producer may fill to it, and the rest change no more; `digest` belongs to whoever
/// has set `isHashing`; the counters and the error change under `monitor` only.
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
    }

    deinit { for block in blocks { block.deallocate() } }

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
        monitor.locked {
            while isHashed, isDone, hashed < head {
                if !hashNext() { monitor.wait() }
            }
        }
    }

    /// The next block to fill, once there is one; nil after the last, or when the consumer has gone.
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

    /// The oldest filled block, once there is one; nil after the last.
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

    /// The hash of all blocks, once the producer has been joined; nil if none was wanted.
    func takeDigest() -> Digest? { digest.take() }

    // MARK: Both, under the monitor

    private var freeCount: Int { blocks.count - (head - (isHashed ? min(tail, hashed) : tail)) }

    private func content(of block: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: blocks[block % blocks.count][..<counts[block % blocks.count]])
    }

    /// Hashes the next block, without the lock meanwhile; false if there is none, or the other thread is at it.
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
