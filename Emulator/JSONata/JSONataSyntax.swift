package import JSON

/// A compiled JSONata expression.
///
/// Not emulated: `$eval`, which Step Functions leaves out, and `$clone`.
/// - SeeAlso: <https://docs.jsonata.org/overview>
package struct JSONataExpression: Sendable, Hashable {
    /// As written, without the spaces around it.
    package let text: String
    let node: JSONataNode
    /// Whether the paths have to keep what leads to each of their results: for `%`, `@` and `#`.
    let usesTuples: Bool

    /// - Throws: ``JSONataFault`` S… for a syntax error.
    package init(_ text: String) throws(JSONataFault) {
        self.text = text
        var parser = JSONataParser(try JSONataLexer.tokens(of: text))
        node = try parser.parseWhole()
        usesTuples = parser.usesTuples
    }

    /// The variables that the expression reads and does not bind itself.
    package var freeVariables: Set<String> { node.freeVariables(bound: []) }

    /// The names that the expression looks up in its context, of which Step Functions has none; each once, in the order
    /// of the text.
    package var topLevelReferences: [String] {
        var names: [String] = []
        node.addTopLevelReferences(to: &names)
        return names
    }

    /// The value of the expression.
    ///
    /// - Parameters:
    ///   - bindings: the variables that the expression can read.
    ///   - random: where `$random` and `$uuid` take their numbers from.
    ///   - now: what `$now` and `$millis` answer, in milliseconds since 1970.
    /// - Throws: ``JSONataFault``, also for an evaluation that needs more than `limits`.
    package func evaluate(
        bindings: [String: JSON], random: inout RandomSource, now: Int64,
        limits: JSONataLimits = .stepFunctions
    ) throws(JSONataFault) -> JSONataResult {
        var steps = 0
        return try evaluate(bindings: bindings, random: &random, now: now, limits: limits, countingIn: &steps)
    }

    /// - Parameter steps: grows by the steps that the evaluation took, also when it fails.
    package func evaluate(
        bindings: [String: JSON], random: inout RandomSource, now: Int64, limits: JSONataLimits,
        countingIn steps: inout Int
    ) throws(JSONataFault) -> JSONataResult {
        let frame = JSONataFrame()
        for (name, value) in bindings { frame.bind(name, .json(value)) }
        let evaluator = JSONataEvaluator(random: random, now: now, limits: limits, usesTuples: usesTuples)
        defer {
            random = evaluator.random
            steps += evaluator.meter.stepsUsed
        }
        let value = try evaluator.evaluate(node, .undefined, frame)
        if case .function = value { return .function }
        return try evaluator.meter.json(value).map { .json($0) } ?? .nothing
    }
}

/// What an expression evaluates to.
package enum JSONataResult: Sendable, Hashable {
    case json(JSON)
    /// A function, which JSON cannot hold.
    case function
    /// No value, as for a path that leads nowhere.
    case nothing
}

indirect enum JSONataNode: Sendable, Hashable {
    case literal(JSON)
    /// `$name`; empty for `$`, the context, and `$` for `$$`, the root.
    case variable(String)
    case regex(JSONataRegex)
    case path(JSONataPath)
    case binary(JSONataOperator, JSONataNode, JSONataNode)
    case negative(JSONataNode)
    case array([JSONataNode])
    case object([JSONataPair])
    case block([JSONataNode])
    case condition(JSONataNode, then: JSONataNode, else: JSONataNode?)
    case bind(String, JSONataNode)
    case lambda(JSONataParameters, body: JSONataNode)
    case call(JSONataNode, [JSONataNode])
    /// A call with `?` for arguments to come.
    case partial(JSONataNode, [JSONataNode?])
    /// `left ~> right`
    case apply(JSONataNode, JSONataNode)
    case transform(pattern: JSONataNode, update: JSONataNode, delete: JSONataNode?)
    /// `#$name` behind predicates: binds the position of what they have left.
    case position(String)
    /// A node that is not a path, with predicates and perhaps a grouping behind it.
    case filtered(JSONataNode, predicates: [JSONataNode], keepsArray: Bool, group: [JSONataPair]?)
}

struct JSONataPair: Sendable, Hashable {
    let key: JSONataNode
    let value: JSONataNode
}

struct JSONataRegex: Sendable, Hashable {
    let pattern: String
    let ignoresCase: Bool
    let isMultiline: Bool
    let compiled: LinearRegex

    init(pattern: String, ignoresCase: Bool, isMultiline: Bool) throws(JSONataFault) {
        self.pattern = pattern
        self.ignoresCase = ignoresCase
        self.isMultiline = isMultiline
        do {
            compiled = try LinearRegex(pattern, ignoresCase: ignoresCase, isMultiline: isMultiline)
        } catch {
            throw JSONataFault("S0303", "The regular expression /\(pattern)/ cannot be read: \(error.reason)")
        }
    }

    static func == (left: JSONataRegex, right: JSONataRegex) -> Bool {
        (left.pattern, left.ignoresCase, left.isMultiline) == (right.pattern, right.ignoresCase, right.isMultiline)
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(pattern)
        hasher.combine(ignoresCase)
        hasher.combine(isMultiline)
    }
}

struct JSONataPath: Sendable, Hashable {
    var steps: [JSONataStep]
    var keepsArray = false
    var group: [JSONataPair]?
}

struct JSONataStep: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case name(String)
        case wildcard
        case descendants
        case expression(JSONataNode)
        /// `%`
        case parent
        case sort([JSONataSortTerm])
    }

    var kind: Kind
    var predicates: [JSONataNode] = []
    /// `@$name`: the variable that takes each result, while the context stays.
    var focus: String?
    /// `#$name`: the variable that takes the position of each result.
    var index: String?
}

struct JSONataSortTerm: Sendable, Hashable {
    let node: JSONataNode
    let isDescending: Bool
}

enum JSONataOperator: String, Sendable, Hashable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case remainder = "%"
    case equal = "="
    case notEqual = "!="
    case less = "<"
    case greater = ">"
    case lessOrEqual = "<="
    case greaterOrEqual = ">="
    case concatenate = "&"
    case and
    case or
    case isIn = "in"
    case range = ".."
    case elvis = "?:"
    case coalesce = "??"
}

/// An error of JSONata with its code.
///
/// - SeeAlso: <https://github.com/jsonata-js/jsonata/blob/master/src/jsonata.js>
package struct JSONataFault: Error, Sendable, Hashable {
    /// Nil where a limit ended the evaluation.
    package let code: String?
    package let message: String

    init(_ code: String?, _ message: String) {
        self.code = code
        self.message = message
    }

    /// `T2002: The right side …`
    package var text: String { code.map { "\($0): \(message)" } ?? message }
}
