internal import JSON
internal import JSONata

/// A compiled JSONPath of the States Language: over the input (`$`), the context object (`$$`) or a variable (`$name`).
///
/// A path is definite when it can only ever name one node; every other path yields an array.
/// - SeeAlso: <https://states-language.net/spec.html#path>
public struct JSONPath: Sendable, Equatable {
    /// What the path starts from.
    public enum Root: Sendable, Equatable {
        case input
        case context
        case variable(String)
    }

    public let text: String
    public let root: Root
    let steps: [Step]

    /// Selects children of one node.
    indirect enum Step: Sendable, Equatable {
        case name(String)
        case names([String])
        case index(Int)
        case indices([Int])
        case slice(from: Int?, to: Int?, by: Int)
        case wildcard
        case filter(JSONPathFilter)
        /// The step applied to the node and to all nodes below it.
        case descendants(Step)
        case function(JSONPathFunction)
    }

    /// - Throws: ``JSONPathSyntaxError`` with the position of the first character that does not belong.
    public init(_ text: String) throws(JSONPathSyntaxError) {
        var parser = JSONPathParser(text)
        self = try parser.parseWhole()
    }

    init(text: String, root: Root, steps: [Step]) {
        self.text = text
        self.root = root
        self.steps = steps
    }

    var isDefinite: Bool {
        steps.allSatisfy { step in
            switch step {
            case .name, .index, .function: true
            default: false
            }
        }
    }

    /// Whether the path may say where a result goes: definite, and without functions.
    var isReference: Bool {
        steps.allSatisfy { step in
            switch step {
            case .name, .index: true
            default: false
            }
        }
    }

    /// The path as the error texts spell it: `$['a'][0]`.
    func bracketed(through count: Int? = nil) -> String {
        steps.prefix(count ?? steps.count).reduce("$") { text, step in text + step.bracketed }
    }
}

extension JSONPath.Step {
    var bracketed: String {
        switch self {
        case .name(let name): "['\(name)']"
        case .names(let names): "[" + names.map { "'\($0)'" }.joined(separator: ",") + "]"
        case .index(let index): "[\(index)]"
        case .indices(let indices): "[" + indices.map(String.init).joined(separator: ",") + "]"
        case .slice(let from, let to, _): "[\(from.map(String.init) ?? ""):\(to.map(String.init) ?? "")]"
        case .wildcard: "[*]"
        case .filter: "[?]"
        case .descendants(let step): ".." + step.bracketed
        case .function(let function): ".\(function.rawValue)()"
        }
    }
}

/// The functions that may end a path.
enum JSONPathFunction: String, Sendable, Equatable {
    case length, min, max, sum, avg
}

/// The test of a filter step, `[?(…)]`.
indirect enum JSONPathFilter: Sendable, Equatable {
    case compare(Operand, Comparison, Operand)
    case exists(Operand)
    case not(JSONPathFilter)
    case and(JSONPathFilter, JSONPathFilter)
    case or(JSONPathFilter, JSONPathFilter)

    enum Comparison: String, Sendable, Equatable, CaseIterable {
        case equal = "=="
        case notEqual = "!="
        case lessOrEqual = "<="
        case greaterOrEqual = ">="
        case less = "<"
        case greater = ">"
        case matches = "=~"
        case isIn = "in"
        case isNotIn = "nin"
    }

    enum Operand: Sendable, Equatable {
        /// A path from the element under test (`@`).
        case element([JSONPath.Step])
        /// A path from the root of the document.
        case root([JSONPath.Step])
        case literal(JSON)
        /// A regular expression between slashes; `i` for any case.
        case pattern(JSONPathPattern)
    }
}

/// The regular expression of a filter; it has to match the whole text.
struct JSONPathPattern: Sendable, Equatable {
    let text: String
    let ignoresCase: Bool
    private let regex: LinearRegex

    init(_ text: String, ignoresCase: Bool) throws(LinearRegexError) {
        self.text = text
        self.ignoresCase = ignoresCase
        regex = try LinearRegex(text, ignoresCase: ignoresCase)
    }

    func matchesWhole(_ text: String) -> Bool { regex.matchesWhole(text) }

    static func == (left: JSONPathPattern, right: JSONPathPattern) -> Bool {
        (left.text, left.ignoresCase) == (right.text, right.ignoresCase)
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(text)
        hasher.combine(ignoresCase)
    }
}

/// Why a text is not a JSONPath.
public struct JSONPathSyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
    public let reason: String
    /// Offset in UTF-8 bytes.
    public let byte: Int
    public var description: String { "\(reason) at character \(byte)" }
}
