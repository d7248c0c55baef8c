internal import JSON
internal import JSONata

/// Reads one JSONPath, on its own or as an argument of an intrinsic function.
struct JSONPathParser {
    private let text: [UInt8]
    private(set) var at: Int
    private var depth = 0
    /// Deep enough for any path that people write, shallow enough for a worker's stack.
    private static let depthLimit = 50
    /// Steps of one path; each that selects several nodes takes a level of the stack.
    private static let stepLimit = 100

    init(_ text: String) {
        self.text = Array(text.utf8)
        at = 0
    }

    /// Starts at `offset` inside a longer text.
    init(_ text: [UInt8], at offset: Int) {
        self.text = text
        at = offset
    }

    mutating func parseWhole() throws(JSONPathSyntaxError) -> JSONPath {
        let path = try parsePath()
        guard at == text.count else { throw fault("unexpected character") }
        return path
    }

    mutating func parsePath() throws(JSONPathSyntaxError) -> JSONPath {
        let start = at
        guard skip("$") else { throw fault("a path starts with '$'") }
        var root = JSONPath.Root.input
        if skip("$") {
            root = .context
        } else if let name = identifier() {
            root = .variable(name)
        }
        let steps = try parseSteps()
        return JSONPath(text: String(decoding: text[start..<at], as: UTF8.self), root: root, steps: steps)
    }

    private func fault(_ reason: String) -> JSONPathSyntaxError { JSONPathSyntaxError(reason: reason, byte: at) }

    private var next: UInt8? { at < text.count ? text[at] : nil }

    private mutating func skip(_ literal: String) -> Bool {
        let end = at + literal.utf8.count
        guard end <= text.count, text[at..<end].elementsEqual(literal.utf8) else { return false }
        at = end
        return true
    }

    private mutating func skipSpace() { while next == 0x20 { at += 1 } }

    private static func continuesName(_ byte: UInt8) -> Bool {
        byte >= 0x80 || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }

    private mutating func identifier() -> String? {
        let start = at
        while let byte = next, Self.continuesName(byte), byte != UInt8(ascii: "-") { at += 1 }
        return at > start ? String(decoding: text[start..<at], as: UTF8.self) : nil
    }

    private mutating func name() -> String? {
        let start = at
        // A name after a dot runs until something that structures the path, so `.a:b` and `.a/b` are names too.
        while let byte = next,
            Self.continuesName(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "/")
                || byte == UInt8(ascii: "#") || byte == UInt8(ascii: "$")
        {
            at += 1
        }
        return at > start ? String(decoding: text[start..<at], as: UTF8.self) : nil
    }

    private mutating func parseSteps() throws(JSONPathSyntaxError) -> [JSONPath.Step] {
        var steps: [JSONPath.Step] = []
        while let byte = next {
            guard steps.count < Self.stepLimit else { throw fault("more than \(Self.stepLimit) steps") }
            if skip("..") {
                steps.append(.descendants(next == UInt8(ascii: "[") ? try parseBrackets() : try parseDotted()))
            } else if byte == UInt8(ascii: ".") {
                at += 1
                // `$.[0]` is `$[0]`.
                steps.append(next == UInt8(ascii: "[") ? try parseBrackets() : try parseDotted())
            } else if byte == UInt8(ascii: "[") {
                steps.append(try parseBrackets())
            } else {
                break
            }
        }
        return steps
    }

    private mutating func parseDotted() throws(JSONPathSyntaxError) -> JSONPath.Step {
        if skip("*") { return .wildcard }
        guard let name = name() else { throw fault("expected a name") }
        if skip("()") {
            guard let function = JSONPathFunction(rawValue: name) else { throw fault("unknown function \(name)()") }
            return .function(function)
        }
        return .name(name)
    }

    private mutating func parseBrackets() throws(JSONPathSyntaxError) -> JSONPath.Step {
        at += 1
        skipSpace()
        let step: JSONPath.Step
        if skip("*") {
            step = .wildcard
        } else if skip("?") {
            skipSpace()
            guard skip("(") else { throw fault("expected '('") }
            let filter = try parseAlternatives()
            skipSpace()
            guard skip(")") else { throw fault("expected ')'") }
            step = .filter(filter)
        } else if next == UInt8(ascii: "'") || next == UInt8(ascii: "\"") {
            step = try parseNames()
        } else {
            step = try parseIndices()
        }
        skipSpace()
        guard skip("]") else { throw fault("expected ']'") }
        return step
    }

    private mutating func parseNames() throws(JSONPathSyntaxError) -> JSONPath.Step {
        var names: [String] = []
        repeat {
            skipSpace()
            names.append(try parseQuoted())
            skipSpace()
        } while skip(",")
        return names.count == 1 ? .name(names[0]) : .names(names)
    }

