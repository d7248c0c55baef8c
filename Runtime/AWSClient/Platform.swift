#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Blocks the calling thread.
@Sendable public func blockThread(for duration: Duration) {
    let (seconds, attoseconds) = duration.components
    var wanted = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    var left = timespec()
    while nanosleep(&wanted, &left) == -1 && errno == EINTR { wanted = left }
}

/// The bytes of a small file; nil when it cannot be read or is larger than a configuration file may be.
func contentsOfSmallFile(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var contents: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 16 << 10)
    while contents.count <= 1 << 20 {
        let count = read(descriptor, &piece, piece.count)
        if count == 0 { return contents }
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return nil }
        contents.append(contentsOf: piece[..<count])
    }
    return nil
}
