internal import JSON

/// A pipe's input template: text with `<$.path>` and `<aws.pipes.…>` in it, filled from an event.
///
/// Outside of quotes a value is written as JSON, inside of quotes as text. What the event does not have is `null`, or
/// nothing inside of quotes. A result that is JSON stays JSON; any other is one text.
/// - SeeAlso: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html>
struct InputTemplate: Sendable {
    private enum Piece: Sendable {
        case text(String)
        case path(EventPath, isQuoted: Bool)
        case variable(String, isQuoted: Bool)
    }

    private let pieces: [Piece]

    /// - Throws: ``AWSFault`` for a path that is none.
    init(_ template: String) throws(AWSFault) {
        var pieces: [Piece] = []
        var text = ""
        var isQuoted = false
        var isEscaped = false
        var rest = template[...]
        while let character = rest.first {
            if character == "<", let close = rest.firstIndex(of: ">"),
                let piece = try Self.placeholder(rest[rest.index(after: rest.startIndex)..<close], isQuoted)
            {
                if !text.isEmpty { pieces.append(.text(text)) }
                text = ""
                pieces.append(piece)
                rest = rest[rest.index(after: close)...]
                continue
            }
            if character == "\"", !isEscaped { isQuoted.toggle() }
            isEscaped = character == "\\" && !isEscaped
            text.append(character)
            rest.removeFirst()
        }
        if !text.isEmpty { pieces.append(.text(text)) }
        self.pieces = pieces
    }

    /// - Returns: nil for a text in angle brackets that is no placeholder.
    private static func placeholder(_ name: Substring, _ isQuoted: Bool) throws(AWSFault) -> Piece? {
        if name.hasPrefix("$") { return .path(try EventPath(String(name)), isQuoted: isQuoted) }
        return name.hasPrefix("aws.pipes.") ? .variable(String(name), isQuoted: isQuoted) : nil
    }

    /// - Parameter variables: the reserved variables but for the event itself, by name.
    func fill(from event: JSON, variables: [String: JSON]) -> JSON {
        var result = ""
        for piece in pieces {
            switch piece {
            case .text(let text): result += text
            case .path(let path, let isQuoted): result += Self.text(path.value(in: event), isQuoted)
            case .variable("aws.pipes.event.json", _), .variable("aws.pipes.event", _): result += event.text
            case .variable(let name, let isQuoted): result += Self.text(variables[name], isQuoted)
            }
        }
        return (try? JSON(parsing: result)) ?? .string(result)
    }

    private static func text(_ value: JSON?, _ isQuoted: Bool) -> String {
        guard isQuoted else { return value?.text ?? "null" }
        guard let value else { return "" }
        // Quoted once as JSON, without the quotes: what the text holds stays inside of the template's own.
        return String(JSON.string(value.string ?? value.text).text.dropFirst().dropLast())
    }
}

/// The part of JSONPath that pipes know: members, elements and wildcards.
struct EventPath: Sendable, Hashable {
    private enum Step: Sendable, Hashable {
        case member(String)
        case element(Int)
        case all
    }
    private var steps: [Step] = []

    /// - Throws: ``AWSFault`` `ValidationException` when the text is no such path.
    init(_ text: String) throws(AWSFault) {
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

    /// Nil where the event has nothing there; an array for a path with a wildcard.
    func value(in event: JSON) -> JSON? {
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
