#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Reads whole small files.
package enum FileBytes {
    package struct Failure: Error, CustomStringConvertible {
        package let path: String
        package let code: Int32
        package var description: String { "cannot read \(path): \(String(cString: strerror(code)))" }
    }

    package static func contents(of path: String) throws(Failure) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw Failure(path: path, code: errno) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure(path: path, code: errno) }
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
        }
    }
}
