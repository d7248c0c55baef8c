#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Where the bytes of a file come from.
public protocol RangeSource: Sendable {
    /// In bytes.
    var size: Int { get }

    /// The bytes at `range`, all of them. A range is inside the file, or the source may throw.
    func read(_ range: Range<Int>) throws -> [UInt8]
}

/// A file in memory.
public struct MemoryRanges: RangeSource {
    private let bytes: [UInt8]

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    public var size: Int { bytes.count }

    public func read(_ range: Range<Int>) -> [UInt8] { Array(bytes[range]) }
}

/// A file on disk. It stays open as long as this.
public final class FileRanges: RangeSource {
    public let size: Int
    private let path: String
    private let descriptor: CInt

    /// - Throws: ``ParquetReadError/io(_:)``
    public init(path: String) throws(ParquetReadError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .io("\(path) cannot be opened: \(Self.lastError)") }
        let end = lseek(descriptor, 0, SEEK_END)
        guard end >= 0 else {
            let reason = Self.lastError
            close(descriptor)
            throw .io("\(path) has no size: \(reason)")
        }
        size = Int(end)
    }

    deinit { close(descriptor) }

    public func read(_ range: Range<Int>) throws -> [UInt8] {
        var done = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { room, count in
            while done < range.count {
                let step = pread(
                    descriptor, room.baseAddress.map { $0 + done }, range.count - done, off_t(range.lowerBound + done))
                if step < 0, errno == EINTR { continue }
                guard step > 0 else { break }
                done += step
            }
            count = done
        }
        guard done == range.count else {
            throw ParquetReadError.io(
                "\(path): \(done) of \(range.count) bytes from byte \(range.lowerBound) on could be read; was it changed?"
            )
        }
        return bytes
    }

    private static var lastError: String { String(cString: strerror(errno)) }
}
