package import EmulatorCore
internal import JSON
internal import Time
internal import XML

/// A value for a parameter that no template has.
struct UnknownParameter: Error, CustomStringConvertible {
    let name: String
    let known: [String]

    var description: String {
        known.isEmpty
            ? "no template has the parameter \(name); none has parameters"
            : "no template has the parameter \(name); the parameters are \(known.joined(separator: ", "))"
    }
}

/// AWS CloudFormation, as far as `aws cloudformation package`, change sets and their execution go.
///
/// Executing a change set deploys the template on the emulator's services, and has ended when the response is sent. A
/// resource that the template no longer has is deleted, unless it is retained.
/// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/Welcome.html>
package final class CloudFormation: Service {
    package static let signingNames = ["cloudformation"]
    package static let schema = [StackRecord.schema, ChangeSet.schema, StackDetail.schema, StackEvent.schema]
    private static let requestLimit = 4 << 20

    let store: Store
    let account: Account
    let clock: ClockAndChance
    /// The services that provide resources, and that store packaged templates, definitions and code.
    let peers: Peers

    package convenience init(_ context: ServiceContext) {
        self.init(store: context.store, peers: context.peers, account: context.account, clock: context.clock)
    }

    init(store: Store, peers: Peers, account: Account, clock: ClockAndChance) {
        self.store = store
        self.peers = peers
        self.account = account
        self.clock = clock
    }

    /// Marks the deployments as failed that were in progress when the emulator ended.
    package func start() async throws {
        try await store.write { transaction in
            for var record in try StackRecord.all(in: transaction.snapshot) where record.status.isInProgress {
                record.status = record.status == .createInProgress ? .createFailed : .updateFailed
                record.reason = "The emulator ended during the deployment; execute a change set again."
                try record.save(in: transaction)
            }
        }
    }

    /// Deploys templates, each as a stack of its own: `cupel`, `cupel-1`, …
    /// - Parameter parameters: values that replace defaults, in every template that has the parameter.
    package func deploy(templatesAt paths: [String], parameters: [String: String]) async throws -> StackReport {
        var templates: [(path: String, text: String, template: Template)] = []
        for path in paths {
            let text = String(decoding: try FileBytes.contents(of: path), as: UTF8.self)
            templates.append((path, text, try Template(parsing: text, file: path)))
        }
        for name in parameters.keys.sorted() where !templates.contains(where: { $0.template.hasParameter(name) }) {
            throw UnknownParameter(name: name, known: templates.flatMap { $0.template.parameters.map(\.name) })
        }
        var report = StackReport()
        let names = ResourceNames()
        for (position, (path, text, template)) in templates.enumerated() {
            let values = parameters.filter { template.hasParameter($0.key) }.sorted { $0.key < $1.key }
            var request = DeploymentRequest(
                text: text, file: path, name: position == 0 ? "cupel" : "cupel-\(position)",
                parameters: JSONObject(values.map { ($0.key, JSON.string($0.value)) }))
            request.names = names
            report.append(try await deploy(request))
        }
        return report
    }

    func save(_ record: StackRecord) async throws {
        try await store.write { try record.save(in: $0) }
    }

    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        do {
            let form = FormBody(try await request.body.collect(upTo: Self.requestLimit))
            switch form["Action"] ?? "" {
            case "CreateStack": return try await createStack(form)
            case "UpdateStack": return try await updateStack(form)
            case "ValidateTemplate": return try validateTemplate(form)
            case "GetTemplateSummary": return try templateSummary(form)
            case "GetTemplate": return try getTemplate(form)
            case "ListStacks": return try listStacks(form)
            case "ListStackResources": return try listResources(form)
            case "DescribeStackResource": return try describeResource(form)
            case "DescribeStackEvents": return try describeEvents(form)
            case "ListExports": return try listExports(form)
            case "ListImports": return try listImports(form)
            case "ListChangeSets": return try listChangeSets(form)
            case "DeleteChangeSet": return try await deleteChangeSet(form)
            case "DescribeStacks": return try describeStacks(form)
            case "DescribeStackResources": return try describeResources(form)
            case "CreateChangeSet": return try await createChangeSet(form)
            case "DescribeChangeSet": return try describeChangeSet(form)
            case "ExecuteChangeSet": return try await executeChangeSet(form)
            case "DeleteStack": return try await deleteStack(form)
            case let action: throw AWSFault.notEmulated("CloudFormation's \(action)")
            }
        } catch {
            return QueryAnswer.failure(error as? AWSFault ?? .internalFailure(error), requestID: clock.uuid())
        }
    }

    package func refusal(of fault: SignatureFault, to request: HTTPRequest) -> HTTPResponse {
        QueryAnswer.failure(fault.queryFault, requestID: clock.uuid())
    }

    // MARK: Change sets

    private func createChangeSet(_ form: FormBody) async throws -> HTTPResponse {
        let (stack, name) = (try form.required("StackName"), try form.required("ChangeSetName"))
        let (text, file) = try template(form)
        let current = try store.read { try StackRecord.named(stack, in: $0) }
        let exists = current?.status.exists == true
        guard exists || form["ChangeSetType"] == "CREATE" else { throw Self.noStack(stack) }
        guard !exists || form["ChangeSetType"] != "CREATE" else {
            throw AWSFault("AlreadyExistsException", "Stack [\(stack)] already exists")
        }
        if let current { try checkUpdatable(current) }
        let parameters = try form.parameters(previous: current?.parameters ?? [:])
        let changes = try ChangeSet(
            stack: stack, name: name, template: text, file: file, parameters: parameters,
            current: exists ? current : nil, at: clock.now().milliseconds)
        let now = clock.now().milliseconds
        try await store.write { transaction in
            guard try ChangeSet.named(name, of: stack, in: transaction.snapshot) == nil else {
                throw AWSFault("AlreadyExistsException", "ChangeSet \(name) already exists")
            }
            if current == nil { try StackRecord(name: stack, createdAt: now).save(in: transaction) }
            try changes.save(in: transaction)
        }
        return QueryAnswer.success("CreateChangeSet", requestID: clock.uuid()) { text in
            text.element("Id", arn(ofChangeSet: name))
            text.element("StackId", arn(ofStack: stack))
        }
    }

    /// The template's text, and the base of its relative paths.
    func template(_ form: FormBody) throws -> (text: String, file: String) {
        if let text = form["TemplateBody"] { return (text, ArtifactLocation.templateBody) }
        let url = try form.required("TemplateURL")
        guard let object = ObjectLocation(url: url) else {
            throw AWSFault("ValidationError", "TemplateURL must be a supported URL.")
        }
        guard let objects = peers.objects else {
            throw AWSFault.notEmulated("Reading s3://\(object.bucket)/\(object.key)")
        }
        return (String(decoding: try objects.contents(of: object), as: UTF8.self), url)
    }

    private func changeSet(_ form: FormBody) throws -> ChangeSet {
        let text = try form.required("ChangeSetName")
        // arn:aws:cloudformation:region:account:changeSet/name/id
        let name =
            text.firstRange(of: ":changeSet/").map { String(text[$0.upperBound...].prefix { $0 != "/" }) } ?? text
        let stack = try form.required("StackName").stackName
        guard let found = try store.read({ try ChangeSet.named(name, of: stack, in: $0) }) else {
            throw AWSFault("ChangeSetNotFound", "ChangeSet [\(name)] does not exist", status: 404)
        }
        return found
    }

    private func describeChangeSet(_ form: FormBody) throws -> HTTPResponse {
        let changes = try changeSet(form)
        return QueryAnswer.success("DescribeChangeSet", requestID: clock.uuid()) { text in
            text.element("ChangeSetName", changes.name)
            text.element("ChangeSetId", arn(ofChangeSet: changes.name))
            text.element("StackName", changes.stack)
            text.element("StackId", arn(ofStack: changes.stack))
            text.element("CreationTime", Timestamp(milliseconds: changes.createdAt).rfc3339)
            text.element("Status", changes.reason == nil ? "CREATE_COMPLETE" : "FAILED")
            text.element("StatusReason", ifPresent: changes.reason)
            text.element("ExecutionStatus", changes.executionStatus)
            text.element("Changes") { text in
                for change in changes.changes {
                    text.element("member") { text in
                        text.element("Type", "Resource")
                        text.element("ResourceChange") { text in
                            text.element("Action", change.action.rawValue)
                            text.element("LogicalResourceId", change.logicalID)
                            text.element("ResourceType", change.type)
                        }
                    }
                }
            }
        }
    }

    private func executeChangeSet(_ form: FormBody) async throws -> HTTPResponse {
        var changes = try changeSet(form)
        guard changes.executionStatus == "AVAILABLE" else {
            throw AWSFault(
                "InvalidChangeSetStatus",
                "ChangeSet [\(arn(ofChangeSet: changes.name))] cannot be executed in its current execution status of "
                    + "[\(changes.executionStatus)]")
        }
        changes.isExecuted = true
        let (executed, stack) = (changes, changes.stack)
        try await store.write { transaction in
            guard try StackRecord.named(stack, in: transaction.snapshot)?.status.isInProgress != true else {
                throw AWSFault("ValidationError", "Stack:\(stack) is being changed and can not be updated.")
            }
            try executed.save(in: transaction)
        }
        // As on AWS, DescribeStacks reports the result.
        var request = DeploymentRequest(
            text: changes.template, file: changes.file, name: stack, parameters: changes.parameters)
        request.makesNames = true
        request.rollsBack = form["DisableRollback"] != "true"
        _ = try? await deploy(request)
        return QueryAnswer.success("ExecuteChangeSet", requestID: clock.uuid()) { _ in }
    }

    // MARK: Stacks

    private func describeStacks(_ form: FormBody) throws -> HTTPResponse {
        var records = try store.read { try StackRecord.all(in: $0) }
        if let name = form["StackName"]?.stackName {
            records = records.filter { $0.name == name }
            guard !records.isEmpty else { throw Self.noStack(name) }
        }
        let details = try store.read { try StackDetail.all(in: $0) }
        return QueryAnswer.success("DescribeStacks", requestID: clock.uuid()) { text in
            text.element("Stacks") { text in
                for record in records {
                    text.element("member") { describe(record, details[record.name] ?? StackDetail(), &$0) }
                }
            }
        }
    }

    private func describe(_ record: StackRecord, _ detail: StackDetail, _ text: inout XMLWriter) {
        text.element("StackId", arn(ofStack: record.name))
        text.element("StackName", record.name)
        let template = try? Template(parsing: record.template, file: record.file)
        var parameters = record.parameters
        for parameter in template?.parameters ?? [] {
            if parameters[parameter.name] == nil {
                parameters[parameter.name] = parameter.defaultValue.map { .string($0) }
            }
            if parameter.isHidden { parameters[parameter.name] = "****" }
        }
        text.element("Description", ifPresent: template?.description)
        text.element(
            "LastUpdatedTime", ifPresent: detail.updatedAt.map { Timestamp(milliseconds: $0).rfc3339 })
        text.element("CreationTime", Timestamp(milliseconds: record.createdAt).rfc3339)
        text.element("StackStatus", record.status.rawValue)
        text.element("StackStatusReason", ifPresent: record.reason)
        text.element("DisableRollback", !detail.rollsBack)
        text.element("EnableTerminationProtection", false)
        text.element("NotificationARNs") { _ in }
        text.element("Capabilities") { text in
            for capability in detail.capabilities { text.element("member", capability) }
        }
        text.element("Tags") { text in
            for (key, value) in detail.tags {
                text.element("member") { text in
                    text.element("Key", key)
                    text.element("Value", value.string ?? value.text)
                }
            }
        }
        for (list, key, values) in [
            ("Parameters", "Parameter", parameters), ("Outputs", "Output", record.outputs),
        ] {
            text.element(list) { text in
                for (name, value) in values {
                    text.element("member") { text in
                        text.element("\(key)Key", name)
                        text.element("\(key)Value", value.string ?? value.text)
                        guard key == "Output" else { return }
                        text.element("ExportName", ifPresent: detail.exports.first { $0.output == name }?.name)
                    }
                }
            }
        }
    }

    private func describeResources(_ form: FormBody) throws -> HTTPResponse {
        let name = try form.required("StackName").stackName
        let states = try resourceStates(of: try record(name))
        return QueryAnswer.success("DescribeStackResources", requestID: clock.uuid()) { text in
            text.element("StackResources") { text in
                for state in states {
                    text.element("member") { text in
                        state.describe(&text)
                        text.element("StackName", name)
                        text.element("StackId", arn(ofStack: name))
                        text.element("Timestamp", Timestamp(milliseconds: state.time).rfc3339)
                    }
                }
            }
        }
    }

    static func noStack(_ name: String) -> AWSFault {
        AWSFault("ValidationError", "Stack with id \(name) does not exist")
    }

    func arn(ofStack name: String) -> String { account.arn("cloudformation", "stack/\(name)/emulator") }
    func arn(ofChangeSet name: String) -> String { account.arn("cloudformation", "changeSet/\(name)/emulator") }
}

extension ChangeSet {
    var executionStatus: String {
        isExecuted ? "EXECUTE_COMPLETE" : reason == nil ? "AVAILABLE" : "UNAVAILABLE"
    }
}

extension String {
    /// A stack's name, given as such or as its ARN.
    var stackName: String {
        firstRange(of: ":stack/").map { String(self[$0.upperBound...].prefix { $0 != "/" }) } ?? self
    }
}

extension FormBody {
    func required(_ name: String) throws(AWSFault) -> String {
        guard let value = self[name], !value.isEmpty else {
            throw AWSFault("ValidationError", "1 validation error detected: Value at '\(name)' must not be null")
        }
        return value
    }

    /// `Parameters.member.N`, with `UsePreviousValue` filled in.
    func parameters(previous: JSONObject) throws(AWSFault) -> JSONObject {
        var parameters = JSONObject()
        var number = 1
        while let name = self["Parameters.member.\(number).ParameterKey"] {
            if self["Parameters.member.\(number).UsePreviousValue"] == "true" {
                parameters[name] = previous[name]
            } else {
                parameters[name] = .string(self["Parameters.member.\(number).ParameterValue"] ?? "")
            }
            number += 1
        }
        return parameters
    }
}
