internal import JSON
internal import YAML

/// A template bound to parameters, ready to be played by the emulator's services.
public struct Stack: Sendable {
    private let scope: TemplateScope

    /// - Parameters:
    ///   - name: what `AWS::StackName` says.
    ///   - parameters: values that replace defaults.
    public init(
        _ template: Template, name: String, parameters: [String: String] = [:], account: Account = Account()
    ) throws(TemplateError) {
        scope = try TemplateScope(template, stackName: name, overrides: parameters, account: account)
    }

    /// Has each resource played by the service that knows its type, each after those that it refers to.
    /// - Throws: ``TemplateError`` at the first resource that cannot be resolved or that its service refuses; those
    ///   before it exist.
    public func deploy(to services: [any ResourceProviding]) async throws(TemplateError) -> StackReport {
        var providers: [String: any ResourceProviding] = [:]
        for service in services {
            for type in service.resourceTypes { providers[type] = service }
        }
        let inert = InertResources(account: scope.account)
        var scope = scope
        var report = StackReport()
        for resource in try scope.resourcesInOrder() {
            let declared = try declare(resource, scope)
            var outcome = InertResources.isWithoutEffect(resource.type) ? StackReport.Outcome.withoutEffect : .notPlayed
            var provisioned: ProvisionedResource?
            var reason: String?
            if let provider = providers[resource.type] {
                do throws(AWSFault) {
                    provisioned = try await provider.provision(declared)
                    outcome = .played
                } catch {
                    // What a service knows and does not play is no reason to leave the rest out.
                    guard error.isNotEmulated else {
                        throw .refused(
                            file: scope.template.file, mark: resource.mark, logicalID: resource.logicalID, fault: error)
                    }
                    outcome = .notPlayed
                    reason = error.message
                }
            }
            scope.resources[resource.logicalID] =
                provisioned ?? inert.standIn(for: declared, stackName: scope.stackName)
            report.resources.append(
                StackReport.Entry(
                    logicalID: resource.logicalID, type: resource.type, outcome: outcome, ref: provisioned?.ref,
                    reason: reason))
        }
        for output in scope.template.outputs {
            if let condition = output.condition, try !scope.condition(condition, at: output.value.mark) { continue }
            report.outputs.append((output.name, try scope.text(of: output.value)))
        }
        return report
    }

    private func declare(
        _ resource: Template.Resource, _ scope: TemplateScope
    ) throws(TemplateError) -> DeclaredResource {
        do throws(TemplateError) {
            var properties = try scope.value(of: resource.properties)?.object ?? [:]
            if resource.type == "AWS::StepFunctions::StateMachine" {
                try readDefinition(&properties, resource.properties.mark)
            }
            return DeclaredResource(
                logicalID: resource.logicalID, type: resource.type, properties: .object(properties))
        } catch { throw error.inside(resource.logicalID) }
    }

    /// Sets `DefinitionString`, so that whoever plays the machine reads no files and knows one form only.
    private func readDefinition(_ properties: inout JSONObject, _ mark: YAMLMark) throws(TemplateError) {
        if let definition = properties["Definition"] {
            properties["Definition"] = nil
            properties["DefinitionString"] = .string(definition.text)
        }
        // Before `aws cloudformation package`, the location is a path beside the template.
        guard let location = properties["DefinitionS3Location"]?.string else { return }
        let folder = scope.template.file.lastIndex(of: "/").map { String(scope.template.file[...$0]) } ?? ""
        let path = location.hasPrefix("/") ? location : folder + location
        let text: [UInt8]
        do { text = try FileBytes.contents(of: path) } catch {
            throw .invalid(
                file: scope.template.file, mark: mark, logicalID: nil, reason: "DefinitionS3Location: \(error)")
        }
        properties["DefinitionS3Location"] = nil
        properties["DefinitionString"] = .string(String(decoding: text, as: UTF8.self))
    }
}

/// What became of a template's resources.
public struct StackReport: Sendable {
    public enum Outcome: Sendable, Hashable {
        /// A service of the emulator plays it.
        case played
        /// Accepted, and nothing that runs locally would differ: rights, keys, networks, alarms.
        case withoutEffect
        /// The emulator has no such service; what depends on it does not happen.
        case notPlayed
    }

    public struct Entry: Sendable {
        public let logicalID: String
        public let type: String
        public let outcome: Outcome
        /// What `Ref` says, for resources that are played.
        public let ref: String?
        /// Why a type that is played elsewhere is not played here.
        public let reason: String?
    }

    /// In the order in which they were made.
    public internal(set) var resources: [Entry] = []
    public internal(set) var outputs: [(name: String, value: String)] = []

    public func resources(_ outcome: Outcome) -> [Entry] { resources.filter { $0.outcome == outcome } }
    public func output(_ name: String) -> String? { outputs.first { $0.name == name }?.value }

    mutating func append(_ other: StackReport) {
        resources += other.resources
        outputs += other.outputs
    }
}
