#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Files that are read whole, such as definitions beside a template.
enum SmallFile {
    /// - Returns: nil when the file cannot be opened or read.
    static func bytes(of path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(file, &piece, piece.count)
            guard count >= 0 else { return nil }
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
    }
}
