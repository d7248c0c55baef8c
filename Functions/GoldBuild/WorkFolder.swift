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

    /// - Returns: the path, of a folder that is there now.
    static func make(_ folder: String) throws(GoldError) -> String {
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw .disk("\(folder): \(String(cString: strerror(errno)))")
        }
        return folder
    }

    /// The paths of all files in a folder and those below it, sorted.
    static func files(below path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var files: [String] = []
        while let entry = readdir(folder) {
            let name = Self.name(of: entry)
            guard name != ".", name != ".." else { continue }
            let inner = "\(path)/\(name)"
            var status = stat()
            guard lstat(inner, &status) == 0 else { continue }
            files += status.st_mode & S_IFMT == S_IFDIR ? self.files(below: inner) : [inner]
        }
        return files.sorted()
    }

    private static func name(of entry: UnsafeMutablePointer<dirent>) -> String {
        withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
        }
    }

    private static func remove(_ path: String) {
        if let folder = opendir(path) {
            while let entry = readdir(folder) {
                let name = Self.name(of: entry)
                guard name != ".", name != ".." else { continue }
                // A link is a file: what it leads to stays.
                if unlink("\(path)/\(name)") != 0 { remove("\(path)/\(name)") }
            }
            closedir(folder)
        }
        rmdir(path)
    }
}
