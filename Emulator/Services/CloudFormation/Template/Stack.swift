package import EmulatorCore
internal import JSON
internal import YAML

/// A template with its parameters, ready to be deployed on the emulator's services.
package struct Stack: Sendable {
    private let scope: TemplateScope
    private let surroundings: StackSurroundings
    /// The stacks around this one.
    private let level: Int
    /// A template that nests itself would never end.
    private static let deepestLevel = 20
    private static let nestedStack = "AWS::CloudFormation::Stack"

    /// - Parameters:
    ///   - name: the value of `AWS::StackName`.
    ///   - parameters: values that replace defaults.
    package init(
        _ template: Template, name: String, parameters: [String: String] = [:], account: Account = Account()
    ) throws(TemplateError) {
        try self.init(template, name: name, parameters: parameters, account: account, in: StackSurroundings())
    }

    init(
        _ template: Template, name: String, parameters: [String: String], account: Account,
        in surroundings: StackSurroundings, level: Int = 0
    ) throws(TemplateError) {
        self.level = level
        self.surroundings = surroundings
        var scope = try TemplateScope(template, stackName: name, overrides: parameters, account: account)
        scope.exports = surroundings.exports
        scope.usedExports = surroundings.used
        self.scope = scope
    }

    /// Provisions each resource with the service that provides its type, after the resources that it refers to. A
    /// nested stack is deployed in place.
    /// - Parameter objects: the store of packaged artifacts.
    /// - Throws: ``TemplateError`` at the first resource that cannot be resolved or that its service refuses. The
    ///   resources before it exist.
    package func deploy(
        to services: [any ResourceProviding], objects: (any ObjectStore)? = nil
    ) async throws(TemplateError) -> StackReport {
        var report = StackReport()
        try await deploy(to: services, objects: objects, into: &report)
        return report
    }

    /// Like ``deploy(to:objects:)``; after a failure, `report` has the resources that were created.
    /// - Returns: what the stack exports.
    @discardableResult
    func deploy(
        to services: [any ResourceProviding], objects: (any ObjectStore)?, into report: inout StackReport
    ) async throws(TemplateError) -> [StackExport] {
        var scope = scope
        var exports: [StackExport] = []
        do throws(TemplateError) {
            exports = try await provision(by: services, objects, &scope, &report)
        } catch {
            // What went before the failure exists, and is the stack's to delete.
            if level == 0 { for service in services { try? await service.keepProvisioned() } }
            throw error
        }
        if level == 0 { try await keepProvisioned(by: services) }
        for output in scope.template.outputs {
            if let condition = output.condition, try !scope.condition(condition, at: output.value.mark) { continue }
            let value = try scope.text(of: output.value)
            report.outputs.append((output.name, value))
            if let export = output.export {
                exports.append(StackExport(output: output.name, name: try scope.text(of: export), value: value))
            }
        }
        return exports
    }

    /// - Returns: what nested stacks export.
    private func provision(
        by services: [any ResourceProviding], _ objects: (any ObjectStore)?, _ scope: inout TemplateScope,
        _ report: inout StackReport
    ) async throws(TemplateError) -> [StackExport] {
        var exports: [StackExport] = []
        var providers: [String: any ResourceProviding] = [:]
        for service in services {
            for type in service.resourceTypes { providers[type] = service }
        }
        let known = KnownTypes(providers.keys)
        let inert = InertResources(account: scope.account)
        for resource in try scope.resourcesInOrder() {
            try check(resource, known: known)
            let declared = try await resolved(try declare(resource, scope, objects), resource.mark)
            if resource.type == Self.nestedStack {
                let stack = try nested(declared, resource.mark, objects)
                var inner = StackReport()
                do throws(TemplateError) {
                    exports += try await stack.deploy(to: services, objects: objects, into: &inner)
                } catch {
                    report.append(inner, of: resource.logicalID)
                    throw error
                }
                report.append(inner, of: resource.logicalID)
                scope.resources[resource.logicalID] = ProvisionedResource(
                    ref: scope.account.arn("cloudformation", "stack/\(scope.stackName)-\(resource.logicalID)/emulator"),
                    attributes: Dictionary(inner.outputs.map { ("Outputs.\($0.name)", $0.value) }) { $1 })
                continue
            }
            var outcome =
                InertResources.isWithoutEffect(resource.type) ? StackReport.Outcome.withoutEffect : .notEmulated
            var provisioned: ProvisionedResource?
            var reason: String?
            if let provider = providers[resource.type] {
                do throws(AWSFault) {
                    provisioned = try await provider.provision(declared)
                    // Roles and policies are there, but nobody asks them unless permissions are enforced.
                    if !InertResources.isPermission(resource.type) { outcome = .emulated }
                } catch {
                    // A resource that its service does not emulate does not stop the others.
                    guard error.isNotEmulated else {
                        throw .refused(
                            file: scope.template.file, mark: resource.mark, logicalID: resource.logicalID, fault: error)
                    }
                    outcome = .notEmulated
                    reason = error.message
                }
            }
            scope.resources[resource.logicalID] =
                provisioned ?? inert.placeholder(for: declared, stackName: scope.stackName)
            report.resources.append(
                StackReport.Entry(
                    logicalID: resource.logicalID, type: resource.type, outcome: outcome, ref: provisioned?.ref,
                    physicalID: provisioned?.physicalID,
                    isRetained: resource.isRetained, reason: reason))
        }
        return exports
    }

    private func keepProvisioned(by services: [any ResourceProviding]) async throws(TemplateError) {
        for service in services {
            do throws(AWSFault) { try await service.keepProvisioned() } catch {
                throw .invalid(file: scope.template.file, mark: nil, logicalID: nil, reason: error.message)
            }
        }
    }

    /// A type whose name is nearly that of an emulated one is a slip: to go on without it would hide that.
    private func check(_ resource: Template.Resource, known: KnownTypes) throws(TemplateError) {
        guard let meant = known.meant(by: resource.type) else { return }
        throw .invalid(
            file: scope.template.file, mark: resource.mark, logicalID: resource.logicalID,
            reason: "Unrecognized resource types: [\(resource.type)]; is \(meant) meant?")
    }

    private func resolved(
        _ resource: DeclaredResource, _ mark: YAMLMark
    ) async throws(TemplateError) -> DeclaredResource {
        var resource = resource
        do throws(AWSFault) {
            resource.properties = try await surroundings.resolved(resource.properties)
        } catch {
            throw .refused(file: scope.template.file, mark: mark, logicalID: resource.logicalID, fault: error)
        }
        return resource
    }

    private func nested(
        _ declared: DeclaredResource, _ mark: YAMLMark, _ objects: (any ObjectStore)?
    ) throws(TemplateError) -> Stack {
        guard level < Self.deepestLevel else {
            throw .invalid(
                file: scope.template.file, mark: mark, logicalID: declared.logicalID,
                reason: "stacks are nested deeper than \(Self.deepestLevel) levels; does a template nest itself?")
        }
        let location = declared.properties["TemplateURL"] ?? .null
        let artifact = ArtifactLocation(location, in: scope.template.file)
        if let artifact, !artifact.isNestable(in: scope.template.file) {
            throw .invalid(
                file: scope.template.file, mark: mark, logicalID: declared.logicalID,
                reason: "TemplateURL \(location.text) leaves the template's folder; "
                    + "put the nested template into this folder or one below it, and name it by a relative path")
        }
        let text = try contents(at: location, mark, declared.logicalID, objects)
        let file: String
        switch artifact {
        case .file(let path)?: file = path
        default: file = location.string ?? location.text
        }
        var parameters: [String: String] = [:]
        for (name, value) in declared.properties["Parameters"]?.object ?? [:] {
            parameters[name] = value.array.map { $0.map(\.plainText).joined(separator: ",") } ?? value.plainText
        }
        return try Stack(
            try Template(parsing: String(decoding: text, as: UTF8.self), file: file),
            name: "\(scope.stackName)-\(declared.logicalID)", parameters: parameters, account: scope.account,
            in: surroundings, level: level + 1)
    }

    private func contents(
        at location: JSON, _ mark: YAMLMark, _ logicalID: String?, _ objects: (any ObjectStore)?
    ) throws(TemplateError) -> [UInt8] {
        func invalid(_ reason: String) -> TemplateError {
            .invalid(file: scope.template.file, mark: mark, logicalID: logicalID, reason: reason)
        }
        guard let artifact = ArtifactLocation(location, in: scope.template.file) else {
            throw invalid("\(location.text) is neither an object of S3 nor a path in a template that is a file")
        }
        do { return try artifact.contents(objects) } catch { throw invalid("\(location.text): \(error)") }
    }

    private func declare(
        _ resource: Template.Resource, _ scope: TemplateScope, _ objects: (any ObjectStore)?
    ) throws(TemplateError) -> DeclaredResource {
        do throws(TemplateError) {
            var properties = try scope.value(of: resource.properties)?.object ?? [:]
            if resource.type == "AWS::StepFunctions::StateMachine" {
                try readDefinition(&properties, resource.properties.mark, objects)
            }
            if needsName(resource, properties) {
                properties = GeneratedNames.adding(
                    to: properties, of: resource.type, resource.logicalID, in: scope.stackName)
            }
            return DeclaredResource(
                logicalID: resource.logicalID, type: resource.type, properties: .object(properties),
                stack: scope.stackName)
        } catch { throw error.inside(resource.logicalID) }
    }

    /// Whether the resource has no name of its own, and cannot have its logical ID for one.
    private func needsName(_ resource: Template.Resource, _ properties: JSONObject) -> Bool {
        if surroundings.makesNames { return true }
        guard let property = GeneratedNames.property(of: resource.type) else { return false }
        if let name = properties[property]?.string {
            surroundings.names.take(name, ofType: resource.type, for: scope.stackName)
            return false
        }
        return !surroundings.names.take(resource.logicalID, ofType: resource.type, for: scope.stackName)
    }

    /// Sets `DefinitionString`, so that the provider of state machines reads no files and knows only one form.
    private func readDefinition(
        _ properties: inout JSONObject, _ mark: YAMLMark, _ objects: (any ObjectStore)?
    ) throws(TemplateError) {
        if let definition = properties["Definition"] {
            properties["Definition"] = nil
            properties["DefinitionString"] = .string(definition.text)
        }
        guard let location = properties["DefinitionS3Location"] else { return }
        let text = try contents(at: location, mark, nil, objects)
        properties["DefinitionS3Location"] = nil
        properties["DefinitionString"] = .string(String(decoding: text, as: UTF8.self))
    }
}

extension JSON {
    /// A scalar as a parameter's value.
    fileprivate var plainText: String { string ?? text }
}
