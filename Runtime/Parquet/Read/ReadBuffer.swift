internal import CKernels

/// Memory that kernels read from and write to, with the padding behind it that they may touch.
///
/// Raw memory instead of `[UInt8]`, because kernels write straight into its free room, which an array hands out only after filling
/// it with zeros. Its pointers are valid until it grows or is released, so they stay inside the reader of one column.
final class ReadBuffer {
    private(set) var memory: UnsafeMutableRawPointer
    private var capacity: Int
    private(set) var count = 0

    private static let padding = Int(parquet_read_padding)

    init() {
        capacity = 0
        memory = .allocate(byteCount: Self.padding, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: Self.padding)
    }

    deinit { memory.deallocate() }

    func removeAll() { count = 0 }

    /// Room for `additional` more bytes, and the padding, behind the content.
    func room(for additional: Int) -> UnsafeMutableRawPointer {
        if count + additional > capacity {
            capacity = max(count + additional, capacity * 3 / 2, 4096)
            let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity + Self.padding, alignment: 64)
            larger.copyMemory(from: memory, byteCount: count)
            memory.deallocate()
            memory = larger
        }
        return memory + count
    }

    /// Takes in `added` bytes that were written into the ``room(for:)``.
    func grow(by added: Int) {
        precondition(count + added <= capacity, "a kernel wrote more than there was room for")
        count += added
    }

    func append(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        room(for: bytes.count).copyMemory(from: start, byteCount: bytes.count)
        grow(by: bytes.count)
    }

    /// The content as values of a type without references.
    func array<Value>(of type: Value.Type) -> [Value] {
        let start = memory.assumingMemoryBound(to: Value.self)
        return Array(UnsafeBufferPointer(start: start, count: count / MemoryLayout<Value>.stride))
    }
}
