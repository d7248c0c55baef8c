internal import JSON

/// The types of a function's arguments, such as `<s-nn?:s>`: a call is checked by it, and a missing argument taken from the
/// context.
///
/// The reference makes a regular expression of a signature, and matches it with a letter for each argument; this does the
/// same without one.
/// - SeeAlso: <https://docs.jsonata.org/embedding-extending#function-signature-syntax>
struct JSONataSignature: Hashable, Sendable {
    private struct Parameter: Hashable, Sendable {
        /// The letters of the types that it takes, a bit each.
        var types: UInt32
        var isArray = false
        /// The type of an array's elements; nil for any.
        var element: UInt8?
        var isOptional = false
        var isRepeated = false
        /// Whether a missing one is the context, if that has one of these types.
        var contextTypes: UInt32?
    }

    private var parameters: [Parameter] = []

    /// - Parameter text: the signature, without its angle brackets around.
    init(_ text: String) throws(JSONataFault) {
        var letters = Array(text.utf8)[...]
        while let letter = letters.popFirst(), letter != UInt8(ascii: ":") {
            switch letter {
            case UInt8(ascii: "s"), UInt8(ascii: "n"), UInt8(ascii: "b"), UInt8(ascii: "l"), UInt8(ascii: "o"):
                parameters.append(Parameter(types: Self.bit(letter) | Self.missing))
            case UInt8(ascii: "a"): parameters.append(Parameter(types: Self.any, isArray: true))
            case UInt8(ascii: "f"): parameters.append(Parameter(types: Self.bit(letter)))
            case UInt8(ascii: "j"): parameters.append(Parameter(types: Self.any & ~Self.bit(UInt8(ascii: "f"))))
            case UInt8(ascii: "x"): parameters.append(Parameter(types: Self.any))
            case UInt8(ascii: "("):
                var types = Self.missing
                while let choice = letters.popFirst(), choice != UInt8(ascii: ")") {
                    guard choice != UInt8(ascii: "<") else {
                        throw JSONataFault("S0402", "Choice groups containing parameterized types are not supported")
                    }
                    types |= Self.bit(choice)
                }
                parameters.append(Parameter(types: types))
            case UInt8(ascii: "<"):
                guard let last = parameters.last, last.isArray || last.types == Self.bit(UInt8(ascii: "f")) else {
                    throw JSONataFault(
                        "S0401",
                        "Type parameters can only be applied to functions and arrays")
                }
                if last.isArray { parameters[parameters.count - 1].element = letters.first }
                var open = 1
                while open > 0, let inner = letters.popFirst() {
                    if inner == UInt8(ascii: "<") { open += 1 } else if inner == UInt8(ascii: ">") { open -= 1 }
                }
            case UInt8(ascii: "-"): change { $0.contextTypes = $0.types }
            case UInt8(ascii: "?"): change { $0.isOptional = true }
            case UInt8(ascii: "+"): change { $0.isRepeated = true }
            default: break
            }
        }
    }

    private mutating func change(_ body: (inout Parameter) -> Void) {
        if !parameters.isEmpty { body(&parameters[parameters.count - 1]) }
    }

    // MARK: Types

    private static func bit(_ letter: UInt8) -> UInt32 { 1 << UInt32(letter & 31) }
    private static let missing = bit(UInt8(ascii: "m"))
    private static let any: UInt32 = "asnblfom".utf8.reduce(0) { $0 | bit($1) }

    private static func letter(of value: JSONataValue) -> UInt8 {
        switch value {
        case .undefined: UInt8(ascii: "m")
        case .function: UInt8(ascii: "f")
        case .list, .json(.array): UInt8(ascii: "a")
        case .json(.null): UInt8(ascii: "l")
        case .json(.bool): UInt8(ascii: "b")
        case .json(.number), .double: UInt8(ascii: "n")
        case .json(.string): UInt8(ascii: "s")
        case .json(.object): UInt8(ascii: "o")
        }
    }

    private static func name(ofElements letter: UInt8) -> String {
        switch letter {
        case UInt8(ascii: "a"): "arrays"
        case UInt8(ascii: "b"): "booleans"
        case UInt8(ascii: "f"): "functions"
        case UInt8(ascii: "n"): "numbers"
        case UInt8(ascii: "o"): "objects"
        default: "strings"
        }
    }

