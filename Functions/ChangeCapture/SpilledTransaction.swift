#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The messages of a transaction that the source sends before it ends, in a file without a name.
final class SpilledTransaction {
    private let descriptor: Int32
    private let folder: String
    private var buffer = ByteBuffer(capacity: 64 << 10)
    /// The bytes in the file and the buffer.
    private var size = 0
    /// Where each subtransaction began, in order.
    private var starts: [(subtransaction: UInt32, offset: Int)] = []

    private static let bufferSize = 64 << 10

    init(folder: String) throws(CaptureError) {
        self.folder = folder
        var path = Array("\(folder)/change-capture-XXXXXX".utf8CString)
        descriptor = mkstemp(&path)
        guard descriptor >= 0 else { throw Self.failure(folder) }
        // Without a name, the file goes with the process, however that ends.
        unlink(path)
    }

    deinit { close(descriptor) }

    func append(_ message: UnsafeRawBufferPointer, of subtransaction: UInt32) throws(CaptureError) {
        if !starts.contains(where: { $0.subtransaction == subtransaction }) { starts.append((subtransaction, size)) }
        withUnsafeBytes(of: UInt32(message.count)) { buffer.append($0) }
        buffer.append(message)
        size += 4 + message.count
        if buffer.count >= Self.bufferSize { try flush() }
    }

    /// Forgets a subtransaction. What follows its beginning is its own or its descendants', which end with it.
    func abort(_ subtransaction: UInt32) throws(CaptureError) {
        guard let index = starts.firstIndex(where: { $0.subtransaction == subtransaction }) else { return }
        try flush()
        size = starts[index].offset
        starts.removeSubrange(index...)
        guard ftruncate(descriptor, size) == 0, lseek(descriptor, size, SEEK_SET) >= 0 else {
            throw Self.failure(folder)
        }
    }

    /// Calls `body` with each message, in order.
    func forEach(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        try flush()
        guard lseek(descriptor, 0, SEEK_SET) >= 0 else { throw Self.failure(folder) }
        var window = [UInt8](repeating: 0, count: 256 << 10)
        var (start, end) = (0, 0)
        while true {
            let length = start + 4 <= end ? Self.length(in: window, at: start) : nil
            if let length, start + 4 + length <= end {
                try window.withUnsafeBytes {
                    try body(UnsafeRawBufferPointer(rebasing: $0[start + 4..<start + 4 + length]))
                }
                start += 4 + length
                continue
            }
            window.withUnsafeMutableBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                memmove(base, base + start, end - start)
            }
            (start, end) = (0, end - start)
            if let length, window.count < 4 + length {
                window.append(contentsOf: repeatElement(0, count: 4 + length - window.count))
            }
            let count = window.withUnsafeMutableBytes {
                read(descriptor, $0.baseAddress.map { $0 + end }, $0.count - end)
            }
            guard count > 0 else {
                guard count == 0, end == 0 else { throw Self.failure(folder) }
                return
            }
            end += count
        }
    }

    private static func length(in window: [UInt8], at offset: Int) -> Int {
        window.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
    }

    private func flush() throws(CaptureError) {
        var written = 0
        while written < buffer.count {
            let count = write(
                descriptor, buffer.bytes.baseAddress.map { $0 + written }, buffer.count - written)
            guard count > 0 else { throw Self.failure(folder) }
            written += count
        }
        buffer.removeAll()
    }

    private static func failure(_ folder: String) -> CaptureError { .spill(folder, String(cString: strerror(errno))) }
}
