/// Why the emulator's state could not be read or written.
package enum StoreError: Error, Sendable, CustomStringConvertible {
    /// The database could not be opened: another emulator holds it, no permission, no space.
    case cannotOpen(path: String, reason: String)
    /// SQLite refused a statement.
    case failed(code: Int32, reason: String, statement: String)
    /// The store was closed before the work was done.
    case closed

    package var description: String {
        switch self {
        case .cannotOpen(let path, let reason):
            "cannot open \(path): \(reason); is another emulator using this data folder, and is the disk writable?"
        case .failed(let code, let reason, let statement):
            "the emulator's database failed (SQLite \(code)): \(reason), in: \(statement)"
        case .closed: "the emulator is shutting down; send the request again when it is back"
        }
    }
}
