#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

extension YAMLNode {
    /// Parses the one document in the file at `path`.
    /// - Throws: ``YAMLError``, also if the file cannot be read.
    public init(contentsOf path: String, limits: YAMLLimits = YAMLLimits()) throws(YAMLError) {
        self = try YAMLNode(parsing: try bytes(ofFile: path), file: path, limits: limits)
    }
}

private func bytes(ofFile path: String) throws(YAMLError) -> [UInt8] {
    func unreadable() -> YAMLError {
        YAMLError(file: path, mark: nil, reason: "cannot be read: \(String(cString: strerror(errno)))")
    }
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw unreadable() }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = read(file, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw unreadable() }
        guard count > 0 else { return bytes }
        bytes += buffer[..<count]
    }
}
