internal import EmulatorCore
internal import JSON

/// A task as ECS describes it.
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html>
struct TaskRecord: Sendable {
    struct Container: Sendable {
        let name: String
        let image: String
        var status = "PENDING"
        var exitCode: Int32?
        var reason: String?
    }

    let arn: String
    let clusterARN: String
    let definitionARN: String
    let family: String
    /// The members of `RunTask`.
    let request: JSON
    let createdAt: Int64
    var containers: [Container]
    /// `PENDING`, `RUNNING` or `STOPPED`.
    var status = "PENDING"
    var startedAt: Int64?
    var stoppedAt: Int64?
    var stopCode: String?
    var stoppedReason: String?

    var id: String { arn.split(separator: "/").last.map(String.init) ?? arn }

    /// Marks the task as stopped. Containers without an exit code were killed.
    mutating func stop(at time: Int64, code: String, reason: String) {
        status = "STOPPED"
        stoppedAt = time
        stopCode = stopCode ?? code
        stoppedReason = stoppedReason ?? reason
        for position in containers.indices { containers[position].status = "STOPPED" }
    }

    var document: JSON {
        var document: JSONObject = [
            "taskArn": .string(arn), "clusterArn": .string(clusterARN), "taskDefinitionArn": .string(definitionARN),
            "containers": .array(containers.map(document)), "lastStatus": .string(status),
            "desiredStatus": status == "STOPPED" ? "STOPPED" : "RUNNING", "createdAt": .seconds(createdAt),
            "group": request["group"] ?? .string("family:\(family)"), "launchType": request["launchType"] ?? "FARGATE",
            "platformFamily": "Linux", "platformVersion": "1.4.0", "overrides": request["overrides"] ?? [:],
            "attachments": [], "attributes": [], "tags": [], "version": 1, "healthStatus": "UNKNOWN",
        ]
        // Each kind of capacity is the machine that the emulator runs on.
        if let provider = request["capacityProviderStrategy"]?[0]?["capacityProvider"] {
            document["capacityProviderName"] = provider
        }
        if let startedBy = request["startedBy"] { document["startedBy"] = startedBy }
        if let startedAt { document["startedAt"] = .seconds(startedAt) }
        if let stoppedAt {
            document["stoppedAt"] = .seconds(stoppedAt)
            document["executionStoppedAt"] = .seconds(stoppedAt)
        }
        if let stopCode { document["stopCode"] = .string(stopCode) }
        if let stoppedReason { document["stoppedReason"] = .string(stoppedReason) }
        return .object(document)
    }

    private func document(of container: Container) -> JSON {
        var document: JSONObject = [
            "containerArn": .string(arn.replacingTask(with: "container") + "/" + container.name),
            "taskArn": .string(arn), "name": .string(container.name), "image": .string(container.image),
            "lastStatus": .string(container.status), "networkInterfaces": [], "healthStatus": "UNKNOWN",
        ]
        if let exitCode = container.exitCode { document["exitCode"] = .int(exitCode) }
        if let reason = container.reason { document["reason"] = .string(reason) }
        return .object(document)
    }
}

extension TaskRecord {
    /// Reads a stored ``document`` with its request.
    init?(_ document: JSON, request: JSON, family: String) {
        guard let arn = document["taskArn"]?.string, let clusterARN = document["clusterArn"]?.string,
            let definitionARN = document["taskDefinitionArn"]?.string, let status = document["lastStatus"]?.string
        else { return nil }
        self.arn = arn
        self.clusterARN = clusterARN
        self.definitionARN = definitionARN
        self.family = family
        self.request = request
        self.status = status
        createdAt = document["createdAt"]?.milliseconds ?? 0
        startedAt = document["startedAt"]?.milliseconds
        stoppedAt = document["stoppedAt"]?.milliseconds
        stopCode = document["stopCode"]?.string
        stoppedReason = document["stoppedReason"]?.string
        containers = (document["containers"]?.array ?? []).map { container in
            Container(
                name: container["name"]?.string ?? "", image: container["image"]?.string ?? "",
                status: container["lastStatus"]?.string ?? "STOPPED",
                exitCode: container["exitCode"]?.int.map(Int32.init), reason: container["reason"]?.string)
        }
    }
}

extension JSON {
    /// A time in milliseconds as seconds since 1970 with three decimals, the JSON protocols' form.
    static func seconds(_ milliseconds: Int64) -> JSON {
        let fraction = String(milliseconds % 1000)
        let text = "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
        return JSONNumber(text).map { .number($0) } ?? .null
    }

    /// The milliseconds of a time in seconds.
    var milliseconds: Int64? { double.map { Int64(($0 * 1000).rounded()) } }
}

extension String {
    fileprivate func replacingTask(with kind: String) -> String {
        guard let found = firstRange(of: ":task/") else { return self }
        return self[..<found.lowerBound] + ":\(kind)/" + self[found.upperBound...]
    }
}
