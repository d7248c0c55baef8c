internal import EmulatorCore
internal import JSON
internal import Time

/// A template to deploy as a stack.
struct DeploymentRequest: Sendable {
    let text: String
    let file: String
    let name: String
    let parameters: JSONObject
    /// Whether resources without a name get one of AWS's form. The stacks of `cupel up` name them by logical ID.
    var makesNames = false
    /// The names of what is deployed together with it.
    var names = ResourceNames()
    /// Whether a failure takes back what the deployment did.
    var rollsBack = false
    /// Whether the deployment takes back another one that failed.
    var isRollback = false
    var tags: JSONObject?
    var capabilities: [String] = []

    init(text: String, file: String, name: String, parameters: JSONObject) {
        self.text = text
        self.file = file
        self.name = name
        self.parameters = parameters
    }
}

extension CloudFormation {
    /// Deploys a template as a stack, which is kept.
    func deploy(_ request: DeploymentRequest) async throws -> StackReport {
        let now = clock.now().milliseconds
        let known = try store.read { try StackRecord.named(request.name, in: $0) }
        var record = known ?? StackRecord(name: request.name, createdAt: now)
        let isNew = !record.status.exists
        record.template = request.text
        record.file = request.file
        record.parameters = request.parameters
        record.reason = nil
        record.status = isNew ? .createInProgress : .updateInProgress
        try await save(record)
        var events = EventLog(of: request.name, arn(ofStack: request.name), isNew: isNew)
        if !request.isRollback { events.stack("IN_PROGRESS", "User Initiated") }
        var report = StackReport()
        do {
            let template = try Template(parsing: request.text, file: request.file)
            let surroundings = try surroundings(of: request)
            let values = try await values(of: template, request.parameters, surroundings)
            let exports = try await Stack(
                template, name: request.name, parameters: values, account: account, in: surroundings
            ).deploy(to: peers.resources, objects: peers.objects, into: &report)
            try check(exports, of: request.name)
            record.outputs = JSONObject(report.outputs.map { ($0.name, JSON.string($0.value)) })
            let resources = report.resources.map(StackResource.init)
            events.resources(report, before: record.resources)
            let dropped = record.resources.filter { old in !resources.contains { $0.isSameThing(as: old) } }
            record.resources = resources
            // As on AWS, a resource that cannot be deleted is left behind and does not fail the update.
            record.reason = Self.reason(await remove(dropped))
            for resource in dropped { events.add(resource, "DELETE_COMPLETE") }
            record.status = isNew ? .createComplete : .updateComplete
            if !request.isRollback { events.stack("COMPLETE", nil) }
            try await finish(record, request, exports, surroundings.used.names, events)
            return report
        } catch {
            events.resources(report, before: record.resources)
            let failed = (error as? TemplateError)?.logicalID
            if let failed { events.failed(failed, resourceType(of: failed, in: request), "\(error)") }
            record.status = isNew ? .createFailed : .updateFailed
            record.reason = "\(error)"
            // The created resources belong to the stack: they are deleted with it or by the next template.
            let created = report.resources.map(StackResource.init)
            record.resources += created.filter { new in !record.resources.contains { $0.isSameThing(as: new) } }
            if request.rollsBack, isNew {
                await takeBackCreation(&record, request, &events)
            } else if request.rollsBack, let known {
                await takeBackUpdate(&record, to: known, request, &events)
            }
            if !request.rollsBack { events.stack("FAILED", record.reason) }
            try await finish(record, request, nil, [], events)
            throw error
        }
    }

    private func resourceType(of logicalID: String, in request: DeploymentRequest) -> String {
        let template = try? Template(parsing: request.text, file: request.file)
        return template?.resources.first { $0.logicalID == logicalID }?.type ?? ""
    }

    private func finish(
        _ record: StackRecord, _ request: DeploymentRequest, _ exports: [StackExport]?, _ imports: [String],
        _ events: EventLog
    ) async throws {
        let now = clock.now().milliseconds
        let isUpdate = record.createdAt != now && exports != nil && !events.isNew
        try await store.write { transaction in
            try record.save(in: transaction)
            var detail = try StackDetail.all(in: transaction.snapshot)[record.name] ?? StackDetail()
            if let exports {
                detail.exports = exports
                detail.imports = imports
            }
            if let tags = request.tags { detail.tags = tags }
            if !request.capabilities.isEmpty { detail.capabilities = request.capabilities }
            detail.rollsBack = request.rollsBack
            if isUpdate { detail.updatedAt = now }
            try detail.save(record.name, in: transaction)
            for event in events.events { try event.save(record.name, at: now, in: transaction) }
        }
    }

