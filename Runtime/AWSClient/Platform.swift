#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The output of a shell command; nil if the command cannot run, fails, or prints more than 1 MiB.
func outputOfCommand(_ command: String) -> [UInt8]? {
    guard let stream = popen(command, "re") else { return nil }
    var output: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4 << 10)
    while output.count <= 1 << 20 {
        let count = fread(&piece, 1, piece.count, stream)
        guard count > 0 else { break }
        output += piece[..<count]
    }
    return pclose(stream) == 0 && output.count <= 1 << 20 ? output : nil
}

/// The bytes of a file; nil if it cannot be read or has more than 1 MiB.
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
