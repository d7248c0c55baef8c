internal import EmulatorCore
internal import Digest
internal import JSON

/// The latest version of a parameter in the store.
struct StoredParameter: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS ssm_parameter (
            name TEXT PRIMARY KEY, type TEXT NOT NULL, value TEXT NOT NULL, version INTEGER NOT NULL,
            modified_at INTEGER NOT NULL) STRICT;
        """

    /// The largest value of the standard tier, in bytes.
    static let valueLimit = 4096
    static let types = ["String", "StringList", "SecureString"]

    let name: String
    var type: String
    var value: String
    var version: Int
    /// Milliseconds since 1970.
    var modifiedAt: Int64

    var isSecure: Bool { type == "SecureString" }

    static func find(_ name: String, in snapshot: borrowing Snapshot) throws -> StoredParameter? {
        try snapshot.first(
            "SELECT type, value, version, modified_at FROM ssm_parameter WHERE name = ?", .text(name)
        ) { row in
            StoredParameter(
                name: name, type: row.text(0), value: row.text(1), version: row.int(2), modifiedAt: row.integer(3))
        }
    }

    static func all(in snapshot: borrowing Snapshot) throws -> [StoredParameter] {
        try snapshot.all("SELECT name, type, value, version, modified_at FROM ssm_parameter ORDER BY name") { row in
            StoredParameter(
                name: row.text(0), type: row.text(1), value: row.text(2), version: row.int(3),
                modifiedAt: row.integer(4))
        }
    }

    func save(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "INSERT OR REPLACE INTO ssm_parameter VALUES (?, ?, ?, ?, ?)", .text(name), .text(type), .text(value),
            .integer(version), .integer(modifiedAt))
    }

    /// The value without decryption. There is no key here, so it is only a digest.
    var cipherText: String { Digest.sha256("\(name) \(version) \(value)").base64 }

    /// - Throws: ``AWSFault`` `ValidationException` for an invalid name.
    static func check(name: String) throws(AWSFault) {
        let isAllowed = name.utf8.allSatisfy { $0.isNamePart || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "/") }
        guard isAllowed, (1...1011).contains(name.utf8.count) else {
            throw AWSFault(
                "ValidationException",
                "Parameter name: can't be empty or longer than 1011 characters, and can only include a-zA-Z0-9_.-/")
        }
        guard !name.contains("/") || name.hasPrefix("/") else {
            throw AWSFault("ValidationException", "Parameter name must be a fully qualified name.")
        }
        let first = name.drop { $0 == "/" }.lowercased()
        guard !first.hasPrefix("aws"), !first.hasPrefix("ssm") else {
            throw AWSFault(
                "ValidationException",
                "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).")
        }
    }
}