    // MARK: Arguments

    /// The arguments with which the function is to run.
    /// - Throws: ``JSONataFault`` T0410 where a type is another one, T0411 where the context's is, T0412 where an element's is.
    func checked(
        _ arguments: [JSONataValue], of function: String, context: JSONataValue
    ) throws(JSONataFault) -> [JSONataValue] {
        let letters = arguments.map(Self.letter)
        if isOneEach(letters) {
            for (position, parameter) in parameters.enumerated() {
                try check(arguments[position], parameter, position, function)
            }
            return arguments
        }
        guard let counts = match(letters[...], parameters[...], toEnd: true) else {
            throw Self.mismatch(firstMismatch(letters), function)
        }
        var checked: [JSONataValue] = []
        var position = 0
        for (parameter, count) in zip(parameters, counts) {
            for _ in 0..<count {
                try check(arguments[position], parameter, position, function)
                checked.append(arguments[position])
                position += 1
            }
            guard count == 0 else { continue }
            guard let types = parameter.contextTypes else {
                checked.append(.undefined)
                continue
            }
            guard types & Self.bit(Self.letter(of: context)) != 0 else {
                throw JSONataFault(
                    "T0411",
                    "Context value is not a compatible type with argument \(position + 1) of function \"\(function)\"")
            }
            checked.append(context)
        }
        while let last = checked.last, last.isUndefined, checked.count > arguments.count { checked.removeLast() }
        return checked
    }

    /// Whether each parameter takes the argument at its place, as in most calls.
    private func isOneEach(_ letters: [UInt8]) -> Bool {
        guard letters.count == parameters.count else { return false }
        for (letter, parameter) in zip(letters, parameters) where parameter.types & Self.bit(letter) == 0 {
            return false
        }
        return true
    }

    /// How many arguments each parameter takes, the first as many as they can; nil if that is not possible.
    private func match(
        _ letters: ArraySlice<UInt8>, _ parameters: ArraySlice<Parameter>, toEnd: Bool
    ) -> [Int]? {
        guard let parameter = parameters.first else { return letters.isEmpty || !toEnd ? [] : nil }
        let most = parameter.isRepeated ? letters.count : 1
        let least = parameter.isOptional || parameter.contextTypes != nil ? 0 : 1
        let fitting = letters.prefix(most).prefix { parameter.types & Self.bit($0) != 0 }.count
        guard fitting >= least else { return nil }
        for count in stride(from: fitting, through: least, by: -1) {
            if let rest = match(letters.dropFirst(count), parameters.dropFirst(), toEnd: toEnd) {
                return [count] + rest
            }
        }
        return nil
    }

    /// The place of the first argument that no parameter takes.
    private func firstMismatch(_ letters: [UInt8]) -> Int {
        var good = 0
        for count in 1...max(1, parameters.count) {
            guard let counts = match(letters[...], parameters.prefix(count), toEnd: false) else { return good }
            good = counts.reduce(0, +)
        }
        return good
    }

    private func check(
        _ argument: JSONataValue, _ parameter: Parameter, _ position: Int, _ function: String
    ) throws(JSONataFault) {
        guard parameter.isArray, let element = parameter.element else { return }
        switch argument {
        case .undefined: return
        case .json(.array(let elements)):
            if elements.allSatisfy({ Self.letter(of: .json($0)) == element }) { return }
        case .list(let list):
            if list.items.allSatisfy({ Self.letter(of: $0) == element }) { return }
        default:
            if Self.letter(of: argument) == element { return }
        }
        throw JSONataFault(
            "T0412",
            "Argument \(position + 1) of function \"\(function)\" must be an array of \"\(Self.name(ofElements: element))\""
        )
    }

    static func mismatch(_ position: Int, _ function: String) -> JSONataFault {
        JSONataFault("T0410", "Argument \(position + 1) of function \"\(function)\" does not match function signature")
    }
}

/// The parameters of a function that an expression defines.
struct JSONataParameters: Hashable, Sendable {
    let names: [String]
    /// The variable to which the function is bound at once, for messages; empty for none.
    var function = ""
    /// What is asked of the arguments; nil for nothing.
    let signature: JSONataSignature?
}
