internal import ASL
internal import EmulatorCore
internal import JSON

/// The shape of a service's answer, against which TestState checks mocks.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_MockInput.html>
indirect enum ResponseShape: Sendable {
    case any
    case object
    case boolean
    case string(length: ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case choice([Substring])
    case list(ResponseShape)
    case map(ResponseShape)
    /// A structure by its name; structures can hold themselves.
    case structure(Substring)

    struct Member: Sendable {
        let name: Substring
        let isRequired: Bool
        let shape: ResponseShape
    }

    /// - Parameter mode: `STRICT` also demands the required fields, `PRESENT` checks those that are there, `NONE` nothing.
    static func check(_ result: JSON, against resource: TaskResource, mode: String) throws(AWSFault) {
        let call = resource.text.split(separator: ":", omittingEmptySubsequences: false).dropFirst(5).joined(
            separator: ":")
        guard mode != "NONE", let shape = ResponseModel.all.shapes[call] else { return }
        try ResponseShape.structure(shape).check(result, field: "result", isStrict: mode == "STRICT")
    }

    private func check(_ value: JSON, field: String, isStrict: Bool) throws(AWSFault) {
        func refuse(_ reason: String) -> AWSFault {
            .stepFunctionsValidation("Mock result schema validation error: \(reason)")
        }
        switch self {
        case .any: return
        case .object:
            guard value.object != nil else { throw refuse("Field '\(field)' must be an object") }
        case .boolean:
            guard value.bool != nil else { throw refuse("Field '\(field)' must be a boolean") }
        case .string(let length):
            guard let text = value.string else { throw refuse("Field '\(field)' must be a string") }
            guard text.unicodeScalars.count >= length.lowerBound else {
                throw refuse("Field '\(field)' is smaller than the minimum length")
            }
            guard text.unicodeScalars.count <= length.upperBound else {
                throw refuse("Field '\(field)' exceeds the maximum length")
            }
        case .number(let range):
            guard let number = value.double else { throw refuse("Field '\(field)' must be a number") }
            guard number >= range.lowerBound else {
                throw refuse("Field '\(field)' is less than the minimum value")
            }
            guard number <= range.upperBound else { throw refuse("Field '\(field)' exceeds the maximum value") }
        case .choice(let values):
            guard let text = value.string else { throw refuse("Field '\(field)' must be a string") }
            guard values.contains(where: { $0 == text }) else {
                throw refuse("Field '\(field)' is not an expected value")
            }
        case .list(let element):
            guard let elements = value.array else { throw refuse("Field '\(field)' must be an array") }
            for value in elements { try element.check(value, field: field, isStrict: isStrict) }
        case .map(let element):
            guard let object = value.object else { throw refuse("Field '\(field)' must be an object") }
            for (_, value) in object { try element.check(value, field: field, isStrict: isStrict) }
        case .structure(let name):
            guard let object = value.object else { throw refuse("Field '\(field)' must be an object") }
            let members = ResponseModel.all.members[name] ?? []
            for member in members where isStrict && member.isRequired {
                guard object[String(member.name)] != nil else {
                    throw refuse("Required field '\(member.name)' is missing")
                }
            }
            // A field that the model does not have may be newer than the model.
            for (name, value) in object {
                try members.first { $0.name == name }?.shape.check(value, field: name, isStrict: isStrict)
            }
        }
    }
}

/// What ``responseShapes`` says.
struct ResponseModel: Sendable {
    /// By call, such as `lambda:invoke`.
    private(set) var shapes: [String: Substring] = [:]
    private(set) var members: [Substring: [ResponseShape.Member]] = [:]

    static let all = ResponseModel(responseShapes)

    init(_ text: String) {
        var shape: Substring = ""
        var joined: Substring?
        for line in text.split(separator: "\n") {
            var words = line.split(separator: " ")
            if line.first != " ", let name = words.first {
                words.removeFirst()
                shape = name.last == ":" ? name.dropLast() : name
            }
            for word in words where word != "<-" {
                let whole = joined.map { $0 + word } ?? word
                joined = whole.last == "|" ? whole : nil
                guard joined == nil else { continue }
                add(whole, to: shape)
            }
        }
    }

    private mutating func add(_ word: Substring, to shape: Substring) {
        let parts = word.split(separator: ":", maxSplits: 1)
        guard parts[0].first?.isUppercase == true else {
            shapes[String(word)] = shape
            return
        }
        let isRequired = parts[0].last == "!"
        members[shape, default: []].append(
            ResponseShape.Member(
                name: isRequired ? parts[0].dropLast() : parts[0], isRequired: isRequired, shape: Self.type(parts[1])))
    }

    private static func type(_ text: Substring) -> ResponseShape {
        switch text.first {
        case "[": return .list(type(text.dropFirst().dropLast()))
        case "{": return .map(type(text.dropFirst().dropLast()))
        default: break
        }
        if text.contains("|") { return .choice(text.split(separator: "|")) }
        let parts = text.split(separator: "(")
        let limits = parts.count == 2 ? parts[1].dropLast() : ".."
        let bounds = limits.split(separator: "..", omittingEmptySubsequences: false).map { Int($0) }
        switch parts[0] {
        case "any": return .any
        case "object": return .object
        case "boolean": return .boolean
        case "string": return .string(length: (bounds[0] ?? 0)...(bounds[1] ?? .max))
        case "number":
            return .number(
                (bounds[0].map(Double.init) ?? -Double.infinity)...(bounds[1].map(Double.init) ?? Double.infinity))
        default: return .structure(text)
        }
    }
}
