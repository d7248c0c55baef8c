/// Bytes that are pulled: a file, a download, or what another source makes of them.
public protocol ByteSource: AnyObject {
    /// Fills the front of `buffer` with the next bytes and says how many; 0 only at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

/// Bytes that are in memory already, given out in pieces of at most `pieceSize`.
public final class MemorySource: ByteSource {
    private let bytes: [UInt8]
    private let pieceSize: Int
    private var position = 0

    public init(_ bytes: [UInt8], pieceSize: Int = .max) {
        self.bytes = bytes
        self.pieceSize = pieceSize
    }

    public func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(buffer.count, bytes.count - position, pieceSize)
        buffer.copyBytes(from: bytes[position..<position + count])
        position += count
        return count
    }
}
