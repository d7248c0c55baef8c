internal import AWSClient
internal import JSON

/// What of the pipeline is deployed: the names of its parts as AWS lists them, without the pipeline's prefix.
struct DeployedParts: Sendable, Hashable {
    var functions: Set<String> = []
    /// Tasks of ECS.
    var tasks: Set<String> = []
    /// State machines, with their type: `STANDARD` or `EXPRESS`.
    var machines: [String: String] = [:]
    var streams: Set<String> = []
    var deliveryStreams: Set<String> = []

    init() {}

    /// Asks the services that make the template's resources. What may not be listed is left out.
    init(of pipeline: Pipeline) {
        let prefix = pipeline.functionPrefix
        func own(_ names: [JSON]?, after place: String = "") -> Set<String> {
            let start = place + prefix
            return Set(
                (names ?? []).compactMap(\.string).filter { $0.hasPrefix(start) }
                    .map { String($0.dropFirst(start.count)) })
        }
        func call(_ service: String, _ target: String, _ action: String, _ input: JSON, version: String) -> JSON? {
            try? pipeline.client.jsonCall(
                service: service, target: target, action: action, input: input, version: version, isRepeatable: true)
        }
        // The template gives each function and each task a log group of its own.
        func logGroups(_ place: String) -> Set<String> {
            let answer = call(
                "logs", "Logs_20140328", "DescribeLogGroups",
                ["logGroupNamePrefix": .string(place + prefix), "limit": 50], version: "1.1")
            return own(answer?["logGroups"]?.array?.compactMap { $0["logGroupName"] }, after: place)
        }
        functions = logGroups("/aws/lambda/")
        tasks = logGroups("/ecs/")
        let all = call("states", "AWSStepFunctions", "ListStateMachines", ["maxResults": 1000], version: "1.0")
        for machine in all?["stateMachines"]?.array ?? [] {
            guard let name = machine["name"]?.string, name.hasPrefix(prefix) else { continue }
            machines[String(name.dropFirst(prefix.count))] = machine["type"]?.string ?? ""
        }
        streams = own(
            call("kinesis", "Kinesis_20131202", "ListStreams", [:], version: "1.1")?["StreamNames"]?.array)
        deliveryStreams = own(
            call("firehose", "Firehose_20150804", "ListDeliveryStreams", ["Limit": 100], version: "1.1")?[
                "DeliveryStreamNames"]?.array)
    }
}

/// A part of the pipeline in the picture, and where its data goes.
struct FlowPart: Sendable {
    enum Kind: String, Sendable {
        case source, stream, function, task, machine, store, queue
    }

    /// As in the address of its page.
    let name: String
    let title: String
    let kind: Kind
    let column: Int
    let row: Int
    /// The parts that its data goes to.
    var next: [String] = []
    /// The parts that it calls, and that answer it.
    var calls: [String] = []
    /// What of CloudWatch's alarms watches it, by the ends of their names.
    var alarms: [String] = []

    /// The parts of a pipeline with so much of it deployed, in the order of the data.
    static func all(of deployed: DeployedParts) -> [FlowPart] {
        let known = arriving + bronze + lake
        let parts = known.filter { $0.isIn(deployed) }
        let names = Set(parts.map(\.name))
        // Functions that a template adds are shown, though nobody has said what they are for.
        let others = deployed.functions.subtracting(known.map(\.name)).sorted()
        let row = (parts.map(\.row).max() ?? 0) + 1
        return parts.map { part in
            var part = part
            part.next.removeAll { !names.contains($0) }
            part.calls.removeAll { !names.contains($0) }
            // DMS is no part of the stack's tasks.
            if part.name == "database", part.next.isEmpty { part.next = ["stream"] }
            return part
        }
            + others.enumerated().map { place, name in
                FlowPart(
                    name: name, title: name, kind: .function, column: place % 7, row: row + place / 7,
                    alarms: ["function-errors", "function-throttles"])
            }
    }

    /// The name of a task of ECS, as its log group has it; nil for other parts.
    var task: String? {
        guard kind == .task else { return nil }
        return name.hasSuffix("-task") ? String(name.dropLast("-task".count)) : name
    }

    private func isIn(_ deployed: DeployedParts) -> Bool {
        switch (kind, name) {
        case (.function, _): deployed.functions.contains(name)
        case (.task, _): deployed.tasks.contains(task ?? name)
        case (.machine, _): deployed.machines[String(name.dropLast("-machine".count))] != nil
        case (.stream, "stream"): !deployed.streams.isEmpty
        case (.stream, _): !deployed.deliveryStreams.isEmpty
        case (.source, "database"): !deployed.streams.isEmpty
        case (.store, "silver"): deployed.functions.contains("silver-merge")
        case (.store, "gold"): deployed.functions.contains("gold-build")
        default: true
        }
    }

    // The picture is read like a page of a book that turns back at the end of a line: changes arrive in the first row, files in
    // the second; the third goes from right to left, so that each part is beside the one before.

