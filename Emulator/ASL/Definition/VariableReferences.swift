/// Which variables the fields of a state read: DescribeStateMachine shows them.
extension StateMachine {
    /// By state, in the order of the text; states that read none are left out.
    public var variableReferences: [(state: String, variables: [String])] { block.variableReferences }

    /// Whether the definition has what came with variables: `Assign`, or states in JSONata.
    public var usesVariables: Bool { block.usesVariables }
}

extension StateBlock {
    fileprivate var usesVariables: Bool {
        states.values.contains { state in
            if state.flow.language == .jsonata || state.flow.assign != nil
                || state.flow.catchers.contains(where: { $0.assign != nil })
            {
                return true
            }
            return switch state.kind {
            case .choice(let choice): choice.rules.contains { $0.assign != nil }
            case .map(let map): map.processor.usesVariables
            case .parallel(let parallel): parallel.branches.contains(where: \.usesVariables)
            default: false
            }
        }
    }

    fileprivate var variableReferences: [(state: String, variables: [String])] {
        names.compactMap { states[$0] }.flatMap { state -> [(state: String, variables: [String])] in
            let own = state.variablesRead
            let nested: [(state: String, variables: [String])] =
                switch state.kind {
                case .map(let map): map.processor.variableReferences
                case .parallel(let parallel): parallel.branches.flatMap(\.variableReferences)
                default: []
                }
            return (own.isEmpty ? [] : [(state.name, own)]) + nested
        }
    }
}
