/// The variables and members that an expression names.
extension JSONataNode {
    func freeVariables(bound: Set<String>) -> Set<String> {
        func free(_ nodes: [JSONataNode], _ bound: Set<String>) -> Set<String> {
            nodes.reduce(into: []) { $0.formUnion($1.freeVariables(bound: bound)) }
        }
        func pairs(_ pairs: [JSONataPair]?) -> [JSONataNode] { (pairs ?? []).flatMap { [$0.key, $0.value] } }
        switch self {
        case .literal, .regex, .position: return []
        case .variable(let name): return name.isEmpty || name == "$" || bound.contains(name) ? [] : [name]
        case .path(let path):
            let nodes = path.steps.flatMap { step -> [JSONataNode] in
                switch step.kind {
                case .expression(let node): [node] + step.predicates
                case .sort(let terms): terms.map(\.node) + step.predicates
                case .name, .wildcard, .descendants, .parent: step.predicates
                }
            }
            let ownNames = path.steps.flatMap { step in
                [step.focus, step.index].compactMap { $0 }
                    + step.predicates.compactMap { if case .position(let name) = $0 { name } else { nil } }
            }
            return free(nodes + pairs(path.group), bound.union(ownNames))
        case .binary(_, let left, let right), .apply(let left, let right): return free([left, right], bound)
        case .negative(let node): return node.freeVariables(bound: bound)
        case .array(let nodes): return free(nodes, bound)
        case .object(let members): return free(pairs(members), bound)
        case .block(let nodes):
            var bound = bound
            return nodes.reduce(into: []) { result, node in
                result.formUnion(node.freeVariables(bound: bound))
                if case .bind(let name, _) = node { bound.insert(name) }
            }
        case .condition(let test, let then, let otherwise):
            return free([test, then] + (otherwise.map { [$0] } ?? []), bound)
        case .bind(_, let node): return node.freeVariables(bound: bound)
        case .lambda(let parameters, let body): return body.freeVariables(bound: bound.union(parameters.names))
        case .call(let function, let arguments):
            return free(arguments, bound).union(function.freeFunctionVariables(bound: bound))
        case .partial(let function, let arguments):
            return free(arguments.compactMap { $0 }, bound).union(function.freeFunctionVariables(bound: bound))
        case .transform(let pattern, let update, let delete):
            return free([pattern, update] + (delete.map { [$0] } ?? []), bound)
        case .filtered(let node, let predicates, _, let group): return free([node] + predicates + pairs(group), bound)
        }
    }

    /// The name of a built-in function is not a variable of the machine.
    private func freeFunctionVariables(bound: Set<String>) -> Set<String> {
        if case .variable(let name) = self, JSONataLibrary.functions[name] != nil { return [] }
        return freeVariables(bound: bound)
    }
}

extension JSONataNode {
    func addTopLevelReferences(to names: inout [String]) {
        func add(_ nodes: [JSONataNode], _ names: inout [String]) {
            for node in nodes { node.addTopLevelReferences(to: &names) }
        }
        switch self {
        case .literal, .regex, .transform, .position: break
        case .variable(let name):
            // $ and $$ are the context and the root.
            if name.isEmpty || name == "$" { names.appendOnce("$" + name) }
        case .path(let path):
            switch path.steps[0].kind {
            case .name(let name): names.appendOnce(name)
            case .wildcard: names.appendOnce("*")
            case .descendants: names.appendOnce("**")
            case .expression(let node): node.addTopLevelReferences(to: &names)
            case .parent: names.appendOnce("%")
            case .sort: break
            }
        case .binary(_, let left, let right), .apply(let left, let right): add([left, right], &names)
        case .negative(let node), .bind(_, let node), .lambda(_, let node), .filtered(let node, _, _, _):
            node.addTopLevelReferences(to: &names)
        case .array(let nodes), .block(let nodes): add(nodes, &names)
        case .object(let pairs): for pair in pairs { add([pair.key, pair.value], &names) }
        case .condition(let test, let then, let otherwise): add([test, then] + (otherwise.map { [$0] } ?? []), &names)
        case .call(let function, let arguments): add([function] + arguments, &names)
        case .partial(let function, let arguments): add([function] + arguments.compactMap { $0 }, &names)
        }
    }
}

extension [String] {
    fileprivate mutating func appendOnce(_ name: String) {
        if !contains(name) { append(name) }
    }
}
