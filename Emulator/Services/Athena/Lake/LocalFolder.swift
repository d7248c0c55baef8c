internal import EmulatorCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Folders of an engine.
enum LocalFolder {
    /// Makes a folder, and those above it that are missing.
    static func make(_ path: String) throws(AWSFault) {
        guard mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            try make(String(path[..<slash]))
            guard mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        }
        throw AWSFault("InternalServerException", "\(path): \(String(cString: strerror(errno)))", status: 500)
    }
}
