package import EmulatorCore
internal import JSON
internal import Time

/// Events on their way to the targets of rules.
extension EventBridgeService: EventTarget {
    package var targetService: String { "events" }

    /// Takes a complete event for a bus, such as another bus's or S3's.
    package func accept(_ event: TargetEvent, for resource: ARN, in transaction: borrowing Transaction) throws {
        guard let document = try? JSON(parsing: event.body), document.object != nil else {
            throw AWSFault.invalidEvent("An event for \(resource) is no JSON object.")
        }
        try dispatch(document, on: Self.busName(resource.text), in: transaction)
    }

    /// Queues the event for every target of every enabled rule whose pattern matches it.
    func dispatch(_ event: JSON, on bus: String, in transaction: borrowing Transaction) throws {
        for rule in try StoredRule.all(on: bus, in: transaction.snapshot)
        where rule.isEnabled && rule.pattern?.matches(event) ?? false {
            for target in rule.targets { try deliver(event, by: rule, to: target, in: transaction) }
        }
    }

    private func deliver(
        _ event: JSON, by rule: StoredRule, to target: RuleTarget, in transaction: borrowing Transaction
    ) throws {
        var sent = TargetEvent(target.input(for: event, rule: rule, account: account))
        sent.groupID = target.document["SqsParameters"]?["MessageGroupId"]?.string
        if let log = ARN(target.arn), log.service == "logs" {
            let group = log.resource.dropFirst("log-group:".count)
            peers.write(sent.body + "\n", group: String(group.prefix { $0 != ":" }), stream: clock.uuid())
            return
        }
        do {
            // A target with a role is called as that role.
            let sender =
                target.document["RoleArn"] == nil
                ? EventSender("events.amazonaws.com", for: rule.arn(in: account)) : nil
            try peers.deliver(sent, to: target.arn, from: sender, in: transaction)
        } catch let fault as AWSFault {
            // A target that does not exist or refuses the event leaves the other targets theirs.
            guard let queue = target.deadLetterQueue else {
                return peers.write(
                    "\(rule.name) could not reach \(target.arn): \(fault.message)\n", group: "/emulator/events",
                    stream: rule.name)
            }
            let attributes: JSONObject = [
                "RULE_ARN": ["DataType": "String", "StringValue": .string(rule.arn(in: account))],
                "TARGET_ARN": ["DataType": "String", "StringValue": .string(target.arn)],
                "ERROR_CODE": ["DataType": "String", "StringValue": .string(fault.code)],
                "ERROR_MESSAGE": ["DataType": "String", "StringValue": .string(fault.message)],
            ]
            try? peers.deliver(TargetEvent(event.text, attributes: attributes), to: queue, in: transaction)
        }
    }

    // MARK: PutEvents

    private static let mostEntries = 10

    func putEvents(_ input: JSON) async throws -> JSON {
        let entries = input["Entries"]?.array ?? []
        guard (1...Self.mostEntries).contains(entries.count) else {
            throw AWSFault.invalidEvent(
                "1 validation error detected: Value '\(entries.isEmpty ? "[]" : "[PutEventsRequestEntry]")' at 'entries' failed to "
                    + "satisfy constraint: Member must have length "
                    + (entries.isEmpty ? "greater than or equal to 1" : "less than or equal to \(Self.mostEntries)"))
        }
        var results: [JSON] = []
        var events: [(bus: String, event: JSON)] = []
        for entry in entries {
            do throws(AWSFault) {
                let event = try event(of: entry)
                events.append((Self.busName(entry["EventBusName"]?.string), event))
                results.append(["EventId": event["id"] ?? ""])
            } catch {
                results.append(["ErrorCode": .string(error.code), "ErrorMessage": .string(error.message)])
            }
        }
        let accepted = events
        try await store.write { [self] transaction in
            for (bus, event) in accepted { try dispatch(event, on: bus, in: transaction) }
        }
        return ["FailedEntryCount": .int(entries.count - accepted.count), "Entries": .array(results)]
    }

    private func event(of entry: JSON) throws(AWSFault) -> JSON {
        for member in ["Source", "DetailType", "Detail"] where (entry[member]?.string ?? "").isEmpty {
            throw AWSFault(
                "InvalidArgument", "Parameter \(member) is not valid. Reason: \(member) is a required argument.")
        }
        let source = entry["Source"]?.string ?? ""
        if source.hasPrefix("aws.") {
            throw AWSFault("NotAuthorizedForSourceException", "Not authorized for the source.")
        }
        guard let detail = try? JSON(parsing: entry["Detail"]?.string ?? ""), detail.object != nil else {
            throw AWSFault("MalformedDetail", "Detail is malformed.")
        }
        let seconds = entry["Time"]?.double ?? Double(clock.now().milliseconds / 1000)
        let bounded = min(max(seconds, 0), 253_402_300_799)
        let time = Timestamp(milliseconds: Int64(bounded) * 1000).rfc3339.dropLast(5) + "Z"
        return [
            "version": "0", "id": .string(clock.uuid()), "detail-type": entry["DetailType"] ?? "",
            "source": .string(source), "account": .string(account.id), "time": .string(String(time)),
            "region": .string(account.region), "resources": entry["Resources"] ?? [], "detail": detail,
        ]
    }

    static func testPattern(_ input: JSON) throws -> JSON {
        guard let pattern = try? JSON(parsing: input["EventPattern"]?.string ?? "") else {
            throw AWSFault("InvalidEventPatternException", "Event pattern is not valid. Reason: it is no JSON")
        }
        guard let event = try? JSON(parsing: input["Event"]?.string ?? "") else {
            throw AWSFault.invalidEvent("Parameter Event is not valid.")
        }
        let required = ["id", "detail-type", "source", "account", "time", "region", "resources"]
        if let missing = required.first(where: { event[$0] == nil }) {
            throw AWSFault.invalidEvent("Parameter Event is not valid. Reason: it has no \(missing)")
        }
        return ["Result": .bool(try EventPattern(pattern).matches(event))]
    }
}
