internal import EmulatorCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

extension ObjectContent {
    /// Reads a range piece by piece, and blocks. Nil reads everything.
    func read(_ range: Range<Int>?, _ files: ObjectFiles, piece: ([UInt8]) throws -> Void) throws {
        switch self {
        case .inline(let bytes): try piece(range.map { Array(bytes[$0]) } ?? bytes)
        case .files(let segments):
            var start = 0
            for segment in segments {
                let wanted = (range ?? 0..<Int.max).clamped(to: start..<start + segment.size)
                if !wanted.isEmpty {
                    try files.check(segment.file, size: segment.size)
                    let inFile = wanted.lowerBound - start..<wanted.upperBound - start
                    try Self.read(inFile, of: files.path(of: segment.file), piece)
                }
                start += segment.size
            }
        }
    }

    /// Makes a file of the content. An object of one file becomes another name of that, because its bytes never change.
    func copy(to path: String, _ files: ObjectFiles) throws {
        if case .files(let segments) = self, segments.count == 1, let segment = segments.first {
            try files.check(segment.file, size: segment.size)
            if link(files.path(of: segment.file), path) == 0 { return }
        }
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw ObjectFiles.Failure(attempt: "create", path: path, code: errno) }
        defer { close(file) }
        try read(nil, files) { piece in
            var done = 0
            while done < piece.count {
                let count = piece.withUnsafeBytes { write(file, $0.baseAddress.map { $0 + done }, piece.count - done) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw ObjectFiles.Failure(attempt: "write", path: path, code: errno) }
                done += count
            }
        }
    }

    private static func read(_ range: Range<Int>, of path: String, _ piece: ([UInt8]) throws -> Void) throws {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { throw ObjectFiles.Failure(attempt: "open", path: path, code: errno) }
        defer { close(file) }
        var offset = range.lowerBound
        while offset < range.upperBound {
            var buffer = [UInt8](repeating: 0, count: min(1 << 20, range.upperBound - offset))
            let count = pread(file, &buffer, buffer.count, offset)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw ObjectFiles.Failure(attempt: "read", path: path, code: count < 0 ? errno : EIO)
            }
            try piece(count == buffer.count ? buffer : Array(buffer[..<count]))
            offset += count
        }
    }
}
