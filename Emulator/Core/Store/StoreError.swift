/// Why the emulator's state could not be read or written.
package enum StoreError: Error, Sendable, CustomStringConvertible {
    /// The database could not be opened: another emulator uses it, or permission or space is missing.
    case cannotOpen(path: String, reason: String)
    /// SQLite refused a statement.
    case failed(code: Int32, reason: String, statement: String)
    /// The store was closed before the work was done.
    case closed

    package var description: String {
        switch self {
        case .cannotOpen(let path, let reason):
            "cannot open \(path): \(reason); check that no other emulator uses this data folder and that the disk is "
                + "writable"
        case .failed(let code, let reason, let statement):
            "the emulator's database failed (SQLite \(code)): \(reason), in: \(statement)"
        case .closed: "the emulator is shutting down; retry when it runs again"
        }
    }
}
