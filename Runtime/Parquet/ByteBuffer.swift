internal import CRC

/// Bytes that grow at the end and keep their memory when emptied.
///
/// Raw memory instead of `[UInt8]`, because C kernels write straight into the free room at the end, which an array only
/// hands out after filling it with zeros. A class, so that finished buffers can queue for the caller and come back.
/// Everything outside this file sees a safe face, except ``append(upTo:_:)`` and ``withBytes(_:)``, whose pointers must
/// not leave their closures.
final class ByteBuffer {
    private var memory: UnsafeMutableRawPointer
    private(set) var capacity: Int
    private(set) var count = 0

    init(capacity: Int = 4096) {
        self.capacity = max(capacity, 64)
        memory = .allocate(byteCount: self.capacity, alignment: 64)
    }

    deinit { memory.deallocate() }

    var isEmpty: Bool { count == 0 }

    func removeAll() { count = 0 }

    /// Forgets everything after the first `newCount` bytes.
    func truncate(to newCount: Int) {
        precondition((0...count).contains(newCount))
        count = newCount
    }

    /// Makes room for `additional` more bytes.
    func reserve(_ additional: Int) {
        guard count + additional > capacity else { return }
        capacity = max(count + additional, capacity + capacity / 2)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 64)
        larger.copyMemory(from: memory, byteCount: count)
        memory.deallocate()
        memory = larger
    }

    /// Lets `write` fill up to `maximum` bytes at the end; it returns how many it wrote.
    func append(upTo maximum: Int, _ write: (UnsafeMutablePointer<UInt8>) -> Int) {
        reserve(maximum)
        let free = (memory + count).assumingMemoryBound(to: UInt8.self)
        let written = write(free)
        precondition((0...maximum).contains(written), "a kernel wrote \(written) bytes into room for \(maximum)")
        count += written
    }

    func append(_ byte: UInt8) {
        reserve(1)
        memory.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    /// Appends the value's bytes, least significant first.
    func append(littleEndian value: some FixedWidthInteger) {
        let value = value.littleEndian
        withUnsafeBytes(of: value) { append($0) }
    }

    func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress, !bytes.isEmpty else { return }
        reserve(bytes.count)
        (memory + count).copyMemory(from: source, byteCount: bytes.count)
        count += bytes.count
    }

    func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }

    func append(_ other: ByteBuffer) {
        append(UnsafeRawBufferPointer(start: other.memory, count: other.count))
    }

    /// Overwrites four bytes at `position`, least significant first: for a length known only after what it counts.
    func replace(at position: Int, littleEndian value: UInt32) {
        precondition(position >= 0 && position + 4 <= count)
        memory.storeBytes(of: value.littleEndian, toByteOffset: position, as: UInt32.self)
    }

    /// Shows the bytes, valid only inside `body`.
    func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try body(UnsafeRawBufferPointer(start: memory, count: count))
    }

    /// A copy of the bytes in `range`.
    func bytes(in range: Range<Int>) -> [UInt8] {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return Array(UnsafeRawBufferPointer(start: memory + range.lowerBound, count: range.count))
    }

    func bytes() -> [UInt8] { bytes(in: 0..<count) }

    /// CRC-32 of the bytes, as gzip has it.
    var crc32: UInt32 { withBytes { CyclicRedundancyCheck.crc32($0) } }
}
