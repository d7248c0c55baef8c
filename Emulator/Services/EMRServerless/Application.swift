internal import EmulatorCore
internal import JSON
internal import Time

/// An application: what job runs have in common.
/// - SeeAlso: <https://docs.aws.amazon.com/emr-serverless/latest/APIReference/API_Application.html>
struct Application: Sendable {
    enum State: String, Sendable {
        case created = "CREATED"
        case started = "STARTED"
        case stopped = "STOPPED"
        case terminated = "TERMINATED"
    }

    let id: String
    let arn: String
    /// The members of CreateApplication, as UpdateApplication has changed them.
    var settings: JSONObject
    let createdAt: Int64
    var updatedAt: Int64
    var state = State.created

    /// What a template or a client may say of an application.
    static let settingNames: Set = [
        "name", "releaseLabel", "type", "clientToken", "initialCapacity", "maximumCapacity", "tags",
        "autoStartConfiguration",
        "autoStopConfiguration", "networkConfiguration", "architecture", "imageConfiguration",
        "workerTypeSpecifications",
        "runtimeConfiguration", "monitoringConfiguration", "interactiveConfiguration", "schedulerConfiguration",
        "diskEncryptionConfiguration", "identityCenterConfiguration", "jobLevelCostAllocationConfiguration",
    ]

    /// - Throws: ``AWSFault`` `ValidationException` for what the service refuses.
    static func check(_ settings: JSONObject) throws(AWSFault) {
        if let unknown = settings.names.first(where: { !settingNames.contains($0) }) {
            throw .validation("An application has no \(unknown).")
        }
        guard let label = settings["releaseLabel"]?.string, label.hasPrefix("emr-") else {
            throw .validation("releaseLabel: an application needs one, such as emr-7.12.0.")
        }
        guard let type = settings["type"]?.string?.uppercased() else {
            throw .validation("type: an application is of SPARK or HIVE.")
        }
        guard type == "SPARK" else { throw .notEmulated("An application of the type \(type)") }
    }

    var releaseLabel: String { settings["releaseLabel"]?.string ?? "" }
    var name: String? { settings["name"]?.string }
    /// Whether a job run starts it.
    var startsItself: Bool { settings["autoStartConfiguration"]?["enabled"]?.looseBool ?? true }

    /// For GetApplication.
    var document: JSON {
        var members = summaryMembers
        members["applicationId"] = .string(id)
        for (name, value) in settings where members[name] == nil && name != "clientToken" { members[name] = value }
        for (name, value) in [
            "autoStartConfiguration": ["enabled": true],
            "autoStopConfiguration": ["enabled": true, "idleTimeoutMinutes": 15],
        ]
            as [String: JSON]
        where members[name] == nil { members[name] = value }
        if members["tags"] == nil { members["tags"] = [:] }
        return .object(members)
    }

    /// For ListApplications.
    var summary: JSON {
        var members = summaryMembers
        members["id"] = .string(id)
        return .object(members)
    }

    private var summaryMembers: JSONObject {
        var members: JSONObject = [
            "arn": .string(arn), "releaseLabel": .string(releaseLabel), "type": "Spark",
            "state": .string(state.rawValue),
            "stateDetails": "", "createdAt": Timestamp.json(createdAt), "updatedAt": Timestamp.json(updatedAt),
            "architecture": settings["architecture"] ?? "X86_64",
        ]
        if let name { members["name"] = .string(name) }
        return members
    }
}

extension Application {
    var stored: JSON {
        [
            "id": .string(id), "arn": .string(arn), "settings": .object(settings), "createdAt": .int(Int(createdAt)),
            "updatedAt": .int(Int(updatedAt)), "state": .string(state.rawValue),
        ]
    }

    init?(stored: JSON) {
        guard let id = stored["id"]?.string, let arn = stored["arn"]?.string, let created = stored["createdAt"]?.int,
            let state = stored["state"]?.string.flatMap({ State(rawValue: $0) })
        else { return nil }
        self.init(
            id: id, arn: arn, settings: stored["settings"]?.object ?? [:], createdAt: Int64(created),
            updatedAt: Int64(stored["updatedAt"]?.int ?? created), state: state)
    }
}

extension JSON {
    /// A truth value, also when a template carried it as text.
    var looseBool: Bool? { bool ?? string.flatMap { Bool($0) } }
}
