internal import EmulatorCore
internal import YAML

extension TemplateScope {
    /// The resources whose condition is true, each after those that it refers to, otherwise in the template's order.
    func resourcesInOrder() throws(TemplateError) -> [Template.Resource] {
        var wanted: [String: Template.Resource] = [:]
        for resource in template.resources {
            if let condition = resource.condition, try !self.condition(condition, at: resource.mark) { continue }
            wanted[resource.logicalID] = resource
        }
        var order = ResourceOrder(scope: self, resources: wanted)
        for resource in template.resources where wanted[resource.logicalID] != nil { try order.add(resource, []) }
        return order.ordered
    }

    /// The names in an expression that may be resources; a branch that is not taken refers to none.
    fileprivate func names(in expression: TemplateExpression) throws(TemplateError) -> [String] {
        switch expression.kind {
        case .scalar, .condition: return []
        case .ref(let name): return [name]
        case .attribute(let logicalID, let name): return [logicalID] + (try names(in: name))
        case .substitute(let text, let variables):
            var found = SubstitutionText(text).names.filter { variables[$0] == nil }
                .map { String($0.prefix { $0 != "." }) }
            for (_, variable) in variables { found += try names(in: variable) }
            return found
        case .choose(let name, let first, let second):
            return try names(in: try condition(name, at: expression.mark) ? first : second)
        case .list(let elements), .apply(_, let elements):
            var found: [String] = []
            for element in elements { found += try names(in: element) }
            return found
        case .map(let members):
            var found: [String] = []
            for (_, member) in members { found += try names(in: member) }
            return found
        }
    }
}

private struct ResourceOrder {
    let scope: TemplateScope
    let resources: [String: Template.Resource]
    private(set) var ordered: [Template.Resource] = []
    private var done: Set<String> = []

    init(scope: TemplateScope, resources: [String: Template.Resource]) {
        self.scope = scope
        self.resources = resources
    }

    /// - Parameter dependents: the resources that wait for this one.
    mutating func add(_ resource: Template.Resource, _ dependents: [String]) throws(TemplateError) {
        guard !done.contains(resource.logicalID) else { return }
        let path = dependents + [resource.logicalID]
        if let start = dependents.firstIndex(of: resource.logicalID) {
            throw .invalid(
                file: scope.template.file, mark: resource.mark, logicalID: resource.logicalID,
                reason: "resources depend on each other in a circle: \(path[start...].joined(separator: " -> "))")
        }
        for name in resource.dependsOn where resources[name] == nil {
            // A dependency whose condition is false is ignored; an unknown name is an error.
            if scope.template.resources.contains(where: { $0.logicalID == name }) { continue }
            throw .invalid(
                file: scope.template.file, mark: resource.mark, logicalID: resource.logicalID,
                reason: "DependsOn names \(name), which is not a resource of the template")
        }
        let references: [String]
        do throws(TemplateError) { references = try scope.names(in: resource.properties) } catch {
            throw error.inside(resource.logicalID)
        }
        for name in resource.dependsOn + references {
            if let needed = resources[name] { try add(needed, path) }
        }
        done.insert(resource.logicalID)
        ordered.append(resource)
    }
}
