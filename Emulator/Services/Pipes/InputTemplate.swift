internal import EmulatorCore
internal import JSON

/// A pipe's input template: text with `<$.path>` and `<aws.pipes.…>`, which are replaced by values of an event.
///
/// A value is written as JSON outside quotes, and as text inside quotes. A missing value is `null`, or an empty text
/// inside quotes. A result that is JSON stays JSON; any other result is a text.
/// - SeeAlso: <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html>
struct InputTemplate: Sendable {
    private enum Piece: Sendable {
        case text(String)
        case path(EventPath, isQuoted: Bool)
        case variable(String, isQuoted: Bool)
    }

    private let pieces: [Piece]

    /// - Throws: ``AWSFault`` for an invalid path.
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

    /// - Returns: nil for a text in angle brackets that is not a placeholder.
    private static func placeholder(_ name: Substring, _ isQuoted: Bool) throws(AWSFault) -> Piece? {
        if name.hasPrefix("$") { return .path(try EventPath(String(name)), isQuoted: isQuoted) }
        return name.hasPrefix("aws.pipes.") ? .variable(String(name), isQuoted: isQuoted) : nil
    }

    /// - Parameter variables: the reserved variables by name, except the event itself.
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
        // Escaped as in JSON, because the text is inside the template's quotes.
        return String(JSON.string(value.string ?? value.text).text.dropFirst().dropLast())
    }
}
