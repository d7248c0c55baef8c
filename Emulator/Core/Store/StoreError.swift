/// Why the emulator's state could not be read or written.
package enum StoreError: Error, Sendable, CustomStringConvertible {
    /// The database could not be opened: another emulator uses it, or permission or space is missing.
    case cannotOpen(path: String, reason: String)
    /// The database's bytes are not what SQLite wrote.
    case damaged(path: String, reason: String)
    /// A newer version of Cupel wrote the database.
    case newer(path: String, version: Int, known: Int)
    /// SQLite refused a statement.
    case failed(code: Int32, reason: String, statement: String)
    /// The store was closed before the work was done.
    case closed

    package var description: String {
        switch self {
        case .cannotOpen(let path, let reason):
            "cannot open \(path): \(reason); is another emulator using this data folder, and is the disk writable?"
        case .damaged(let path, let reason):
            "the database \(path) is damaged: \(reason); restore it from a copy, "
                + "or move it and its -wal file away, and the emulator starts with an empty one"
        case .newer(let path, let version, let known):
            "the database \(path) has version \(version), and this Cupel knows versions up to \(known); "
                + "use the newer Cupel that wrote it, or name another data folder"
        case .failed(let code, let reason, let statement):
            "the emulator's database failed (SQLite \(code)): \(reason), in: \(statement)"
        case .closed: "the emulator is shutting down; retry when it runs again"
        }
    }
}
