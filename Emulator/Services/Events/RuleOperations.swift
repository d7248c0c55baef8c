internal import EmulatorCore
internal import JSON
internal import Time

/// Buses, rules and their targets.
extension EventBridgeService {
    private static let mostTargets = 5
    /// The type under which the service of schedules takes a rule with a schedule.
    private static let scheduledRule = "AWS::Events::ScheduledRule"

    // MARK: Buses

    func createBus(_ input: JSON) async throws -> JSON {
        let name = input["Name"]?.string ?? ""
        let isValid = !name.isEmpty && name.utf8.count <= 256 && !name.contains("/")
        guard isValid else { throw AWSFault.invalidEvent("Event bus name must not contain '/'.") }
        let now = clock.now().milliseconds
        let tags = (input["Tags"] ?? []).text
        let isNew = try await store.write { transaction in
            guard name != StoredBus.defaultName else { return false }
            return try transaction.execute(
                "INSERT OR IGNORE INTO events_bus VALUES (?, ?, ?)", .text(name), .integer(now), .text(tags)) == 1
        }
        guard isNew else { throw AWSFault("ResourceAlreadyExistsException", "Event bus \(name) already exists.") }
        return ["EventBusArn": .string(arn(ofBus: name))]
    }

    func deleteBus(_ input: JSON) async throws -> JSON {
        let name = Self.busName(input["Name"]?.string)
        guard name != StoredBus.defaultName else {
            throw AWSFault.invalidEvent("Cannot delete event bus default.")
        }
        try await store.write { transaction in
            guard try StoredRule.all(on: name, in: transaction.snapshot).isEmpty else {
                throw AWSFault.invalidEvent("Cannot delete event bus with rules.")
            }
            try transaction.execute("DELETE FROM events_bus WHERE name = ?", .text(name))
        }
        return [:]
    }

    func describeBus(_ input: JSON) throws -> JSON {
        let name = Self.busName(input["Name"]?.string)
        guard let bus = try buses().first(where: { $0["Name"]?.string == name }) else {
            throw AWSFault.missing("Event bus \(name)")
        }
        return bus
    }

    func listBuses(_ input: JSON) throws -> JSON {
        let prefix = input["NamePrefix"]?.string ?? ""
        return ["EventBuses": .array(try buses().filter { ($0["Name"]?.string ?? "").hasPrefix(prefix) })]
    }

    private func buses() throws -> [JSON] {
        let stored = try store.read { snapshot in
            try snapshot.all("SELECT name, created_at FROM events_bus") { (name: $0.text(0), createdAt: $0.integer(1)) }
        }
        let documents = stored.map { bus -> JSON in
            let created = Timestamp(milliseconds: bus.createdAt).json
            return [
                "Name": .string(bus.name), "Arn": .string(arn(ofBus: bus.name)), "CreationTime": created,
                "LastModifiedTime": created,
            ]
        }
        let standard: JSON = [
            "Name": .string(StoredBus.defaultName), "Arn": .string(arn(ofBus: StoredBus.defaultName)),
        ]
        return ([standard] + documents).sorted { ($0["Name"]?.string ?? "") < ($1["Name"]?.string ?? "") }
    }

    func checkBus(_ name: String) throws {
        guard try buses().contains(where: { $0["Name"]?.string == name }) else {
            throw AWSFault.missing("Event bus \(name)")
        }
    }

    // MARK: Rules

    func rule(_ input: JSON, named member: String = "Name") throws -> StoredRule {
        let name = (input[member] ?? input["Rule"])?.string ?? ""
        let bus = Self.busName(input["EventBusName"]?.string)
        guard let rule = try store.read({ try StoredRule.find(name, on: bus, in: $0) }) else {
            throw AWSFault.missingRule(name, bus)
        }
        return rule
    }

    func described(_ rule: StoredRule) -> JSON {
        var document = rule.document
        document["Name"] = .string(rule.name)
        document["Arn"] = .string(rule.arn(in: account))
        document["EventBusName"] = .string(rule.bus)
        document["Tags"] = nil
        if document["State"] == nil { document["State"] = "ENABLED" }
        return .object(document)
    }