    // MARK: Taking back

    /// Deletes what a failed creation has made. Only what is retained in any case stays.
    /// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html>
    private func takeBackCreation(
        _ record: inout StackRecord, _ request: DeploymentRequest, _ events: inout EventLog
    ) async {
        events.status("ROLLBACK_IN_PROGRESS", record.reason)
        let template = try? Template(parsing: request.text, file: request.file)
        let kept = Set((template?.resources ?? []).filter { $0.deletionPolicy == "Retain" }.map(\.logicalID))
        let removed = record.resources.map { resource in
            var resource = resource
            resource.isRetained = kept.contains(resource.logicalID)
            return resource
        }
        let left = await remove(removed)
        for resource in removed.reversed() where !resource.isRetained { events.add(resource, "DELETE_COMPLETE") }
        record.resources = left.reversed().map(\.resource)
        record.status = left.isEmpty ? .rollbackComplete : .rollbackFailed
        events.status(record.status.rawValue, nil)
    }

    /// Deploys the template that the stack had.
    private func takeBackUpdate(
        _ record: inout StackRecord, to known: StackRecord, _ request: DeploymentRequest, _ events: inout EventLog
    ) async {
        events.status("UPDATE_ROLLBACK_IN_PROGRESS", record.reason)
        var earlier = DeploymentRequest(
            text: known.template, file: known.file, name: known.name, parameters: known.parameters)
        earlier.makesNames = request.makesNames
        earlier.names = request.names
        earlier.isRollback = true
        let reason = record.reason
        do {
            try await save(record)
            _ = try await deploy(earlier)
            record = try store.read { try StackRecord.named(known.name, in: $0) } ?? known
            record.status = .updateRollbackComplete
        } catch {
            record.status = .updateRollbackFailed
        }
        record.reason = reason
        events.status(record.status.rawValue, nil)
    }

    // MARK: Exports, imports, references

    private func surroundings(of request: DeploymentRequest) throws -> StackSurroundings {
        var surroundings = StackSurroundings()
        surroundings.makesNames = request.makesNames
        surroundings.names = request.names
        let details = try store.read { try StackDetail.all(in: $0) }
        for (stack, detail) in details where stack != request.name {
            for export in detail.exports { surroundings.exports[export.name] = export.value }
        }
        surroundings.resolve = { [peers] (reference) async throws(AWSFault) in
            try await DynamicReference(reference).value(peers)
        }
        return surroundings
    }

    /// An export's name belongs to one stack.
    private func check(_ exports: [StackExport], of stack: String) throws {
        let details = try store.read { try StackDetail.all(in: $0) }
        for (other, detail) in details where other != stack {
            for export in exports where detail.exports.contains(where: { $0.name == export.name }) {
                throw AWSFault(
                    "ValidationError",
                    "Export with name \(export.name) is already exported by stack \(other). Export names must be unique."
                )
            }
        }
        let names = Set(exports.map(\.name))
        if let (name, user) = used(by: details, exportsOf: stack).first(where: { !names.contains($0.name) }) {
            throw AWSFault(
                "ValidationError", "Export \(name) cannot be deleted as it is in use by \(user)")
        }
    }

    private func used(by details: [String: StackDetail], exportsOf stack: String) -> [(name: String, user: String)] {
        let own = Set((details[stack]?.exports ?? []).map(\.name))
        return details.sorted { $0.key < $1.key }.flatMap { user, detail in
            user == stack ? [] : detail.imports.filter { own.contains($0) }.map { (name: $0, user: user) }
        }
    }

    /// Why a stack cannot be deleted while others use what it exports; nil when it can.
    func exportInUse(of stack: String) throws -> String? {
        let details = try store.read { try StackDetail.all(in: $0) }
        return used(by: details, exportsOf: stack).first.map {
            "Cannot delete export \($0.name) as it is in use by \($0.user)."
        }
    }

    /// The values of parameters, those of SSM looked up.
    private func values(
        of template: Template, _ parameters: JSONObject, _ surroundings: StackSurroundings
    ) async throws -> [String: String] {
        var values = Dictionary(parameters.map { ($0.name, $0.value.string ?? $0.value.text) }) { $1 }
        for parameter in template.parameters where parameter.type.hasPrefix(TemplateScope.ssmValue) {
            guard let name = values[parameter.name] ?? parameter.defaultValue, let resolve = surroundings.resolve else {
                continue
            }
            values[parameter.name] = try await resolve("ssm:\(name)")
        }
        return values
    }
}

