public import Digest
internal import Threads

/// Reads another source on a thread of its own, a few blocks ahead, so that inflating and parsing keep two cores busy. If the
/// bytes are hashed, either thread hashes a block instead of waiting for the other.
///
/// The bytes, and so everything that is made of them, are those of the other source. That source belongs to the thread until
/// ``read(into:)`` has returned 0 or thrown; do not touch it before.
public final class ReadAheadSource: HashingSource {
    private let ring: BlockRing
    /// Nil once it has been joined.
    private var thread: SystemThread?
    /// How many bytes of the ring's front block have been read.
    private var used = 0
    /// The hash of all bytes, once the thread has been joined.
    private var digest: Digest?

    /// - Parameters:
    ///   - hashing: the hash that ``checksum()`` returns; nil hashes nothing.
    ///   - blockSize: the bytes of a block.
    ///   - blocks: how many blocks are read ahead at most.
    public init(
        _ source: any ByteSource, hashing: HashFunction? = nil, blockSize: Int = 256 << 10, blocks: Int = 8
    ) {
        ring = BlockRing(source, digest: hashing.map { Digest($0) }, blockSize: blockSize, blocks: blocks)
        thread = SystemThread { [ring] in ring.produce() }
    }

    deinit { stop() }

    public func checksum() -> String? { digest.take()?.finish().hexadecimal }

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
        digest = ring.takeDigest()
    }
}
