internal import AWSClient
internal import Console
internal import Control
internal import JSON

extension PipelineSource {
    private static let recordLimit = 20

    func part(_ name: String) throws(ConsoleFault) -> JSON {
        if name.hasPrefix("queue:") { return try queue(String(name.dropFirst("queue:".count))) }
        let deployed = memory.deployed(of: pipeline)
        let parts = FlowPart.all(of: deployed)
        guard let part = parts.first(where: { $0.name == name }) else {
            throw .notFound(
                "the pipeline has no part \(name); there are \(parts.map(\.name).joined(separator: ", "))")
        }
        var document: JSONObject = [
            "name": .string(part.name), "title": .string(part.title), "kind": .string(part.kind.rawValue),
            "next": .array(part.next.map { .string($0) }), "calls": .array(part.calls.map { .string($0) }),
            "before": .array(
                parts.filter { $0.next.contains(name) || $0.calls.contains(name) }.map { .string($0.name) }),
            "records": .array(try records(at: name)),
        ]
        document["alarms"] = alarms(part.alarms).map { .array($0) }
        document["alarm_names"] = .array(part.alarms.map { .string(pipeline.functionPrefix + $0) })
        switch part.kind {
        case .function: document["function"] = .string(part.name)
        case .task:
            document["task"] = part.task.map { .string($0) }
        case .machine: document["machine"] = .string(String(part.name.dropLast("-machine".count)))
        default: break
        }
        if let activity = memory.activity(of: deployed, in: pipeline, age: activityAge)[name] {
            document["per_minute"] = .int(activity.perMinute)
            document["errors"] = .int(activity.errors)
        }
        return .object(document)
    }

    /// A queue. Its messages are not received: that would change when and how often they come again.
    private func queue(_ name: String) throws(ConsoleFault) -> JSON {
        guard let queue = try queues().first(where: { $0["name"]?.string == name }) else {
            throw .notFound("the pipeline has no queue \(name)")
        }
        var document: JSONObject = [
            "name": .string("queue:\(name)"), "title": .string(name), "kind": "queue", "before": [], "next": [],
            "calls": [], "records": [], "messages": queue["messages"] ?? .null,
            "command": .string(
                "aws sqs receive-message --visibility-timeout 0 --queue-url \(queue["url"]?.string ?? "")"),
        ]
        let watching = ["pending-records-dead", "lost-events"].filter { $0 == name }
        document["alarms"] = alarms(watching).map { .array($0) }
        document["alarm_names"] = .array(watching.map { .string(pipeline.functionPrefix + $0) })
        return .object(document)
    }

    /// The records that are where a part is: those that wait for it, that it works on, or that it refused.
    private func records(at part: String) throws(ConsoleFault) -> [JSON] {
        let queries: [(ControlRecord.Status, Layer)]
        switch part {
        case "control", "dispatch-machine": queries = [(.pending, .bronze)]
        case "bronze-writer", "bronze-writer-task": queries = [(.running, .bronze)]
        case "bronze": queries = [(.error, .bronze), (.running, .bronze)]
        case "silver-machine": queries = [(.pending, .silver)]
        case "silver-merge", "silver-merge-task": queries = [(.running, .silver)]
        case "silver": queries = [(.error, .silver), (.pending, .silver)]
        case "gold-machine": queries = [(.pending, .gold)]
        case "gold-build", "gold-build-task": queries = [(.running, .gold)]
        case "gold": queries = [(.error, .gold), (.pending, .gold)]
        default: queries = []
        }
        var found: [ControlRecord] = []
        for (status, layer) in queries {
            found += try faults { () throws(ControlError) in
                try pipeline.control.records(.status(status, in: layer.schema), limit: Self.recordLimit)
            }
        }
        return found.sorted { $0.updatedAt > $1.updatedAt }.prefix(Self.recordLimit).map { .object($0.document) }
    }

    /// CloudWatch's alarms of these names with their states; nil where CloudWatch does not answer, as in an emulator.
    private func alarms(_ names: [String]) -> [JSON]? {
        guard !names.isEmpty else { return [] }
        let answer = try? pipeline.client.jsonCall(
            service: "monitoring", target: "GraniteServiceVersion20100801", action: "DescribeAlarms",
            input: ["AlarmNames": .array(names.map { .string(pipeline.functionPrefix + $0) })], isRepeatable: true)
        return answer?["MetricAlarms"]?.array?.map { alarm in
            [
                "name": alarm["AlarmName"] ?? .null, "state": alarm["StateValue"] ?? .null,
                "reason": alarm["StateReason"] ?? .null,
            ]
        }
    }

    // MARK: Progress

    /// The status of records, which the page asks for while a replay runs.
    func progress(of ids: [String]) throws(ConsoleFault) -> JSON {
        var records: [JSON] = []
        for text in ids {
            guard let id = ControlID(text) else { throw .badRequest("ids: \(text) is no control ID") }
            let record = try faults { () throws(ControlError) in try pipeline.control.record(id) }
            records.append([
                "control_id": .string(id.text), "status": record.map { .string($0.status.rawValue) } ?? .null,
                "attempt_count": record.map { .int($0.attemptCount) } ?? .null,
                "error_message": record?.errorMessage.map { .string($0) } ?? .null,
            ])
        }
        return ["records": .array(records)]
    }
}
