internal import CZlib

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// A gzip file that gets its name only when it is complete. Equal content gives equal bytes.
/// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc1952>
struct GzipFile: ~Copyable {
    private let path: String
    private let partPath: String
    private let descriptor: Int32
    private let stream: UnsafeMutablePointer<z_stream>
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)
    private(set) var uncompressedBytes = 0

    init(path: String) throws(SampleFileError) {
        self.path = path
        partPath = "\(path).part-\(getpid())"
        descriptor = open(partPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw SampleFileError("cannot create", partPath, errno) }
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 window bits, + 16 for the gzip wrapper, whose header holds no time and no name.
        deflateInit2_(
            stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
        close(descriptor)
        unlink(partPath)
    }

    mutating func write(_ bytes: [UInt8]) throws(SampleFileError) {
        uncompressedBytes += bytes.count
        try compress(bytes, Z_NO_FLUSH)
    }

    /// Ends the gzip stream and gives the file its name.
    mutating func finish() throws(SampleFileError) {
        try compress([], Z_FINISH)
        guard fsync(descriptor) == 0, rename(partPath, path) == 0 else {
            throw SampleFileError("cannot finish", path, errno)
        }
    }

    private mutating func compress(_ bytes: [UInt8], _ flush: Int32) throws(SampleFileError) {
        var input = bytes
        let failure: SampleFileError? = input.withUnsafeMutableBufferPointer { input in
            stream.pointee.next_in = input.baseAddress
            stream.pointee.avail_in = UInt32(input.count)
            while true {
                let written = buffer.withUnsafeMutableBufferPointer { output in
                    stream.pointee.next_out = output.baseAddress
                    stream.pointee.avail_out = UInt32(output.count)
                    deflate(stream, flush)
                    return output.count - Int(stream.pointee.avail_out)
                }
                if let failure = put(written) { return failure }
                if stream.pointee.avail_out > 0 { return nil }
            }
        }
        if let failure { throw failure }
    }

    private func put(_ count: Int) -> SampleFileError? {
        var done = 0
        while done < count {
            let written = buffer.withUnsafeBytes { systemWrite(descriptor, .init(rebasing: $0[done..<count])) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return SampleFileError("cannot write", partPath, errno) }
            done += written
        }
        return nil
    }
}

/// The system's `write`, which the file's own hides.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}
