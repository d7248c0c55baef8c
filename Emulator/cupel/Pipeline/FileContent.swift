#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Reads a local file piece by piece.
struct FileReader: ~Copyable {
    private let path: String
    private let descriptor: Int32

    init(path: String) throws(CommandFailure) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file("cannot open", path, errno) }
    }

    deinit { close(descriptor) }

    var sizeInBytes: Int {
        get throws(CommandFailure) {
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { throw .file("cannot read", path, errno) }
            return Int(status.st_size)
        }
    }

    /// The next `limit` bytes; fewer only at the end of the file.
    mutating func next(_ limit: Int) throws(CommandFailure) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, filled in
            while filled < limit {
                let count = read(descriptor, buffer.baseAddress.map { $0 + filled }, limit - filled)
                if count < 0, errno == EINTR { continue }
                if count < 0 { failure = errno }
                if count <= 0 { return }
                filled += count
            }
        }
        guard failure == 0 else { throw .file("cannot read", path, failure) }
        return bytes
    }
}

/// Reads and writes small files as a whole.
enum FileContent {
    static func read(_ path: String) throws(CommandFailure) -> [UInt8] {
        var reader = try FileReader(path: path)
        return try reader.next(try reader.sizeInBytes)
    }

    static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o644) throws(CommandFailure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw .file("cannot create", path, errno) }
        defer { close(descriptor) }
        guard bytes.withUnsafeBytes({ descriptorWrite(descriptor, $0) }) == bytes.count else {
            throw .file("cannot write", path, errno)
        }
    }
}

/// The kind of entry at a path.
enum FileKind {
    case file, folder, other, missing

    static func of(_ path: String) -> FileKind {
        var status = stat()
        guard stat(path, &status) == 0 else { return .missing }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: .file
        case S_IFDIR: .folder
        default: .other
        }
    }

    /// The names in a folder, sorted.
    static func names(in folder: String) throws(CommandFailure) -> [String] {
        guard let stream = opendir(folder) else { throw .file("cannot list", folder, errno) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Creates a folder and its parents.
    static func makeFolder(_ path: String) throws(CommandFailure) {
        var made = path.hasPrefix("/") ? "/" : ""
        for part in path.split(separator: "/") {
            made += (made.isEmpty || made == "/" ? "" : "/") + part
            guard mkdir(made, 0o755) == 0 || errno == EEXIST else { throw .file("cannot create", made, errno) }
        }
    }
}