    private mutating func parseQuoted() throws(JSONPathSyntaxError) -> String {
        guard let quote = next, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
            throw fault("expected a quoted name")
        }
        at += 1
        var bytes: [UInt8] = []
        while let byte = next {
            at += 1
            if byte == quote { return String(decoding: bytes, as: UTF8.self) }
            if byte == UInt8(ascii: "\\"), let escaped = next {
                at += 1
                bytes.append(escaped)
            } else {
                bytes.append(byte)
            }
        }
        throw fault("the path ends inside quotes")
    }

    private mutating func integer() -> Int? {
        let start = at
        _ = skip("-")
        while let byte = next, (0x30...0x39).contains(byte) { at += 1 }
        guard let value = Int(String(decoding: text[start..<at], as: UTF8.self)) else {
            at = start
            return nil
        }
        return value
    }

    private mutating func parseIndices() throws(JSONPathSyntaxError) -> JSONPath.Step {
        let first = integer()
        skipSpace()
        if skip(":") {
            skipSpace()
            let end = integer()
            skipSpace()
            let stride = skip(":") ? integer() : nil
            guard stride.map({ $0 > 0 }) ?? true else { throw fault("a slice's step must be positive") }
            return .slice(from: first, to: end, by: stride ?? 1)
        }
        guard let first else { throw fault("expected an index, a slice or a quoted name") }
        var indices = [first]
        while skip(",") {
            skipSpace()
            guard let index = integer() else { throw fault("expected an index") }
            indices.append(index)
            skipSpace()
        }
        return indices.count == 1 ? .index(first) : .indices(indices)
    }
}

// MARK: Filters

extension JSONPathParser {
    private mutating func parseAlternatives() throws(JSONPathSyntaxError) -> JSONPathFilter {
        var filter = try parseConjunction()
        skipSpace()
        while skip("||") {
            filter = .or(filter, try parseConjunction())
            skipSpace()
        }
        return filter
    }

    private mutating func parseConjunction() throws(JSONPathSyntaxError) -> JSONPathFilter {
        var filter = try parseTest()
        skipSpace()
        while skip("&&") {
            filter = .and(filter, try parseTest())
            skipSpace()
        }
        return filter
    }

    private mutating func parseTest() throws(JSONPathSyntaxError) -> JSONPathFilter {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { throw fault("nested too deeply") }
        skipSpace()
        if skip("(") {
            let filter = try parseAlternatives()
            skipSpace()
            guard skip(")") else { throw fault("expected ')'") }
            return filter
        }
        if skip("!") { return .not(try parseTest()) }
        let left = try parseOperand()
        skipSpace()
        guard let comparison = JSONPathFilter.Comparison.allCases.first(where: { skip($0.rawValue) }) else {
            return .exists(left)
        }
        skipSpace()
        return .compare(left, comparison, try parseOperand())
    }

    private mutating func parseOperand() throws(JSONPathSyntaxError) -> JSONPathFilter.Operand {
        skipSpace()
        if skip("@") { return .element(try parseSteps()) }
        switch next {
        case UInt8(ascii: "$"):
            at += 1
            return .root(try parseSteps())
        case UInt8(ascii: "'"), UInt8(ascii: "\""): return .literal(.string(try parseQuoted()))
        case UInt8(ascii: "/"): return try parsePattern()
        case UInt8(ascii: "["): return .literal(try parseList())
        default: return .literal(try parseWord())
        }
    }

    private mutating func parsePattern() throws(JSONPathSyntaxError) -> JSONPathFilter.Operand {
        at += 1
        let start = at
        while let byte = next, byte != UInt8(ascii: "/") { at += byte == UInt8(ascii: "\\") ? 2 : 1 }
        guard at < text.count else { throw fault("the path ends inside a regular expression") }
        let pattern = String(decoding: text[start..<at], as: UTF8.self)
        at += 1
        do {
            return .pattern(try JSONPathPattern(pattern, ignoresCase: skip("i")))
        } catch {
            throw fault("the regular expression cannot be read: \(error.reason)")
        }
    }

    private mutating func parseList() throws(JSONPathSyntaxError) -> JSON {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthLimit else { throw fault("nested too deeply") }
        at += 1
        var elements: [JSON] = []
        skipSpace()
        while !skip("]") {
            guard case .literal(let element) = try parseOperand() else { throw fault("expected a literal") }
            elements.append(element)
            skipSpace()
            _ = skip(",")
            skipSpace()
            guard next != nil else { throw fault("expected ']'") }
        }
        return .array(elements)
    }

    private mutating func parseWord() throws(JSONPathSyntaxError) -> JSON {
        let start = at
        while let byte = next, Self.continuesName(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "+") {
            at += 1
        }
        let word = String(decoding: text[start..<at], as: UTF8.self)
        guard let value = try? JSON(parsing: word) else { throw fault("unknown literal '\(word)'") }
        return value
    }
}
