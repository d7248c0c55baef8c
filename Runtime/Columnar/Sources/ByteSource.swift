/// Bytes that are read one piece after the other: a file, a download, or what another source makes of them.
public protocol ByteSource: AnyObject {
    /// Fills the front of `buffer` with the next bytes and returns their number; 0 only at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

/// A source that hashes the bytes as they are read.
public protocol HashingSource: ByteSource {
    /// The hash of all bytes, in lowercase hexadecimal. Ask once, after the end; nil if the source does not hash.
    func checksum() -> String?
}

/// Bytes that are in memory already, read in pieces of at most `pieceSize`.
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