    private static let arriving: [FlowPart] = [
        FlowPart(name: "database", title: "Database", kind: .source, column: 0, row: 0, next: ["change-capture"]),
        FlowPart(
            name: "change-capture", title: "change-capture", kind: .task, column: 1, row: 0, next: ["stream"],
            alarms: ["capture-behind", "capture-slot-large", "replication-behind", "replication-slow"]),
        FlowPart(
            name: "stream", title: "Change stream", kind: .stream, column: 2, row: 0, next: ["delivery"],
            alarms: ["stream-behind", "stream-writes-throttled", "stream-reads-throttled"]),
        FlowPart(
            name: "delivery", title: "Delivery stream", kind: .stream, column: 3, row: 0, next: ["raw"],
            calls: ["firehose-transform"],
            alarms: ["records-failed", "delivery-failures", "delivery-late", "partitions-exceeded"]),
        FlowPart(
            name: "firehose-transform", title: "firehose-transform", kind: .function, column: 4, row: 0,
            alarms: ["transform-failures", "function-errors"]),
    ]

    private static let bronze: [FlowPart] = [
        FlowPart(name: "files", title: "Batch files", kind: .source, column: 2, row: 1, next: ["raw"]),
        FlowPart(
            name: "raw", title: "Raw objects", kind: .store, column: 3, row: 1, next: ["control-recorder"]),
        FlowPart(
            name: "control-recorder", title: "control-recorder", kind: .function, column: 4, row: 1,
            next: ["control"], alarms: ["lost-events", "function-errors"]),
        FlowPart(
            name: "control", title: "Control records", kind: .store, column: 5, row: 1, next: ["dispatch-machine"],
            alarms: ["oldest-pending", "stuck-leases", "table-throttles", "pending-records-dead", "pipe-failures"]),
        FlowPart(
            name: "replayer", title: "replayer", kind: .function, column: 6, row: 1, next: ["control"],
            alarms: ["replayer-silent"]),
        FlowPart(
            name: "dispatch-machine", title: "dispatch", kind: .machine, column: 5, row: 2,
            next: ["bronze-writer", "ingestion-machine"], calls: ["compute-router"],
            alarms: ["executions-failed", "executions-halted"]),
        FlowPart(
            name: "compute-router", title: "compute-router", kind: .function, column: 6, row: 2,
            alarms: ["function-errors"]),
        FlowPart(
            name: "bronze-writer", title: "bronze-writer", kind: .function, column: 4, row: 2,
            next: ["bronze", "quarantine"],
            alarms: ["function-errors", "function-throttles", "contracts-unreadable"]),
        FlowPart(
            name: "ingestion-machine", title: "ingestion", kind: .machine, column: 5, row: 3,
            next: ["bronze-writer-task"], alarms: ["executions-failed", "executions-halted"]),
        FlowPart(
            name: "bronze-writer-task", title: "bronze-writer task", kind: .task, column: 4, row: 3,
            next: ["bronze"]),
        FlowPart(
            name: "bronze", title: "Bronze", kind: .store, column: 3, row: 2, next: ["silver-machine"],
            alarms: ["failed-files"]),
        FlowPart(name: "quarantine", title: "Quarantine", kind: .store, column: 3, row: 3),
    ]

    private static let lake: [FlowPart] = [
        FlowPart(
            name: "silver-machine", title: "silver", kind: .machine, column: 2, row: 2, next: ["silver-merge-task"],
            calls: ["silver-merge"],
            alarms: ["silver-runs-failed", "silver-pipe-failures"]),
        FlowPart(
            name: "silver-merge", title: "silver-merge", kind: .function, column: 1, row: 2, next: ["silver"],
            alarms: ["silver-merges-failed", "silver-oldest-pending"]),
        FlowPart(
            name: "silver-merge-task", title: "silver-merge task", kind: .task, column: 1, row: 3, next: ["silver"],
            alarms: ["silver-merges-failed"]),
        FlowPart(
            name: "silver", title: "Silver", kind: .store, column: 0, row: 2, next: ["gold-machine"],
            alarms: ["silver-failed-files", "silver-oldest-pending"]),
        FlowPart(
            name: "maintenance-machine", title: "maintenance", kind: .machine, column: 1, row: 1,
            calls: ["lake-maintenance"], alarms: ["maintenances-failed"]),
        FlowPart(
            name: "lake-maintenance", title: "lake-maintenance", kind: .function, column: 0, row: 1,
            next: ["silver"], alarms: ["maintenances-failed"]),
        FlowPart(
            name: "gold-machine", title: "gold", kind: .machine, column: 0, row: 4, next: ["gold-build-task"],
            calls: ["gold-build"], alarms: ["gold-runs-failed"]),
        FlowPart(
            name: "gold-build", title: "gold-build", kind: .function, column: 1, row: 4, next: ["gold"],
            alarms: ["gold-builds-failed"]),
        FlowPart(
            name: "gold-build-task", title: "gold-build task", kind: .task, column: 1, row: 5, next: ["gold"],
            alarms: ["gold-builds-failed"]),
        FlowPart(name: "gold", title: "Gold", kind: .store, column: 2, row: 4, alarms: ["gold-builds-failed"]),
    ]
}
