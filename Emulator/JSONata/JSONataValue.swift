internal import JSON

/// What an expression can be: JSON, a number that was computed, a sequence of results, a function, or nothing.
enum JSONataValue {
    case undefined
    case json(JSON)
    case double(Double)
    case list(JSONataList)
    case function(JSONataFunction)

    static func number(_ value: Double) -> JSONataValue { .double(value) }
    static func int(_ value: Int) -> JSONataValue { .json(.int(value)) }
    static func string(_ value: String) -> JSONataValue { .json(.string(value)) }
    static func bool(_ value: Bool) -> JSONataValue { .json(.bool(value)) }

    var isUndefined: Bool { if case .undefined = self { true } else { false } }

    /// The elements of an array or a sequence; nil for anything else.
    var elements: [JSONataValue]? {
        switch self {
        case .json(.array(let elements)): elements.map { .json($0) }
        case .list(let list): list.items
        default: nil
        }
    }

    /// How many elements ``asElements`` has.
    var elementCount: Int {
        switch self {
        case .undefined: 0
        case .json(.array(let elements)): elements.count
        case .list(let list): list.items.count
        default: 1
        }
    }

    var isArray: Bool {
        switch self {
        case .json(.array), .list: true
        default: false
        }
    }

    var string: String? { if case .json(.string(let text)) = self { text } else { nil } }
    var number: Double? {
        switch self {
        case .double(let number): number
        case .json(.number(let number)): number.double
        default: nil
        }
    }
    var object: JSONObject? { if case .json(.object(let object)) = self { object } else { nil } }
    var function: JSONataFunction? { if case .function(let function) = self { function } else { nil } }

    /// Elements for an operation that takes one value for a list of one.
    var asElements: [JSONataValue] {
        if case .undefined = self { return [] }
        return elements ?? [self]
    }

    /// `number`, `string`…: as `$type` names it.
    var typeName: String {
        switch self {
        case .undefined: "undefined"
        case .function: "function"
        case .list, .json(.array): "array"
        case .json(.null): "null"
        case .json(.bool): "boolean"
        case .json(.number), .double: "number"
        case .json(.string): "string"
        case .json(.object): "object"
        }
    }
}

/// An array, or a sequence of results. A sequence of one value is that value, unless a flag keeps it.
struct JSONataList {
    let items: [JSONataValue]
    var isSequence = false
    var keepsSingleton = false
    /// Made by an array constructor inside a path, and so not flattened into the results around it.
    var isConstructed = false
    /// Lists inside lists.
    let height: Int
    private let charge: JSONataCharge

    /// - Throws: when the list is too large or nested too deeply.
    init(_ items: [JSONataValue], isSequence: Bool = false, _ meter: JSONataMeter) throws(JSONataFault) {
        var (bytes, height) = (0, 0)
        for item in items {
            bytes += item.bytesInList
            if case .list(let list) = item { height = max(height, list.height) }
        }
        try meter.spend(items.count)
        guard height < JSONataMeter.heightLimit else { throw .tooDeep }
        self.items = items
        self.isSequence = isSequence
        self.height = height + 1
        charge = try meter.charge(bytes: bytes)
    }

    var bytes: Int { charge.bytes }

    /// The sequence as a value: nothing when empty, the item alone when there is one.
    var collapsed: JSONataValue {
        guard isSequence else { return .list(self) }
        if items.isEmpty { return .undefined }
        return items.count == 1 && !keepsSingleton ? items[0] : .list(self)
    }
}

extension JSONataValue {
    /// What the value adds to the size of a list. The contents of objects are counted when they are made.
    var bytesInList: Int {
        switch self {
        case .json(.string(let text)): text.utf8.count + 8
        case .json(.array), .json(.object): 64
        case .list(let list): list.bytes + 8
        default: 8
        }
    }
}

/// A function as a value.
enum JSONataFunction {
    case builtIn(String)
    case lambda(JSONataParameters, body: JSONataNode, input: [JSONataValue], frame: JSONataFrame)
    indirect case partial(JSONataFunction, [JSONataValue?])
    indirect case composed(JSONataFunction, JSONataFunction)
    case transform(pattern: JSONataNode, update: JSONataNode, delete: JSONataNode?, frame: JSONataFrame)
    case regex(JSONataRegex)

    /// How many arguments a higher-order function passes at most.
    var parameterCount: Int {
        switch self {
        case .builtIn(let name): JSONataLibrary.functions[name]?.parameterCount ?? 1
        case .lambda(let parameters, _, _, _): parameters.names.count
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
    /// The items that lead to the context, the nearest last; nil where the frame has none of its own.
    private let ancestors: [JSONataValue]?

    init(inside parent: JSONataFrame? = nil, ancestors: [JSONataValue]? = nil) {
        self.parent = parent
        self.ancestors = ancestors
    }

    /// The ancestors of the context.
    var allAncestors: [JSONataValue] {
        var frame: JSONataFrame? = self
        while let current = frame {
            if let ancestors = current.ancestors { return ancestors }
            frame = current.parent
        }
        return []
    }

    /// What `%` means.
    var parentItem: JSONataValue? { allAncestors.last }

    func bind(_ name: String, _ value: JSONataValue) { bindings[name] = value }

    func lookUp(_ name: String) -> JSONataValue? {
        var frame: JSONataFrame? = self
        while let current = frame {
            if let value = current.bindings[name] { return value }
            frame = current.parent
        }
        return nil
    }
}
