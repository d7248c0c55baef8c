internal import EmulatorCore
internal import JSON
internal import Time

/// A job run as EMR Serverless describes it.
/// - SeeAlso: <https://docs.aws.amazon.com/emr-serverless/latest/APIReference/API_JobRun.html>
struct JobRun: Sendable {
    enum State: String, Sendable {
        case submitted = "SUBMITTED"
        case pending = "PENDING"
        case scheduled = "SCHEDULED"
        case running = "RUNNING"
        case success = "SUCCESS"
        case failed = "FAILED"
        case cancelling = "CANCELLING"
        case cancelled = "CANCELLED"
        case queued = "QUEUED"

        var isFinal: Bool { self == .success || self == .failed || self == .cancelled }
    }

    let id: String
    let applicationID: String
    /// The members of StartJobRun, with `arn` and `releaseLabel`.
    let request: JSON
    let createdAt: Int64
    var updatedAt: Int64
    var state = State.submitted
    var details = ""
    var startedAt: Int64?
    var endedAt: Int64?
    var tags: JSONObject = [:]

    init(id: String, applicationID: String, request: JSON, createdAt: Int64) {
        self.id = id
        self.applicationID = applicationID
        self.request = request
        self.createdAt = createdAt
        updatedAt = createdAt
        tags = request["tags"]?.object ?? [:]
    }

    mutating func end(_ state: State, _ details: String, at time: Int64) {
        self.state = state
        self.details = details
        updatedAt = time
        endedAt = time
    }

    /// For GetJobRun.
    var document: JSON {
        var members = summaryMembers
        members["jobRunId"] = .string(id)
        for name in ["configurationOverrides", "jobDriver", "retryPolicy", "executionIamPolicy"] {
            if let value = request[name], !value.isNull { members[name] = value }
        }
        members["executionTimeoutMinutes"] = request["executionTimeoutMinutes"] ?? 720
        members["tags"] = .object(tags)
        if let startedAt { members["startedAt"] = Timestamp.json(startedAt) }
        if let endedAt {
            members["endedAt"] = Timestamp.json(endedAt)
            members["totalExecutionDurationSeconds"] = .int(Int((endedAt - (startedAt ?? endedAt)) / 1000))
        }
        return .object(members)
    }

    /// For ListJobRuns.
    var summary: JSON {
        var members = summaryMembers
        members["id"] = .string(id)
        members["type"] = .string("SPARK")
        return .object(members)
    }

    private var summaryMembers: JSONObject {
        var members: JSONObject = [
            "applicationId": .string(applicationID), "arn": request["arn"] ?? "",
            "createdBy": request["createdBy"] ?? "", "createdAt": Timestamp.json(createdAt),
            "updatedAt": Timestamp.json(updatedAt),
            "executionRole": request["executionRoleArn"] ?? "", "state": .string(state.rawValue),
            "stateDetails": .string(details), "releaseLabel": request["releaseLabel"] ?? "",
            "mode": request["mode"] ?? "BATCH",
            "attempt": 1, "attemptCreatedAt": Timestamp.json(createdAt), "attemptUpdatedAt": Timestamp.json(updatedAt),
        ]
        if let name = request["name"], !name.isNull { members["name"] = name }
        return members
    }
}

extension JobRun {
    /// What the store keeps besides ``document``'s members.
    var stored: JSON {
        var members: JSONObject = [
            "id": .string(id), "application": .string(applicationID), "request": request,
            "createdAt": .int(Int(createdAt)),
            "updatedAt": .int(Int(updatedAt)), "state": .string(state.rawValue), "details": .string(details),
            "tags": .object(tags),
        ]
        if let startedAt { members["startedAt"] = .int(Int(startedAt)) }
        if let endedAt { members["endedAt"] = .int(Int(endedAt)) }
        return .object(members)
    }

    init?(stored: JSON) {
        guard let id = stored["id"]?.string, let application = stored["application"]?.string,
            let created = stored["createdAt"]?.int, let state = stored["state"]?.string.flatMap({ State(rawValue: $0) })
        else { return nil }
        self.init(id: id, applicationID: application, request: stored["request"] ?? .null, createdAt: Int64(created))
        self.state = state
        details = stored["details"]?.string ?? ""
        updatedAt = Int64(stored["updatedAt"]?.int ?? created)
        startedAt = stored["startedAt"]?.int.map { Int64($0) }
        endedAt = stored["endedAt"]?.int.map { Int64($0) }
        tags = stored["tags"]?.object ?? [:]
    }
}
