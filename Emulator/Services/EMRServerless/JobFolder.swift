internal import EmulatorCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// The folder of a job run.
enum JobFolder {
    /// Makes the folder, and those above it that are missing.
    static func make(_ path: String) throws(SparkSubmission.Obstacle) {
        guard mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            try make(String(path[..<slash]))
            guard mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        }
        throw SparkSubmission.Obstacle(reason: "\(path): \(String(cString: strerror(errno)))")
    }
}

enum FileKind {
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
