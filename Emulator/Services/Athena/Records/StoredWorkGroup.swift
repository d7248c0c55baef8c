internal import EmulatorCore
internal import JSON
internal import Time

/// A work group: where results go, and what its queries may scan.
struct StoredWorkGroup: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS athena_work_group (name TEXT PRIMARY KEY, document TEXT NOT NULL) STRICT, WITHOUT ROWID;
        """

    static let primary = "primary"

    let name: String
    /// AWS's `WorkGroup`, with its time of creation in milliseconds.
    var document: JSONObject

    init(_ name: String, document: JSONObject) {
        self.name = name
        self.document = document
    }

    var configuration: JSON { document["Configuration"] ?? [:] }
    var isEnabled: Bool { document["State"]?.string != "DISABLED" }
    var enforcesConfiguration: Bool { configuration["EnforceWorkGroupConfiguration"]?.bool ?? true }
    var outputLocation: String? { configuration["ResultConfiguration"]?["OutputLocation"]?.string }
    var scanLimit: Int? { configuration["BytesScannedCutoffPerQuery"]?.looseInt }

    /// The work group; the primary one is always there.
    static func find(_ name: String, in snapshot: borrowing Snapshot) throws -> StoredWorkGroup? {
        let stored = try snapshot.first("SELECT document FROM athena_work_group WHERE name = ?", .text(name)) {
            StoredWorkGroup(name, document: try JSON(parsing: $0.text(0)).object ?? [:])
        }
        guard stored == nil, name == primary else { return stored }
        return StoredWorkGroup(
            primary,
            document: [
                "Name": .string(primary), "State": "ENABLED",
                "Configuration": [
                    "ResultConfiguration": [:], "EnforceWorkGroupConfiguration": false,
                    "PublishCloudWatchMetricsEnabled": false, "RequesterPaysEnabled": false,
                    "EngineVersion": [
                        "SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3",
                    ],
                ], "Description": "",
            ])
    }
}
