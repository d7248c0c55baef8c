#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The process's standard error.
public enum StandardError {
    /// Writes `line` in one call if the system accepts it whole, so that lines of several threads do not mix. Bytes
    /// that a closed or full standard error refuses are lost: a log must not stop the work.
    @Sendable public static func put(_ line: [UInt8]) {
        var written = 0
        while written < line.count {
            let count = line.withUnsafeBytes { bytes in
                let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
                return write(STDERR_FILENO, rest.baseAddress, rest.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            written += count
        }
    }
}
