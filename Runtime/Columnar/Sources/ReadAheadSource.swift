internal import Threads

/// Reads another source on a thread of its own, a few blocks ahead, so that inflating and parsing keep two cores busy. What an
/// ``InflatedSource`` was to hash is hashed by whichever of the two threads would otherwise wait for the other.
///
/// The bytes, and so all that is made of them, are those of the other source. That source belongs to the thread until
/// ``read(into:)`` has answered 0 or thrown; only then may anyone look at it again.
public final class ReadAheadSource: ByteSource {
    private let ring: BlockRing
    /// Nil once it has been joined.
    private var thread: SystemThread?
    /// How much of the block at the ring's front has been given out.
    private var used = 0

    /// Whose hash is taken here.
    private let inflated: InflatedSource?

    /// - Parameters:
    ///   - blockSize: bytes read at once.
    ///   - blocks: blocks read ahead at most.
    public init(_ source: any ByteSource, blockSize: Int = 256 << 10, blocks: Int = 8) {
        inflated = source as? InflatedSource
        ring = BlockRing(source, digest: inflated?.digest.take(), blockSize: blockSize, blocks: blocks)
        thread = SystemThread { [ring] in ring.produce() }
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
        guard let thread = thread.take() else { return }
        ring.cancel()
        thread.join()
        inflated?.digest = ring.takeDigest()
    }
}
