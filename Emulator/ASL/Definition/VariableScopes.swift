internal import JSON

/// Variables belong to the block whose states assign them; a block inside it may read them, and may not assign them.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html>
extension DefinitionReader {
    /// Reports names that are assigned in a block and in one inside it.
    mutating func checkScopes(of block: Fields, outer: Set<String> = []) {
        var own: Set<String> = []
        var inner: [Fields] = []
        for (name, value) in block.object["States"]?.object ?? [:] {
            guard let object = value.object else { continue }
            let state = Fields(object: object, location: "\(block.at("States"))/\(name)")
            for (holder, isCatcher) in holders(of: state) {
                let names = Self.assignedNames(in: holder)
                for name in names.intersection(outer).sorted() {
                    report("Variable '\(name)' is assigned in an outer scope already", at: holder, field: "Assign")
                }
                // AWS accepts a branch that assigns what only a catcher around it assigns.
                if !isCatcher { own.formUnion(names) }
            }
            for name in ["ItemProcessor", "Iterator"] {
                guard let processor = object[name]?.object else { continue }
                inner.append(Fields(object: processor, location: state.at(name)))
            }
            for (position, branch) in (object["Branches"]?.array ?? []).enumerated() {
                guard let branch = branch.object else { continue }
                inner.append(Fields(object: branch, location: "\(state.at("Branches"))[\(position)]"))
            }
        }
        for block in inner { checkScopes(of: block, outer: outer.union(own)) }
    }

    /// What can have an `Assign`: the state itself, its choice rules and its catchers.
    private func holders(of state: Fields) -> [(fields: Fields, isCatcher: Bool)] {
        var holders = [(fields: state, isCatcher: false)]
        for name in ["Choices", "Catch"] {
            for (position, element) in (state.object[name]?.array ?? []).enumerated() {
                guard let object = element.object else { continue }
                let fields = Fields(object: object, location: "\(state.at(name))[\(position)]")
                holders.append((fields, name == "Catch"))
            }
        }
        return holders
    }

    private static func assignedNames(in fields: Fields) -> Set<String> {
        Set((fields.object["Assign"]?.object?.names ?? []).map { $0.hasSuffix(".$") ? String($0.dropLast(2)) : $0 })
    }
}
