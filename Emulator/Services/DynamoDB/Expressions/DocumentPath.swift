internal import EmulatorCore

/// The path to a value in an item: an attribute, then members of maps and elements of lists.
struct DocumentPath: Sendable, Hashable {
    enum Step: Sendable, Hashable {
        case member(String)
        case element(Int)
    }

    var attribute: String
    var steps: [Step] = []

    /// The path in the service's messages: `[attribute, member, [3]]`.
    var shown: String {
        let rest = steps.map { step in
            switch step {
            case .member(let name): ", \(name)"
            case .element(let index): ", [\(index)]"
            }
        }
        return "[" + attribute + rest.joined() + "]"
    }

    func value(in item: Item) -> AttributeValue? {
        var value = item[attribute]
        for step in steps {
            switch (step, value) {
            case (.member(let name), .map(let map)): value = map[name]
            case (.element(let index), .list(let elements)): value = index < elements.count ? elements[index] : nil
            default: return nil
            }
        }
        return value
    }

    /// How two paths of one expression clash.
    enum Clash {
        /// One contains the other, or they are equal.
        case overlap
        /// One expects a map where the other expects a list.
        case conflict
    }

    func clash(with other: DocumentPath) -> Clash? {
        guard attribute.hasSameBytes(as: other.attribute) else { return nil }
        for (left, right) in zip(steps, other.steps) {
            switch (left, right) {
            case (.member(let left), .member(let right)): if !left.hasSameBytes(as: right) { return nil }
            case (.element(let left), .element(let right)): if left != right { return nil }
            default: return .conflict
            }
        }
        return .overlap
    }
}