    func putRule(_ input: JSON) async throws -> JSON {
        let name = input["Name"]?.string ?? ""
        let bus = Self.busName(input["EventBusName"]?.string)
        let isWord = { (byte: UInt8) in
            (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || "._-".utf8.contains(byte)
        }
        guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy(isWord) else {
            throw AWSFault.invalidEvent(
                "1 validation error detected: Value '\(name)' at 'name' failed to satisfy constraint: Member must satisfy "
                    + "regular expression pattern: [\\.\\-_A-Za-z0-9]+")
        }
        try checkBus(bus)
        let pattern = input["EventPattern"]?.string
        let schedule = input["ScheduleExpression"]?.string
        if pattern == nil, schedule == nil {
            throw AWSFault.invalidEvent("Parameter(s) EventPattern or ScheduleExpression must be specified.")
        }
        if schedule != nil, bus != StoredBus.defaultName {
            throw AWSFault.invalidEvent("ScheduleExpression is supported only on the default event bus.")
        }
        if let pattern {
            guard let parsed = try? JSON(parsing: pattern) else {
                throw AWSFault("InvalidEventPatternException", "Event pattern is not valid. Reason: it is no JSON")
            }
            _ = try EventPattern(parsed)
        }
        let known = try store.read { try StoredRule.find(name, on: bus, in: $0) }
        var document = JSONObject()
        for member in ["EventPattern", "ScheduleExpression", "State", "Description", "RoleArn", "Tags"] {
            document[member] = input[member]
        }
        if document["Tags"] == nil { document["Tags"] = known?.document["Tags"] }
        try await save(StoredRule(bus: bus, name: name, document: document, targets: known?.targets ?? []))
        return ["RuleArn": .string(StoredRule(bus: bus, name: name, document: [:], targets: []).arn(in: account))]
    }

    func setState(_ state: String, _ input: JSON) async throws -> JSON {
        var rule = try rule(input)
        rule.document["State"] = .string(state)
        try await save(rule)
        return [:]
    }

    func deleteRule(_ input: JSON) async throws -> JSON {
        guard let rule = try? rule(input) else { return [:] }
        guard rule.targets.isEmpty else {
            throw AWSFault.invalidEvent("Rule can't be deleted since it has targets.")
        }
        try await remove(rule)
        return [:]
    }

    func listRules(_ input: JSON) throws -> JSON {
        let bus = Self.busName(input["EventBusName"]?.string)
        try checkBus(bus)
        let prefix = input["NamePrefix"]?.string ?? ""
        let rules = try store.read { try StoredRule.all(on: bus, in: $0) }.filter { $0.name.hasPrefix(prefix) }
        return ["Rules": .array(rules.map(described))]
    }

    func listRuleNames(_ input: JSON) throws -> JSON {
        let target = input["TargetArn"]?.string ?? ""
        let bus = Self.busName(input["EventBusName"]?.string)
        let rules = try store.read { try StoredRule.all(on: bus, in: $0) }
        return [
            "RuleNames": .array(
                rules.filter { $0.targets.contains { $0.arn == target } }.map { .string($0.name) })
        ]
    }

    func tagging(_ action: String, _ input: JSON) async throws -> JSON {
        let arn = input["ResourceARN"]?.string ?? ""
        let parts = ARN(arn)?.resource.split(separator: "/").map(String.init) ?? []
        guard parts.first == "rule", parts.count >= 2 else {
            throw AWSFault.notEmulated("EventBridge's tags of \(arn)")
        }
        let bus = parts.count > 2 ? parts[1] : StoredBus.defaultName
        var rule = try rule(["Name": .string(parts[parts.count - 1]), "EventBusName": .string(bus)])
        var tags = rule.document["Tags"]?.array ?? []
        switch action {
        case "ListTagsForResource": return ["Tags": .array(tags)]
        case "TagResource":
            let new = input["Tags"]?.array ?? []
            tags = tags.filter { tag in !new.contains { $0["Key"] == tag["Key"] } } + new
        default:
            let gone = (input["TagKeys"]?.array ?? []).compactMap(\.string)
            tags = tags.filter { !gone.contains($0["Key"]?.string ?? "") }
        }
        rule.document["Tags"] = .array(tags)
        try await save(rule)
        return [:]
    }

    // MARK: Targets

    func putTargets(_ input: JSON) async throws -> JSON {
        var rule = try rule(input, named: "Rule")
        var failed: [JSON] = []
        for document in input["Targets"]?.array ?? [] {
            let target = RuleTarget(document)
            guard accepts(target.arn) else {
                failed.append([
                    "TargetId": .string(target.id), "ErrorCode": "NotImplemented",
                    "ErrorMessage": .string("The target \(target.arn) is not emulated."),
                ])
                continue
            }
            rule.targets.removeAll { $0.id == target.id }
            rule.targets.append(target)
        }
        guard rule.targets.count <= Self.mostTargets else {
            throw AWSFault("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
        }
        try await save(rule)
        return ["FailedEntryCount": .int(failed.count), "FailedEntries": .array(failed)]
    }

    func removeTargets(_ input: JSON) async throws -> JSON {
        var rule = try rule(input, named: "Rule")
        let ids = (input["Ids"]?.array ?? []).compactMap(\.string)
        rule.targets.removeAll { ids.contains($0.id) }
        try await save(rule)
        return ["FailedEntryCount": 0, "FailedEntries": []]
    }

    /// Whether something receives events for this ARN; log groups receive them as lines.
    func accepts(_ arn: String) -> Bool { peers.acceptsEvents(for: arn) || ARN(arn)?.service == "logs" }

    // MARK: Storing

    /// Stores the rule, and its schedule with the service that fires schedules.
    func save(_ rule: StoredRule) async throws {
        try await store.write { try rule.save(in: $0) }
        guard rule.schedule != nil, let schedules else { return }
        guard rule.isEnabled, !rule.targets.isEmpty else {
            return try await schedules.remove(Self.scheduledRule, rule.name)
        }
        var properties = rule.document
        properties["Name"] = .string(rule.name)
        properties["Targets"] = .array(rule.targets.map(\.document))
        _ = try await schedules.provision(
            DeclaredResource(logicalID: rule.name, type: Self.scheduledRule, properties: .object(properties)))
    }

    func remove(_ rule: StoredRule) async throws {
        try await store.write { try rule.delete(in: $0) }
        if rule.schedule != nil { try await schedules?.remove(Self.scheduledRule, rule.name) }
    }

    private var schedules: (any ResourceProviding)? {
        peers.resources.first { $0.resourceTypes.contains(Self.scheduledRule) }
    }
}
