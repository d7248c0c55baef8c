#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// A local file that is read or written piece by piece.
struct LocalFile: ~Copyable {
    private let descriptor: Int32
    private let path: String

    /// - Parameter size: of the file at once, with nothing in it.
    init(creating path: String, size: Int = 0) throws(GoldError) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        self.path = path
        guard descriptor >= 0, ftruncate(descriptor, size) == 0 else { throw Self.fullDisk(path) }
    }

    init(reading path: String) throws(GoldError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        self.path = path
        guard descriptor >= 0 else { throw .disk("\(path): \(String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }

    func append(_ bytes: [UInt8]) throws(GoldError) {
        try bytes.withUnsafeBufferPointer { (bytes) throws(GoldError) in try append(UnsafeRawBufferPointer(bytes)) }
    }

    func append(_ bytes: UnsafeRawBufferPointer) throws(GoldError) {
        try write(bytes) { room, _ in systemWrite(descriptor, room.baseAddress, room.count) }
    }

    func write(_ bytes: [UInt8], at offset: Int) throws(GoldError) {
        try bytes.withUnsafeBufferPointer { (bytes) throws(GoldError) in
            try write(UnsafeRawBufferPointer(bytes)) { room, done in
                pwrite(descriptor, room.baseAddress, room.count, offset + done)
            }
        }
    }

    private func write(
        _ bytes: UnsafeRawBufferPointer, by body: (_ rest: UnsafeRawBufferPointer, _ done: Int) -> Int
    ) throws(GoldError) {
        var done = 0
        while done < bytes.count {
            let count = body(UnsafeRawBufferPointer(rebasing: bytes[done...]), done)
            guard count > 0 || errno == EINTR else { throw Self.fullDisk(path) }
            done += max(0, count)
        }
    }

    private static func fullDisk(_ path: String) -> GoldError {
        .disk("\(path): \(String(cString: strerror(errno))); the local copies of the model's tables need space")
    }

    /// The next bytes; none at the end.
    func next(upTo limit: Int) throws(GoldError) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            let result = read(descriptor, buffer.baseAddress, limit)
            failure = result < 0 ? errno : 0
            count = max(0, result)
        }
        guard failure == 0 else { throw .disk("\(path): \(String(cString: strerror(failure)))") }
        return bytes
    }

    /// The bytes of a file from its beginning, at most so many.
    static func bytes(of path: String, upTo limit: Int = .max) throws(GoldError) -> [UInt8] {
        let file = try LocalFile(reading: path)
        var bytes: [UInt8] = []
        while bytes.count < limit {
            let piece = try file.next(upTo: min(64 << 10, limit - bytes.count))
            guard !piece.isEmpty else { break }
            bytes += piece
        }
        return bytes
    }
}

/// The method's name hides that of the system's function.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
