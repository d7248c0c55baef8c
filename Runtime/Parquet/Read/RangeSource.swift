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

    /// Fills `room` with the bytes from `offset` on. Without an implementation of its own, they are copied from ``read(_:)``.
    func read(from offset: Int, into room: UnsafeMutableRawBufferPointer) throws
}

extension RangeSource {
    public func read(from offset: Int, into room: UnsafeMutableRawBufferPointer) throws {
        let bytes = try read(offset..<offset + room.count)
        guard bytes.count == room.count else {
            throw ParquetReadError.io("the source has \(bytes.count) bytes where \(room.count) were asked for")
        }
        room.copyBytes(from: bytes)
    }
}

/// A file in memory.
public struct MemoryRanges: RangeSource {
    private let bytes: [UInt8]

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    public var size: Int { bytes.count }

    public func read(_ range: Range<Int>) -> [UInt8] { Array(bytes[range]) }

    public func read(from offset: Int, into room: UnsafeMutableRawBufferPointer) {
        bytes.withUnsafeBytes {
            room.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + room.count]))
        }
    }
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
        try [UInt8](unsafeUninitializedCapacity: range.count) { room, count in
            let whole = UnsafeMutableRawBufferPointer(room)
            try read(from: range.lowerBound, into: UnsafeMutableRawBufferPointer(rebasing: whole[..<range.count]))
            count = range.count
        }
    }

    public func read(from offset: Int, into room: UnsafeMutableRawBufferPointer) throws {
        var done = 0
        while done < room.count {
            let step = pread(
                descriptor, room.baseAddress.map { $0 + done }, room.count - done, off_t(offset + done))
            if step < 0, errno == EINTR { continue }
            guard step > 0 else {
                throw ParquetReadError.io(
                    "\(path): \(done) of \(room.count) bytes from byte \(offset) on could be read; was it changed?")
            }
            done += step
        }
    }

    private static var lastError: String { String(cString: strerror(errno)) }
}

extension RangeSource {
    /// The bytes at each of `ranges`. Those that are next to each other, or nearly so, are fetched together.
    func read(_ ranges: [Range<Int>]) throws -> [[UInt8]] {
        var parts = [[UInt8]](repeating: [], count: ranges.count)
        let order = ranges.indices.filter { !ranges[$0].isEmpty }.sorted {
            (ranges[$0].lowerBound, ranges[$0].upperBound) < (ranges[$1].lowerBound, ranges[$1].upperBound)
        }
        var next = order.startIndex
        while next < order.endIndex {
            var span = ranges[order[next]]
            var last = next + 1
            while last < order.endIndex, ranges[order[last]].lowerBound <= span.upperBound + Self.gapLimit {
                span = span.lowerBound..<max(span.upperBound, ranges[order[last]].upperBound)
                last += 1
            }
            let bytes = try read(span)
            guard bytes.count == span.count else {
                throw ParquetReadError.io("the source has \(bytes.count) bytes where \(span.count) were asked for")
            }
            for index in order[next..<last] {
                let part = ranges[index].lowerBound - span.lowerBound..<ranges[index].upperBound - span.lowerBound
                parts[index] = part.count == bytes.count ? bytes : Array(bytes[part])
            }
            next = last
        }
        return parts
    }

    /// Fetching so many bytes that nobody needs costs less than another request.
    private static var gapLimit: Int { 4096 }
}
