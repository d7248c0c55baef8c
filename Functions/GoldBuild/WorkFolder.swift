#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// A folder of its own for one build, which is deleted at the end.
struct WorkFolder: ~Copyable {
    let path: String

    init(in parent: String) throws(GoldError) {
        var template = Array("\(parent)/gold-build-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw .disk("\(parent): no folder can be made there: \(String(cString: strerror(errno)))")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { Self.remove(path) }

    func makeFolder(_ name: String) throws(GoldError) -> String {
        let folder = "\(path)/\(name)"
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw .disk("\(folder): \(String(cString: strerror(errno)))")
        }
        return folder
    }

    private static func remove(_ path: String) {
        if let folder = opendir(path) {
            while let entry = readdir(folder) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
                }
                guard name != ".", name != ".." else { continue }
                // A link is a file: what it leads to stays.
                if unlink("\(path)/\(name)") != 0 { remove("\(path)/\(name)") }
            }
            closedir(folder)
        }
        rmdir(path)
    }
}

/// A local file that is written piece by piece.
struct LocalFile: ~Copyable {
    private let descriptor: Int32
    private let path: String

    init(creating path: String) throws(GoldError) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        self.path = path
        guard descriptor >= 0 else { throw .disk("\(path): \(String(cString: strerror(errno)))") }
    }

    init(reading path: String) throws(GoldError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        self.path = path
        guard descriptor >= 0 else { throw .disk("\(path): \(String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }

    func append(_ bytes: [UInt8]) throws(GoldError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                write(descriptor, $0.baseAddress.map { $0 + done }, bytes.count - done)
            }
            guard count > 0 || errno == EINTR else {
                throw .disk(
                    "\(path): \(String(cString: strerror(errno))); the local copies of the model's tables need space")
            }
            done += max(0, count)
        }
    }

    /// The next bytes; none at the end.
    func next(upTo limit: Int) throws(GoldError) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            let result = read(descriptor, buffer.baseAddress, limit)
            failure = result < 0 ? errno : 0
            count = max(0, result)
        }
        guard failure == 0 else { throw .disk("\(path): \(String(cString: strerror(failure)))") }
        return bytes
    }
}