/// `ssm:name:version`, `ssm-secure:name` or `secretsmanager:secret:SecretString:key:stage:version`.
/// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html>
struct DynamicReference: Sendable {
    private let text: String

    init(_ text: String) { self.text = text }

    func value(_ peers: Peers) async throws(AWSFault) -> String {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        switch parts[0] {
        case "ssm", "ssm-secure":
            guard let ssm = peers.action("ssm") else { throw .notEmulated("SSM") }
            let version = parts.count > 2 ? parts.last.flatMap { Int($0) } : nil
            let name = parts.dropFirst().dropLast(version == nil ? 0 : 1).joined(separator: ":")
            let answer = try await ssm.perform("GetParameter", ["Name": .string(name), "WithDecryption": true])
            guard let parameter = answer["Parameter"], let value = parameter["Value"]?.string,
                version == nil || parameter["Version"]?.int == version
            else {
                throw AWSFault("ValidationError", "The parameter \(name) has no version \(version ?? 0) any more.")
            }
            return value
        case "secretsmanager":
            guard let secrets = peers.action("secretsmanager") else { throw .notEmulated("Secrets Manager") }
            let (secret, rest) = Self.secret(parts)
            var request: JSONObject = ["SecretId": .string(secret)]
            if rest.count > 2, !rest[2].isEmpty { request["VersionStage"] = .string(rest[2]) }
            if rest.count > 3, !rest[3].isEmpty { request["VersionId"] = .string(rest[3]) }
            let value = try await secrets.perform("GetSecretValue", .object(request))["SecretString"]?.string ?? ""
            guard rest.count > 1, !rest[1].isEmpty else { return value }
            guard let member = (try? JSON(parsing: value))?[rest[1]] else {
                throw AWSFault("ValidationError", "Could not find a value associated with JSONKey in SecretString")
            }
            return member.string ?? member.text
        default: throw AWSFault("ValidationError", "Could not resolve the dynamic reference {{resolve:\(text)}}")
        }
    }

    /// A secret is named or given by its ARN, which has colons of its own.
    private static func secret(_ parts: [String]) -> (String, [String]) {
        let length = parts.count > 7 && parts[1] == "arn" ? 7 : 1
        return (parts.dropFirst().prefix(length).joined(separator: ":"), Array(parts.dropFirst(1 + length)))
    }
}

/// The events of one deployment, in order.
struct EventLog: Sendable {
    private let stackName: String
    private let stackARN: String
    let isNew: Bool
    private(set) var events: [StackEvent] = []

    init(of stack: String, _ arn: String, isNew: Bool) {
        stackName = stack
        stackARN = arn
        self.isNew = isNew
    }

    private var verb: String { isNew ? "CREATE" : "UPDATE" }

    mutating func stack(_ status: String, _ reason: String?) { self.status("\(verb)_\(status)", reason) }

    mutating func status(_ status: String, _ reason: String?) {
        events.append(
            StackEvent(
                logicalID: stackName, physicalID: stackARN, type: StackEvent.stackType, status: status, reason: reason))
    }

    mutating func add(_ resource: StackResource, _ status: String, _ reason: String? = nil) {
        events.append(
            StackEvent(
                logicalID: resource.logicalID, physicalID: resource.physicalID, type: resource.type, status: status,
                reason: reason))
    }

    /// What was created or changed.
    mutating func resources(_ report: StackReport, before: [StackResource]) {
        for entry in report.resources {
            let resource = StackResource(entry)
            let isKnown = before.contains { $0.isSameThing(as: resource) }
            let verb = isKnown ? "UPDATE_" : "CREATE_"
            add(resource, verb + "IN_PROGRESS")
            add(resource, verb + "COMPLETE", Self.reason(entry))
        }
    }

    /// Says of a resource that is complete only because the stack goes on without it that it is not there.
    private static func reason(_ entry: StackReport.Entry) -> String? {
        entry.outcome == .notEmulated ? entry.reason ?? "\(entry.type) is not emulated." : nil
    }

    mutating func failed(_ logicalID: String, _ type: String, _ reason: String) {
        events.append(
            StackEvent(logicalID: logicalID, physicalID: "", type: type, status: "\(verb)_FAILED", reason: reason))
    }
}
