internal import EmulatorCore

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// The folder that holds an emulator's state, used by one emulator at a time and closed to other users.
///
/// The kernel holds the lock, so it ends with the process, also after a crash.
package final class DataFolder: Sendable {
    package let path: String
    private let lock: Int32

    /// The emulator's own entries. What else the user keeps in the folder is left as it is.
    private static let entries = [
        "lock", "reserve", "endpoint.json", "emulator.log", "objects", "lambda", "state.sqlite", "state.sqlite-wal",
        "state.sqlite-shm", "logs.sqlite", "logs.sqlite-wal", "logs.sqlite-shm",
    ]

    /// Makes the folder if it is not there, takes it, and closes it to other users.
    package init(_ path: String) throws(DataFolderError) {
        self.path = path
        let isNew = try Self.make(path)
        let isOurs = Self.entries.contains { access("\(path)/\($0)", F_OK) == 0 }
        lock = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else { throw .unusable(path: path, reason: String(cString: strerror(errno))) }
        guard lockf(lock, F_TLOCK, 0) == 0 else {
            close(lock)
            throw .taken(path: path)
        }
        // A folder that the user made for other things too keeps its mode.
        if isNew || isOurs { chmod(path, 0o700) }
        for entry in Self.entries { Self.tighten("\(path)/\(entry)") }
        // SQLite gives its other files the mode of the database.
        for database in ["state", "logs"] {
            let file = open("\(path)/\(database).sqlite", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            if file >= 0 { close(file) }
        }
    }

    /// Removes the state, and keeps the folder, its lock, and what others have in it.
    func removeState() {
        for entry in Self.entries where !["lock", "endpoint.json", "emulator.log"].contains(entry) {
            Self.remove("\(path)/\(entry)")
        }
    }

    /// Removes a file, or a folder with all that is in it. A link is not followed.
    private static func remove(_ path: String) {
        guard unlink(path) != 0, errno == EISDIR || errno == EPERM else { return }
        for name in FolderEntries.names(in: path) { remove("\(path)/\(name)") }
        rmdir(path)
    }

    deinit { close(lock) }

    /// - Returns: whether the folder was not there before.
    private static func make(_ path: String) throws(DataFolderError) -> Bool {
        var made = ""
        var isNew = false
        for part in path.split(separator: "/", omittingEmptySubsequences: false) {
            made += part + "/"
            guard !part.isEmpty else { continue }
            isNew = mkdir(made, 0o755) == 0
            guard isNew || errno == EEXIST || errno == EISDIR else {
                throw .unusable(path: path, reason: String(cString: strerror(errno)))
            }
        }
        return isNew
    }

    /// Takes the rights of the group and of others from a file, or from a folder and what is in it. A folder without
    /// such rights is done already.
    private static func tighten(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & 0o077 != 0 else { return }
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFREG || kind == S_IFDIR else { return }
        if kind == S_IFDIR {
            for name in FolderEntries.names(in: path) { tighten("\(path)/\(name)") }
        }
        // Last, so that what a crash interrupts is done at the next start.
        chmod(path, status.st_mode & 0o700)
    }
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
