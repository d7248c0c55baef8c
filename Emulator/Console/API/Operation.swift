internal import JSON

/// One operation of the API: its place, its parameters and what it does. The description that the console publishes and the
/// checks of requests come from here alone.
struct Operation: Sendable {
    enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
    }

    /// A parameter in the query or in the path.
    struct Parameter: Sendable {
        enum Kind: Sendable {
            case text
            case number(ClosedRange<Int>)
            case choice([String])
        }

        let name: String
        let kind: Kind
        let about: String
        var isInPath = false
        var isRequired = false
        var example: String?
    }

    /// A member of the body.
    struct Member: Sendable {
        enum Kind: Sendable {
            case text
            case texts
            case bool
            case choice([String])
        }

        let name: String
        let kind: Kind
        let about: String
        var isRequired = false
        var example: String?
    }

    let method: Method
    /// Below `/console/api/`: `files/{id}`.
    let path: String
    let id: String
    let summary: String
    var parameters: [Parameter] = []
    var body: [Member] = []
    /// The members of the answer with their types: `records:list next:text?`, where a question mark says that one may be null
    /// or missing.
    let answer: String
    /// Whether it changes the pipeline. The console of an account refuses it unless it was allowed.
    var changes = false
    let perform: @Sendable (Arguments, any ConsoleSource) throws(ConsoleFault) -> JSON
}

/// The checked values of a request's parameters and body.
struct Arguments: Sendable {
    fileprivate(set) var texts: [String: String] = [:]
    fileprivate(set) var numbers: [String: Int] = [:]
    fileprivate(set) var lists: [String: [String]] = [:]
    fileprivate(set) var flags: [String: Bool] = [:]

    subscript(text name: String) -> String? { texts[name] }
    subscript(number name: String) -> Int? { numbers[name] }
    subscript(list name: String) -> [String]? { lists[name] }
    subscript(flag name: String) -> Bool { flags[name] ?? false }

    /// What must be there, and was checked to be.
    func required(_ name: String) throws(ConsoleFault) -> String {
        guard let text = texts[name] else { throw .badRequest("\(name) is missing") }
        return text
    }
}

extension Operation {
    /// The largest body that is read.
    static let bodyLimit = 1 << 20

    /// The values of the path's parameters; nil if the path is another operation's.
    func match(_ segments: [String]) -> [String: String]? {
        let own = path.split(separator: "/")
        guard own.count == segments.count else { return nil }
        var values: [String: String] = [:]
        for (part, segment) in zip(own, segments) {
            if part.hasPrefix("{") {
                guard !segment.isEmpty else { return nil }
                values[String(part.dropFirst().dropLast())] = segment
            } else if part != segment {
                return nil
            }
        }
        return values
    }

    /// Checks what a request gives.
    func arguments(
        path values: [String: String], query: [(name: String, value: String)], body: [UInt8]
    ) throws(ConsoleFault) -> Arguments {
        var arguments = Arguments()
        var given = values
        for (name, value) in query {
            guard let parameter = parameters.first(where: { $0.name == name && !$0.isInPath }) else {
                let known = parameters.filter { !$0.isInPath }.map(\.name)
                throw .badRequest(
                    "there is no parameter \(name); "
                        + (known.isEmpty ? "there are none" : "expected \(known.joined(separator: ", "))"))
            }
            guard given.updateValue(value, forKey: parameter.name) == nil else {
                throw .badRequest("\(name) is given twice")
            }
        }
        for parameter in parameters {
            guard let value = given[parameter.name] else {
                if parameter.isRequired { throw .badRequest("\(parameter.name) is missing: \(parameter.about)") }
                continue
            }
            switch parameter.kind {
            case .text:
                guard !value.isEmpty else { throw .badRequest("\(parameter.name) is empty: \(parameter.about)") }
                arguments.texts[parameter.name] = value
            case .number(let range):
                guard let number = Int(value), range.contains(number) else {
                    throw .badRequest(
                        "\(parameter.name): expected a number from \(range.lowerBound) to \(range.upperBound), "
                            + "not \(value)")
                }
                arguments.numbers[parameter.name] = number
            case .choice(let choices):
                guard choices.contains(value) else {
                    throw .badRequest(
                        "\(parameter.name): expected \(choices.joined(separator: ", ")), not \(value)")
                }
                arguments.texts[parameter.name] = value
            }
        }
        if !self.body.isEmpty { try read(body, into: &arguments) }
        return arguments
    }

    private func read(_ bytes: [UInt8], into arguments: inout Arguments) throws(ConsoleFault) {
        guard let object = (try? JSON(parsing: bytes))?.object else {
            throw .badRequest("the body is not a JSON object")
        }
        for (name, _) in object where !body.contains(where: { $0.name == name }) {
            throw .badRequest("there is no member \(name); expected \(body.map(\.name).joined(separator: ", "))")
        }
        for member in body {
            guard let value = object[member.name] else {
                if member.isRequired { throw .badRequest("\(member.name) is missing: \(member.about)") }
                continue
            }
            switch member.kind {
            case .text:
                guard let text = value.string, !text.isEmpty else {
                    throw .badRequest("\(member.name): expected a text that is not empty")
                }
                arguments.texts[member.name] = text
            case .choice(let choices):
                guard let text = value.string, choices.contains(text) else {
                    throw .badRequest("\(member.name): expected \(choices.joined(separator: ", "))")
                }
                arguments.texts[member.name] = text
            case .bool:
                guard let flag = value.bool else { throw .badRequest("\(member.name): expected true or false") }
                arguments.flags[member.name] = flag
            case .texts:
                guard let values = value.array, values.count <= 1000 else {
                    throw .badRequest("\(member.name): expected a list of at most 1000 texts")
                }
                var texts: [String] = []
                for value in values {
                    guard let text = value.string else { throw .badRequest("\(member.name): expected a list of texts") }
                    texts.append(text)
                }
                arguments.lists[member.name] = texts
            }
        }
    }
}
