package import JSON

/// The part of JSONPath that pipes support: members, elements and wildcards.
package struct EventPath: Sendable, Hashable {
    private enum Step: Sendable, Hashable {
        case member(String)
        case element(Int)
        case all
    }
    private var steps: [Step] = []

    /// - Throws: ``AWSFault`` `ValidationException` if the text is not such a path.
    package init(_ text: String) throws(AWSFault) {
        let invalid = AWSFault("ValidationException", "'\(text)' is not a path that a pipe can read.")
        guard text.hasPrefix("$") else { throw invalid }
        var rest = text.dropFirst()
        while let character = rest.first {
            rest.removeFirst()
            switch character {
            case ".":
                let name = rest.prefix { $0 != "." && $0 != "[" }
                guard !name.isEmpty else { throw invalid }
                steps.append(name == "*" ? .all : .member(String(name)))
                rest.removeFirst(name.count)
            case "[":
                guard let close = rest.firstIndex(of: "]") else { throw invalid }
                let inside = rest[..<close]
                if inside == "*" {
                    steps.append(.all)
                } else if let index = Int(inside) {
                    steps.append(.element(index))
                } else if inside.count >= 2, let quote = inside.first, quote == "'" || quote == "\"",
                    inside.last == quote
                {
                    steps.append(.member(String(inside.dropFirst().dropLast())))
                } else {
                    throw invalid
                }
                rest = rest[rest.index(after: close)...]
            default: throw invalid
            }
        }
    }

    /// The value at the path: nil if the event has none, an array if the path has a wildcard.
    package func value(in event: JSON) -> JSON? {
        var values = [event]
        for step in steps {
            values = values.flatMap { value -> [JSON] in
                switch step {
                case .member(let name): value[name].map { [$0] } ?? []
                case .element(let index): value[index].map { [$0] } ?? []
                case .all: value.array ?? value.object?.members.map(\.value) ?? []
                }
            }
        }
        return steps.contains(.all) ? .array(values) : values.first
    }
}
