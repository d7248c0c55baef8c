/// Where states lead to.
extension DefinitionReader {
    /// Names that a block's states give as the next state.
    struct Transition {
        let from: String
        let to: String
        let location: String
    }

    /// Reports targets that do not exist, states that nothing leads to, and a machine that never ends.
    mutating func checkTransitions(
        _ transitions: [Transition], startAt: String, states: [State], names: [String], in fields: Fields
    ) {
        let known = Set(names)
        if !known.contains(startAt) {
            diagnostics.append(.transition("Missing 'Next' target: \(startAt)", at: fields.at("StartAt")))
        }
        for transition in transitions where !known.contains(transition.to) {
            diagnostics.append(.transition("Missing 'Next' target: \(transition.to)", at: transition.location))
        }
        if fields.location.isEmpty, !states.isEmpty, states.count == names.count, !states.contains(where: \.isEnd) {
            diagnostics.append(
                Diagnostic(code: "MISSING_END_STATE", message: "Workflow has no terminal state", location: nil))
            return
        }
        var reached: Set<String> = []
        var pending = [startAt]
        let targets = Dictionary(grouping: transitions, by: \.from).mapValues { $0.map(\.to) }
        while let name = pending.popLast() {
            guard reached.insert(name).inserted else { continue }
            pending += targets[name] ?? []
        }
        for name in names where !reached.contains(name) {
            diagnostics.append(
                .transition("State \"\(name)\" is not reachable.", at: "\(fields.at("States"))/\(name)"))
        }
    }
}

extension State {
    /// Whether the block can end with this state.
    fileprivate var isEnd: Bool {
        switch kind {
        case .succeed, .fail: true
        case .choice: false
        default: flow.next == .end
        }
    }
}
