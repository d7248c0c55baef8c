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

    private init(_ name: String, document: JSONObject) {
        self.name = name
        self.document = document
    }

    init(_ name: String, configuration: JSONObject, description: String, now: Int64) {
        self.init(
            name,
            document: [
                "Name": .string(name), "State": "ENABLED", "Configuration": .object(configuration),
                "Description": .string(description), "CreationTime": .int(now),
            ])
    }

    private static let tagsMember = "tags"

    /// Values by keys.
    var tags: JSONObject {
        get { document[Self.tagsMember]?.object ?? [:] }
        set { document[Self.tagsMember] = .object(newValue) }
    }

    var configuration: JSON { document["Configuration"] ?? [:] }
    var isEnabled: Bool { document["State"]?.string != "DISABLED" }
    var enforcesConfiguration: Bool { configuration["EnforceWorkGroupConfiguration"]?.bool ?? true }
    var outputLocation: String? { configuration["ResultConfiguration"]?["OutputLocation"]?.string }
    var scanLimit: Int? { configuration["BytesScannedCutoffPerQuery"]?.looseInt }

    // MARK: Configuration

    private static let engine: JSON = [
        "SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3",
    ]

    /// A configuration with the values that were not given.
    static func checked(_ given: JSON) throws(AWSFault) -> JSONObject {
        var configuration = (given.object ?? [:])
        for (name, value) in configuration where value.isNull { configuration[name] = nil }
        let location = configuration["ResultConfiguration"]?.present("OutputLocation")?.string
        if let location, ObjectLocation(s3: location.hasSuffix("/") ? location : location + "/") == nil {
            throw .invalidRequest("outputLocation is not a valid S3 path.")
        }
        if let results = configuration["ResultConfiguration"] {
            configuration["ResultConfiguration"] = .object(try ResultSettings.checked(results))
        }
        if let limit = configuration["BytesScannedCutoffPerQuery"]?.looseInt, limit < 10_000_000 {
            throw .invalidRequest("BytesScannedCutoffPerQuery is \(limit); expected 10000000 or more")
        }
        let defaults: JSONObject = [
            "ResultConfiguration": [:], "EnforceWorkGroupConfiguration": true, "PublishCloudWatchMetricsEnabled": true,
            "RequesterPaysEnabled": false,
        ]
        for (name, value) in defaults where configuration[name] == nil { configuration[name] = value }
        var engine = Self.engine.object ?? [:]
        if let selected = configuration["EngineVersion"]?.present("SelectedEngineVersion") {
            engine["SelectedEngineVersion"] = selected
        }
        configuration["EngineVersion"] = .object(engine)
        return configuration
    }

    /// Changes what some `ConfigurationUpdates` name.
    mutating func update(_ updates: JSON) throws(AWSFault) {
        var configuration = self.configuration.object ?? [:]
        for (name, value) in updates.object ?? [:] where !value.isNull {
            switch name {
            case "ResultConfigurationUpdates":
                var results = configuration["ResultConfiguration"]?.object ?? [:]
                for (name, value) in value.object ?? [:] {
                    if name.hasPrefix("Remove") {
                        if value.bool == true { results[String(name.dropFirst("Remove".count))] = nil }
                    } else {
                        results[name] = value
                    }
                }
                configuration["ResultConfiguration"] = .object(results)
            case "RemoveBytesScannedCutoffPerQuery":
                if value.bool == true { configuration["BytesScannedCutoffPerQuery"] = nil }
            default: configuration[name] = value
            }
        }
        document["Configuration"] = .object(try Self.checked(.object(configuration)))
    }

    // MARK: What it says

    var shown: JSON {
        var shown = document
        shown[Self.tagsMember] = nil
        shown["CreationTime"] = shown["CreationTime"]?.int.map { Timestamp.json(Int64($0)) }
        return .object(shown)
    }

    var summary: JSON {
        var summary = shown.object ?? [:]
        summary["EngineVersion"] = configuration["EngineVersion"]
        summary["Configuration"] = nil
        return .object(summary)
    }

    // MARK: Storage

    /// The work group; the primary one is always there.
    static func find(_ name: String, in snapshot: borrowing Snapshot) throws -> StoredWorkGroup? {
        let stored = try snapshot.first("SELECT document FROM athena_work_group WHERE name = ?", .text(name)) {
            StoredWorkGroup(name, document: try JSON(parsing: $0.text(0)).object ?? [:])
        }
        return stored ?? (name == primary ? primaryGroup : nil)
    }

    private static let primaryGroup = StoredWorkGroup(
        primary,
        document: [
            "Name": .string(primary), "State": "ENABLED",
            "Configuration": [
                "ResultConfiguration": [:], "EnforceWorkGroupConfiguration": false,
                "PublishCloudWatchMetricsEnabled": false,
                "RequesterPaysEnabled": false, "EngineVersion": engine,
            ], "Description": "",
        ])

    static func all(in snapshot: borrowing Snapshot) throws -> [StoredWorkGroup] {
        let stored = try snapshot.all("SELECT name, document FROM athena_work_group ORDER BY name") {
            StoredWorkGroup($0.text(0), document: try JSON(parsing: $0.text(1)).object ?? [:])
        }
        return stored.contains { $0.name == primary } ? stored : (stored + [primaryGroup]).sorted { $0.name < $1.name }
    }

    func save(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            "INSERT OR REPLACE INTO athena_work_group VALUES (?, ?)", .text(name), .text(JSON.object(document).text))
    }

    /// Whether it has no saved queries.
    static func isEmpty(_ name: String, in snapshot: borrowing Snapshot) throws -> Bool {
        try snapshot.first("SELECT 1 FROM athena_query WHERE work_group = ?", .text(name)) { _ in true } == nil
    }

    /// Deletes a work group with its saved queries.
    static func delete(_ name: String, in transaction: borrowing Transaction) throws {
        try transaction.execute("DELETE FROM athena_query WHERE work_group = ?", .text(name))
        try transaction.execute("DELETE FROM athena_work_group WHERE name = ?", .text(name))
    }
}
