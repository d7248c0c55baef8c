internal import EmulatorCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// The folder of an emulator's state, which only one emulator at a time can use.
///
/// The kernel holds the lock, so it ends with the process, also after a crash.
package final class DataFolder: Sendable {
    package let path: String
    private let lock: Int32

    /// Creates the folder if it is missing, and locks it.
    package init(_ path: String) throws(DataFolderError) {
        self.path = path
        var made = ""
        for part in path.split(separator: "/", omittingEmptySubsequences: false) {
            made += part + "/"
            guard mkdir(made, 0o755) == 0 || errno == EEXIST || errno == EISDIR else {
                throw .unusable(path: path, reason: String(cString: strerror(errno)))
            }
        }
        lock = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard lock >= 0 else { throw .unusable(path: path, reason: String(cString: strerror(errno))) }
        guard lockf(lock, F_TLOCK, 0) == 0 else {
            close(lock)
            throw .taken(path: path)
        }
    }

    deinit { close(lock) }
}

package enum DataFolderError: Error, Sendable, CustomStringConvertible {
    case unusable(path: String, reason: String)
    case taken(path: String)

    package var description: String {
        switch self {
        case .unusable(let path, let reason):
            "the data folder \(path) cannot be used: \(reason); give another with --data"
        case .taken(let path):
            "another emulator uses the data folder \(path); stop it, or give another folder with --data"
        }
    }
}
