internal import JSON

/// What an erasure did, or would do, for an auditor.
struct ErasureReport {
    /// A file of bronze or of quarantine that had rows of the key, and the version that had them.
    struct File {
        let key: String
        let version: String?
        let rows: Int
    }

    var silverRows = 0
    var silverFiles = 0
    /// Of the table and of the models' tables.
    var expiredSnapshots = 0
    /// Versions of objects below tables that are gone for good.
    var removedObjects = 0
    var files: [File] = []
    /// The IDs of the control records that say so.
    var records: [String] = []
    /// Raw objects with a line that has the key.
    var raw: [String] = []
    /// Objects in which nobody could look.
    var unread: [String] = []
    /// Models that were built again.
    var models: [String] = []

    var isEmpty: Bool { silverRows == 0 && files.isEmpty && raw.isEmpty }

    func document(of table: String, _ key: [String], isDry: Bool, rawIsDeleted: Bool, at time: String) -> JSON {
        [
            "table": .string(table), "key": .array(key.map { .string($0) }), "time": .string(time),
            "dry_run": .bool(isDry),
            "silver": [
                "rows": .int(silverRows), "files": .int(silverFiles), "snapshots_expired": .int(expiredSnapshots),
                "object_versions_removed": .int(removedObjects),
            ],
            "files": .array(
                files.map { file in
                    var object: JSONObject = ["key": .string(file.key), "rows": .int(file.rows)]
                    object["version"] = file.version.map { .string($0) }
                    return .object(object)
                }),
            "control_records": .array(records.map { .string($0) }), "models_built": .array(models.map { .string($0) }),
            "raw": .array(raw.map { .string($0) }), "raw_deleted": .bool(rawIsDeleted && !isDry),
            "not_searched": .array(unread.map { .string($0) }),
        ]
    }

    func lines(of table: String, _ key: [String], isDry: Bool, rawIsDeleted: Bool, at time: String) -> [String] {
        let verb = isDry ? "would be" : "were"
        var lines = [
            "\(table), key \(key.joined(separator: ", ")), \(time)",
            "silver: \(silverRows) rows in \(silverFiles) files \(verb) erased; \(expiredSnapshots) older snapshots "
                + "\(verb) removed, with \(removedObjects) versions of objects",
        ]
        lines += files.map { "\($0.key)\($0.version.map { " (version \($0))" } ?? ""): \($0.rows) rows \(verb) erased" }
        if !records.isEmpty { lines.append("control records that say so: \(records.joined(separator: ", "))") }
        if !models.isEmpty { lines.append("built again: \(models.joined(separator: ", "))") }
        for object in raw {
            lines.append(
                "raw: \(object) has the key" + (rawIsDeleted ? isDry ? "; would be deleted" : "; deleted" : "; kept"))
        }
        lines += unread.map { "not searched: \($0)" }
        return lines
    }
}
