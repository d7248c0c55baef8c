internal import EmulatorCore
internal import JSON
internal import Time
internal import XML

/// Operations on stacks without a change set.
extension CloudFormation {
    /// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html>
    func createStack(_ form: FormBody) async throws -> HTTPResponse {
        let name = try form.required("StackName")
        try Self.checkName(name)
        let (text, file) = try template(form)
        let parameters = try form.parameters(previous: [:])
        try check(parameters, against: try parsed(text, file))
        guard try store.read({ try StackRecord.named(name, in: $0) })?.status.exists != true else {
            throw AWSFault("AlreadyExistsException", "Stack [\(name)] already exists")
        }
        var request = DeploymentRequest(text: text, file: file, name: name, parameters: parameters)
        request.makesNames = true
        request.rollsBack = form["DisableRollback"] != "true" && (form["OnFailure"] ?? "ROLLBACK") == "ROLLBACK"
        request.tags = Self.tags(form)
        request.capabilities = Self.list("Capabilities", form)
        // As on AWS, the answer comes before the outcome is known, and DescribeStacks reports it.
        _ = try? await deploy(request)
        if form["OnFailure"] == "DELETE",
            try store.read({ try StackRecord.named(name, in: $0) })?.status == .createFailed
        {
            _ = try await deleteStack(form)
        }
        return identified("CreateStack", name)
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_UpdateStack.html>
    func updateStack(_ form: FormBody) async throws -> HTTPResponse {
        let name = try form.required("StackName").stackName
        guard let current = try store.read({ try StackRecord.named(name, in: $0) }), current.status.exists else {
            throw AWSFault("ValidationError", "Stack [\(name)] does not exist")
        }
        try checkUpdatable(current)
        let isSame = form["UsePreviousTemplate"] == "true"
        let (text, file) = isSame ? (current.template, current.file) : try template(form)
        let parameters = try form.parameters(previous: current.parameters)
        try check(parameters, against: try parsed(text, file))
        let changes = try ChangeSet(
            stack: name, name: "", template: text, file: file, parameters: parameters, current: current,
            at: clock.now().milliseconds)
        let tags = Self.tags(form)
        let details = try store.read { try StackDetail.all(in: $0) }
        let hasSameTags = tags.map { $0 == details[name]?.tags } ?? true
        let hasSameOutputs = try outputs(text, file) == outputs(current.template, current.file)
        guard changes.reason == nil || !hasSameTags || !hasSameOutputs else {
            throw AWSFault("ValidationError", "No updates are to be performed.")
        }
        var request = DeploymentRequest(text: text, file: file, name: name, parameters: parameters)
        request.makesNames = true
        request.rollsBack = form["DisableRollback"] != "true"
        request.tags = tags
        request.capabilities = Self.list("Capabilities", form)
        _ = try? await deploy(request)
        return identified("UpdateStack", name)
    }

    /// The outputs of a template as text, to tell whether they have changed.
    private func outputs(_ text: String, _ file: String) throws -> [String] {
        try parsed(text, file).outputs.map { "\($0.name) \($0.value) \($0.export.map { "\($0)" } ?? "")" }
    }

    private func identified(_ action: String, _ stack: String) -> HTTPResponse {
        QueryAnswer.success(action, requestID: clock.uuid()) { $0.element("StackId", arn(ofStack: stack)) }
    }

    /// - Throws: ``AWSFault`` for a stack that must be deleted first, or is being changed.
    func checkUpdatable(_ record: StackRecord) throws(AWSFault) {
        guard [.rollbackComplete, .rollbackFailed, .deleteFailed].contains(record.status) || record.status.isInProgress
        else { return }
        throw AWSFault(
            "ValidationError",
            "Stack:\(arn(ofStack: record.name)) is in \(record.status.rawValue) state and can not be updated.")
    }

    private static func checkName(_ name: String) throws(AWSFault) {
        let isValid =
            name.utf8.first.map { UnicodeScalar($0).properties.isAlphabetic } == true && name.utf8.count <= 128
            && name.utf8.allSatisfy {
                $0 < 0x80 && (UnicodeScalar($0).properties.isAlphabetic || (0x30...0x39).contains($0) || $0 == 0x2D)
            }
        guard isValid else {
            throw AWSFault(
                "ValidationError",
                "1 validation error detected: Value '\(name)' at 'stackName' failed to satisfy constraint: Member must "
                    + "satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*")
        }
    }

    func parsed(_ text: String, _ file: String) throws(AWSFault) -> Template {
        do throws(TemplateError) {
            return try Template(parsing: text, file: file)
        } catch {
            throw AWSFault("ValidationError", "Template format error: \(error)")
        }
    }

    /// Reports what AWS reports before it begins.
    private func check(_ parameters: JSONObject, against template: Template) throws(AWSFault) {
        let known = KnownTypes(peers.resources.flatMap(\.resourceTypes))
        let misspelt = template.resources.filter { known.meant(by: $0.type) != nil }.map(\.type)
        guard misspelt.isEmpty else {
            throw AWSFault(
                "ValidationError",
                "Template format error: Unrecognized resource types: [\(misspelt.joined(separator: ", "))]")
        }
        let unknown = parameters.names.filter { !template.hasParameter($0) }
        guard unknown.isEmpty else {
            throw AWSFault(
                "ValidationError", "Parameters: [\(unknown.joined(separator: ", "))] do not exist in the template")
        }
        let missing = template.parameters.filter { $0.defaultValue == nil && parameters[$0.name] == nil }.map(\.name)
        guard missing.isEmpty else {
            throw AWSFault("ValidationError", "Parameters: [\(missing.joined(separator: ", "))] must have values")
        }
    }

    private static func list(_ name: String, _ form: FormBody) -> [String] {
        (form.document[name]?.array ?? []).compactMap(\.string)
    }

    /// Nil where the request has none: then those that are there stay.
    private static func tags(_ form: FormBody) -> JSONObject? {
        guard let tags = form.document["Tags"]?.array else { return nil }
        return JSONObject(tags.map { ($0["Key"]?.string ?? "", $0["Value"] ?? "") })
    }

    // MARK: Templates

    /// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ValidateTemplate.html>
    func validateTemplate(_ form: FormBody) throws -> HTTPResponse {
        let (text, file) = try template(form)
        let template = try parsed(text, file)
        return QueryAnswer.success("ValidateTemplate", requestID: clock.uuid()) { text in
            text.element("Description", ifPresent: template.description)
            text.element("Parameters") { describe(template.parameters, &$0, withType: false) }
        }
    }

    func templateSummary(_ form: FormBody) throws -> HTTPResponse {
        let template: Template
        if let name = form["StackName"]?.stackName {
            let record = try record(name)
            template = try parsed(record.template, record.file)
        } else {
            let (text, file) = try self.template(form)
            template = try parsed(text, file)
        }
        return QueryAnswer.success("GetTemplateSummary", requestID: clock.uuid()) { text in
            text.element("Description", ifPresent: template.description)
            text.element("Parameters") { describe(template.parameters, &$0, withType: true) }
            text.element("ResourceTypes") { text in
                for type in Set(template.resources.map(\.type)).sorted() { text.element("member", type) }
            }
        }
    }

    private func describe(_ parameters: [Template.Parameter], _ text: inout XMLWriter, withType: Bool) {
        for parameter in parameters {
            text.element("member") { text in
                text.element("ParameterKey", parameter.name)
                if withType { text.element("ParameterType", parameter.type) }
                text.element("DefaultValue", ifPresent: parameter.defaultValue)
                text.element("NoEcho", parameter.isHidden)
                text.element("Description", ifPresent: parameter.description)
            }
        }
    }

    func getTemplate(_ form: FormBody) throws -> HTTPResponse {
        let record = try record(try form.required("StackName").stackName)
        return QueryAnswer.success("GetTemplate", requestID: clock.uuid()) { text in
            text.element("TemplateBody", record.template)
            text.element("StagesAvailable") { text in
                for stage in ["Original", "Processed"] { text.element("member", stage) }
            }
        }
    }

    // MARK: Listings

    func record(_ name: String) throws -> StackRecord {
        guard let record = try store.read({ try StackRecord.named(name, in: $0) }) else { throw Self.noStack(name) }
        return record
    }

    func listStacks(_ form: FormBody) throws -> HTTPResponse {
        let wanted = Self.list("StackStatusFilter", form)
        let records = try store.read { try StackRecord.all(in: $0) }.filter {
            wanted.isEmpty || wanted.contains($0.status.rawValue)
        }
        return QueryAnswer.success("ListStacks", requestID: clock.uuid()) { text in
            text.element("StackSummaries") { text in
                for record in records {
                    text.element("member") { text in
                        text.element("StackId", arn(ofStack: record.name))
                        text.element("StackName", record.name)
                        text.element("CreationTime", Timestamp(milliseconds: record.createdAt).rfc3339)
                        text.element("StackStatus", record.status.rawValue)
                        text.element("StackStatusReason", ifPresent: record.reason)
                    }
                }
            }
        }
    }

    func listResources(_ form: FormBody) throws -> HTTPResponse {
        let states = try resourceStates(of: try record(try form.required("StackName").stackName))
        return QueryAnswer.success("ListStackResources", requestID: clock.uuid()) { text in
            text.element("StackResourceSummaries") { text in
                for state in states {
                    text.element("member") { text in
                        state.describe(&text)
                        text.element("LastUpdatedTimestamp", Timestamp(milliseconds: state.time).rfc3339)
                    }
                }
            }
        }
    }

    func describeResource(_ form: FormBody) throws -> HTTPResponse {
        let record = try record(try form.required("StackName").stackName)
        let logicalID = try form.required("LogicalResourceId")
        guard let state = try resourceStates(of: record).first(where: { $0.resource.logicalID == logicalID }) else {
            throw AWSFault("ValidationError", "Resource \(logicalID) does not exist for stack \(record.name)")
        }
        return QueryAnswer.success("DescribeStackResource", requestID: clock.uuid()) { text in
            text.element("StackResourceDetail") { text in
                text.element("StackName", record.name)
                text.element("StackId", arn(ofStack: record.name))
                state.describe(&text)
                text.element("LastUpdatedTimestamp", Timestamp(milliseconds: state.time).rfc3339)
            }
        }
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackEvents.html>
    func describeEvents(_ form: FormBody) throws -> HTTPResponse {
        let record = try record(try form.required("StackName").stackName)
        let events = try store.read { try StackEvent.all(of: record.name, in: $0) }
        return QueryAnswer.success("DescribeStackEvents", requestID: clock.uuid()) { text in
            text.element("StackEvents") { text in
                for event in events {
                    text.element("member") { text in
                        text.element("EventId", "\(event.logicalID)-\(event.status)-\(event.id)")
                        text.element("StackId", arn(ofStack: record.name))
                        text.element("StackName", record.name)
                        text.element("LogicalResourceId", event.logicalID)
                        text.element("PhysicalResourceId", event.physicalID)
                        text.element("ResourceType", event.type)
                        text.element("Timestamp", Timestamp(milliseconds: event.time).rfc3339)
                        text.element("ResourceStatus", event.status)
                        text.element("ResourceStatusReason", ifPresent: event.reason)
                    }
                }
            }
        }
    }

    func listExports(_ form: FormBody) throws -> HTTPResponse {
        let details = try store.read { try StackDetail.all(in: $0) }
        let exports = details.flatMap { stack, detail in detail.exports.map { (stack: stack, export: $0) } }
            .sorted { $0.export.name < $1.export.name }
        return QueryAnswer.success("ListExports", requestID: clock.uuid()) { text in
            text.element("Exports") { text in
                for (stack, export) in exports {
                    text.element("member") { text in
                        text.element("ExportingStackId", arn(ofStack: stack))
                        text.element("Name", export.name)
                        text.element("Value", export.value)
                    }
                }
            }
        }
    }

    func listImports(_ form: FormBody) throws -> HTTPResponse {
        let name = try form.required("ExportName")
        let details = try store.read { try StackDetail.all(in: $0) }
        let users = details.filter { $0.value.imports.contains(name) }.keys.sorted()
        guard !users.isEmpty else {
            throw AWSFault("ValidationError", "Export '\(name)' is not imported by any stack.")
        }
        return QueryAnswer.success("ListImports", requestID: clock.uuid()) { text in
            text.element("Imports") { text in for user in users { text.element("member", user) } }
        }
    }

    func listChangeSets(_ form: FormBody) throws -> HTTPResponse {
        let record = try record(try form.required("StackName").stackName)
        let sets = try store.read { try ChangeSet.all(of: record.name, in: $0) }
        return QueryAnswer.success("ListChangeSets", requestID: clock.uuid()) { text in
            text.element("Summaries") { text in
                for changes in sets {
                    text.element("member") { text in
                        text.element("StackId", arn(ofStack: record.name))
                        text.element("StackName", record.name)
                        text.element("ChangeSetId", arn(ofChangeSet: changes.name))
                        text.element("ChangeSetName", changes.name)
                        text.element("ExecutionStatus", changes.executionStatus)
                        text.element("Status", changes.reason == nil ? "CREATE_COMPLETE" : "FAILED")
                        text.element("StatusReason", ifPresent: changes.reason)
                        text.element("CreationTime", Timestamp(milliseconds: changes.createdAt).rfc3339)
                    }
                }
            }
        }
    }

    func deleteChangeSet(_ form: FormBody) async throws -> HTTPResponse {
        let text = try form.required("ChangeSetName")
        let name =
            text.firstRange(of: ":changeSet/").map { String(text[$0.upperBound...].prefix { $0 != "/" }) } ?? text
        let stack = try form.required("StackName").stackName
        try await store.write { transaction in
            try transaction.execute(
                "DELETE FROM cloudformation_change_set WHERE stack = ? AND name = ?", .text(stack), .text(name))
        }
        return QueryAnswer.success("DeleteChangeSet", requestID: clock.uuid()) { _ in }
    }
}
