internal import EmulatorCore
internal import JSON
internal import Time

/// A key in the store.
struct StoredKey: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS kms_key (id TEXT PRIMARY KEY, secret BLOB NOT NULL, document TEXT NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS kms_alias (
            name TEXT PRIMARY KEY, key TEXT NOT NULL, created_at INTEGER NOT NULL, changed_at INTEGER NOT NULL) STRICT;
        """
    static let spec = "SYMMETRIC_DEFAULT"
    static let usage = "ENCRYPT_DECRYPT"

    /// - SeeAlso: <https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html>
    enum State: String, Sendable {
        case enabled = "Enabled"
        case disabled = "Disabled"
        case pendingDeletion = "PendingDeletion"
    }

    let id: String
    let secret: [UInt8]
    /// Description, Policy, Tags and the rest of what requests set.
    var document: JSONObject

    init(id: String, secret: [UInt8], createdAt: Int64) {
        self.id = id
        self.secret = secret
        document = ["CreatedAt": .int(createdAt)]
    }

    private init(_ row: borrowing Row) throws {
        id = row.text(0)
        secret = row.blob(1)
        document = try JSON(parsing: row.text(2)).object ?? [:]
    }

    var state: State {
        get { document["State"]?.string.flatMap { State(rawValue: $0) } ?? .enabled }
        set { document["State"] = .string(newValue.rawValue) }
    }

    func arn(_ account: Account) -> String { account.arn("kms", "key/\(id)") }

    /// `KeyMetadata`
    func metadata(_ account: Account) -> JSON {
        var metadata: JSONObject = [
            "AWSAccountId": .string(account.id), "KeyId": .string(id), "Arn": .string(arn(account)),
            "CreationDate": Timestamp.json(Int64(document["CreatedAt"]?.int ?? 0)),
            "Enabled": .bool(state == .enabled), "Description": document["Description"] ?? "",
            "KeyUsage": .string(Self.usage), "KeyState": .string(state.rawValue), "Origin": "AWS_KMS",
            "KeyManager": document["Manager"] ?? "CUSTOMER", "CustomerMasterKeySpec": .string(Self.spec),
            "KeySpec": .string(Self.spec), "EncryptionAlgorithms": [.string(Self.spec)], "MultiRegion": false,
        ]
        metadata["DeletionDate"] = document["DeletionDate"]?.int.map { Timestamp.json(Int64($0)) }
        return .object(metadata)
    }

    // MARK: The store

    func save(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "INSERT OR REPLACE INTO kms_key VALUES (?, ?, ?)", .text(id), .blob(secret),
            .text(JSON.object(document).text))
    }

    static func find(_ id: String, in snapshot: borrowing Snapshot) throws -> StoredKey? {
        try snapshot.first("SELECT id, secret, document FROM kms_key WHERE id = ?", .text(id)) { try StoredKey($0) }
    }

    static func all(in snapshot: borrowing Snapshot) throws -> [StoredKey] {
        try snapshot.all("SELECT id, secret, document FROM kms_key ORDER BY id") { try StoredKey($0) }
    }

    /// - Parameter name: `alias/…`
    static func target(ofAlias name: String, in snapshot: borrowing Snapshot) throws -> String? {
        try snapshot.first("SELECT key FROM kms_alias WHERE name = ?", .text(name)) { $0.text(0) }
    }

    static func setAlias(
        _ name: String, to key: String, at now: Int64, in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            """
            INSERT INTO kms_alias VALUES (?1, ?2, ?3, ?3)
            ON CONFLICT (name) DO UPDATE SET key = ?2, changed_at = ?3
            """, .text(name), .text(key), .integer(now))
    }

    static func deleteAlias(_ name: String, in transaction: borrowing Transaction) throws -> Bool {
        try transaction.execute("DELETE FROM kms_alias WHERE name = ?", .text(name)) > 0
    }
}
