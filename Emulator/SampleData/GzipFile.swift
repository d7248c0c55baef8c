internal import Gzip

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// A gzip file that gets its name only when it is complete. Equal content gives equal bytes.
struct GzipFile: ~Copyable {
    private let path: String
    private let partPath: String
    private let descriptor: Int32
    private var gzip = GzipWriter()
    private(set) var uncompressedBytes = 0

    init(path: String) throws(SampleFileError) {
        self.path = path
        partPath = "\(path).part-\(getpid())"
        descriptor = open(partPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SampleFileError("cannot create", partPath, errno) }
    }

    deinit {
        close(descriptor)
        unlink(partPath)
    }

    mutating func write(_ bytes: [UInt8]) throws(SampleFileError) {
        uncompressedBytes += bytes.count
        gzip.append(bytes)
        try put(gzip.takeOutput())
    }

    /// Ends the gzip stream and gives the file its name.
    mutating func finish() throws(SampleFileError) {
        var ended = GzipWriter()
        swap(&gzip, &ended)
        try put(ended.finish())
        guard fsync(descriptor) == 0, rename(partPath, path) == 0 else {
            throw SampleFileError("cannot finish", path, errno)
        }
    }

    private func put(_ bytes: [UInt8]) throws(SampleFileError) {
        var done = 0
        while done < bytes.count {
            let written = bytes.withUnsafeBytes { systemWrite(descriptor, .init(rebasing: $0[done...])) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw SampleFileError("cannot write", partPath, errno) }
            done += written
        }
    }
}

/// The system's `write`, which the file's own hides.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}
