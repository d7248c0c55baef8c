internal import CKernels

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A local file that is written under a temporary name beside its own.
final class FileSink: OutputSink {
    private let path: String
    private let partPath: String
    private let descriptor: Int32
    private var sizeInBytes = 0
    /// The bytes whose writeback has started.
    private var givenSize = 0
    /// Starts writeback every 1 MiB, so that fsync need not flush everything.
    private static let pieceSize = 1 << 20

    init(path: String) throws(ConversionError) {
        self.path = path
        partPath = "\(path).part-\(getpid())"
        descriptor = open(partPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .cannotWrite(partPath, reason: String(cString: strerror(errno))) }
    }

    deinit { close(descriptor) }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = put(UnsafeRawBufferPointer(rebasing: rest))
            if written < 0, errno == EINTR { continue }
            guard written > 0 else {
                throw ConversionError.cannotWrite(partPath, reason: String(cString: strerror(errno)))
            }
            rest = rest.dropFirst(written)
        }
        sizeInBytes += bytes.count
        if sizeInBytes - givenSize >= Self.pieceSize {
            ck_start_writeback(descriptor, off_t(givenSize), off_t(sizeInBytes - givenSize))
            givenSize = sizeInBytes
        }
    }

    func finish() throws -> StoredFile {
        guard fsync(descriptor) == 0, rename(partPath, path) == 0 else {
            throw ConversionError.cannotWrite(path, reason: String(cString: strerror(errno)))
        }
        return StoredFile(sizeInBytes: sizeInBytes)
    }

    func abort() { unlink(partPath) }

    /// Removes the file of an earlier conversion.
    static func remove(path: String) { unlink(path) }

    private func put(_ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Glibc)
            Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        #else
            Musl.write(descriptor, bytes.baseAddress, bytes.count)
        #endif
    }
}
