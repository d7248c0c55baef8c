#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// A file that takes up disk space, which is given up for deletions when the disk is full. To delete a row SQLite first
/// writes to its log.
struct SpaceReserve: Sendable {
    let path: String
    private static let sizeInBytes = 1 << 20
    private static let leastBytes = 64 << 10

    /// Takes the space, or as much of it as there is.
    func take() {
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { return }
        defer { close(file) }
        var size = Self.sizeInBytes
        while posix_fallocate(file, 0, off_t(size)) != 0, size > Self.leastBytes { size /= 2 }
    }

    func release() { truncate(path, 0) }
}
