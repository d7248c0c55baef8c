internal import JSON

/// What an expression can be: JSON, a sequence of results, a function, or nothing.
enum JSONataValue {
    case undefined
    case json(JSON)
    case list(JSONataList)
    case function(JSONataFunction)

    static func number(_ value: Double) -> JSONataValue { .json(JSON.decimalText(value)) }
    static func string(_ value: String) -> JSONataValue { .json(.string(value)) }
    static func bool(_ value: Bool) -> JSONataValue { .json(.bool(value)) }
    static func array(_ elements: [JSONataValue]) -> JSONataValue { .list(JSONataList(items: elements)) }

    var isUndefined: Bool { if case .undefined = self { true } else { false } }

    /// The elements of an array or a sequence; nil for anything else.
    var elements: [JSONataValue]? {
        switch self {
        case .json(.array(let elements)): elements.map { .json($0) }
        case .list(let list): list.items
        default: nil
        }
    }

    var string: String? { if case .json(.string(let text)) = self { text } else { nil } }
    var number: Double? { if case .json(.number(let number)) = self { number.double } else { nil } }
    var object: JSONObject? { if case .json(.object(let object)) = self { object } else { nil } }
    var function: JSONataFunction? { if case .function(let function) = self { function } else { nil } }

    /// The value as JSON; nil for nothing. Functions inside arrays vanish.
    var json: JSON? {
        switch self {
        case .undefined, .function: nil
        case .json(let value): value
        case .list(let list): .array(list.items.compactMap(\.json))
        }
    }

    /// Elements for an operation that takes one value for a list of one.
    var asElements: [JSONataValue] {
        if case .undefined = self { return [] }
        return elements ?? [self]
    }

    /// - SeeAlso: <https://docs.jsonata.org/boolean-functions#boolean>
    var isTruthy: Bool {
        switch self {
        case .undefined, .function: return false
        case .json(.null): return false
        case .json(.bool(let value)): return value
        case .json(.string(let text)): return !text.isEmpty
        case .json(.number(let number)): return (number.double ?? 0) != 0
        case .json(.object(let object)): return !object.isEmpty
        case .json(.array), .list:
            let elements = elements ?? []
            return elements.count == 1 ? elements[0].isTruthy : elements.contains(where: \.isTruthy)
        }
    }

    /// `number`, `string`…: as AWS's error texts name the type.
    var typeName: String {
        switch self {
        case .undefined: "undefined"
        case .function: "function"
        case .list, .json(.array): "array"
        case .json(.null): "null"
        case .json(.bool): "boolean"
        case .json(.number): "number"
        case .json(.string): "string"
        case .json(.object): "object"
        }
    }

    func isEqual(to other: JSONataValue) -> Bool {
        guard let left = json, let right = other.json else { return false }
        return left.isEquivalent(to: right)
    }
}

/// An array in the making. A sequence of one is the one, unless something says otherwise.
struct JSONataList {
    var items: [JSONataValue]
    var isSequence = false
    var keepsSingleton = false
    /// Made by an array constructor inside a path, and so not flattened into the results around it.
    var isConstructed = false

    /// The sequence as a value: nothing when empty, the item alone when there is one.
    var collapsed: JSONataValue {
        guard isSequence else { return .list(self) }
        if items.isEmpty { return .undefined }
        return items.count == 1 && !keepsSingleton ? items[0] : .list(self)
    }
}

/// A function as a value.
enum JSONataFunction {
    case builtIn(String)
    case lambda(parameters: [String], body: JSONataNode, frame: JSONataFrame)
    indirect case partial(JSONataFunction, [JSONataValue?])
    indirect case composed(JSONataFunction, JSONataFunction)
    case transform(pattern: JSONataNode, update: JSONataNode, delete: JSONataNode?, frame: JSONataFrame)
    case regex(JSONataRegex)

    /// How many arguments a higher-order function should hand over.
    var parameterCount: Int {
        switch self {
        case .builtIn(let name): JSONataLibrary.functions[name]?.arity.upperBound ?? 1
        case .lambda(let parameters, _, _): parameters.count
        case .partial(_, let arguments): arguments.filter { $0 == nil }.count
        case .composed(let first, _): first.parameterCount
        case .transform, .regex: 1
        }
    }
}

/// The variables of a block or a call, inside those of the blocks around it.
final class JSONataFrame {
    private var bindings: [String: JSONataValue] = [:]
    private let parent: JSONataFrame?

    init(inside parent: JSONataFrame? = nil) { self.parent = parent }

    func bind(_ name: String, _ value: JSONataValue) { bindings[name] = value }

    func lookUp(_ name: String) -> JSONataValue? { bindings[name] ?? parent?.lookUp(name) }
}
