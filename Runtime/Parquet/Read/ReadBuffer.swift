internal import CKernels

/// Memory that kernels read from and write to, with the padding behind it that they may touch.
///
/// Raw memory instead of `[UInt8]`, because kernels write straight into its free room, which an array hands out only after filling
/// it with zeros. Its pointers are valid until it grows or is released, so they stay inside the reader of one column.
final class ReadBuffer {
    private(set) var memory: UnsafeMutableRawPointer
    private var capacity: Int
    private(set) var count = 0
    /// The buffer's own memory, while it has other memory on loan.
    private var own: (memory: UnsafeMutableRawPointer, capacity: Int)?

    private static let padding = Int(parquet_read_padding)

    init() {
        capacity = 0
        memory = .allocate(byteCount: Self.padding, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: Self.padding)
    }

    deinit { memory.deallocate() }

    func removeAll() { count = 0 }

    func removeFirst(_ removed: Int) {
        count -= removed
        memory.copyMemory(from: memory + removed, byteCount: count)
    }

    /// The content; valid until it changes.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: count) }

    /// Room for `additional` more bytes, and the padding, behind the content.
    func room(for additional: Int) -> UnsafeMutableRawPointer {
        if count + additional > capacity {
            precondition(own == nil, "memory on loan does not grow")
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

    /// Makes the content in `loan` instead of the buffer's own memory while `body` runs; no padding is behind it.
    /// - Returns: the size of the content, which is gone from the buffer.
    func filling(_ loan: UnsafeMutableRawBufferPointer, _ body: () throws -> Void) rethrows -> Int {
        guard let start = loan.baseAddress else {
            try body()
            return 0
        }
        own = (memory, capacity)
        (memory, capacity, count) = (start, loan.count, 0)
        defer {
            if let own { (memory, capacity) = own }
            (own, count) = (nil, 0)
        }
        try body()
        return count
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
