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

    private final class Descriptor: Sendable {
        let number: Int32
        init(_ number: Int32) { self.number = number }
        deinit { close(number) }
    }

    /// The bytes of a file, piece by piece.
    /// - Parameter start: what comes before them.
    package static func pieces(of path: String, after start: [UInt8] = []) throws(Failure) -> RequestBody {
        let file = Descriptor(open(path, O_RDONLY | O_CLOEXEC))
        guard file.number >= 0 else { throw Failure(path: path, code: errno) }
        let size = Int(lseek(file.number, 0, SEEK_END))
        guard size >= 0, lseek(file.number, 0, SEEK_SET) == 0 else { throw Failure(path: path, code: errno) }
        let first = Once(start)
        return RequestBody(length: start.count + size) {
            if let start = first.take(), !start.isEmpty { return start }
            var code: Int32 = 0
            let piece = [UInt8](unsafeUninitializedCapacity: 1 << 20) { buffer, count in
                var result = -1
                repeat {
                    result = read(file.number, buffer.baseAddress, buffer.count)
                } while result < 0 && errno == EINTR
                code = result < 0 ? errno : 0
                count = max(0, result)
            }
            guard code == 0 else { throw Failure(path: path, code: code) }
            return piece.isEmpty ? nil : piece
        }
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
