internal import EmulatorCore

/// An expression over series of values: arithmetic, comparisons and the common functions.
///
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html>
struct MetricMath: Sendable {
    indirect enum Node: Sendable {
        case number(Double)
        case name(String)
        case text(String)
        case list([Node])
        case negative(Node)
        case binary(String, Node, Node)
        case call(String, [Node])
    }

    enum Value {
        case scalar(Double)
        case series([Int64: Double])
        case list([[Int64: Double]])
    }

    private let root: Node
    /// The IDs of the queries that the expression uses.
    let names: Set<String>

    private static let functions: Set = [
        "SUM", "AVG", "MIN", "MAX", "METRICS", "FILL", "ABS", "CEIL", "FLOOR", "IF", "STDDEV", "METRIC_COUNT",
        "DATAPOINT_COUNT", "FIRST", "LAST",
    ]

    /// - Throws: ``AWSFault`` for an expression that does not parse, or that uses what is not emulated.
    init(_ text: String) throws(AWSFault) {
        var parser = Parser(text)
        root = try parser.parse()
        names = parser.names
    }

    func evaluate(
        _ series: [String: [Int64: Double]], _ metrics: [(id: String, values: [Int64: Double])]
    ) throws(AWSFault) -> [Int64: Double] {
        let times = Set(metrics.flatMap { $0.values.keys })
        switch try value(of: root, series, metrics, times) {
        case .series(let values): return values
        case .scalar(let value): return Dictionary(uniqueKeysWithValues: times.map { ($0, value) })
        case .list: throw AWSFault("ValidationError", "The expression gives several series; it must give one.")
        }
    }

    private func value(
        of node: Node, _ series: [String: [Int64: Double]], _ metrics: [(id: String, values: [Int64: Double])],
        _ times: Set<Int64>
    ) throws(AWSFault) -> Value {
        switch node {
        case .number(let number): return .scalar(number)
        case .name(let name): return .series(series[name] ?? [:])
        case .text: throw AWSFault("ValidationError", "A text stands where a value is expected.")
        case .negative(let node): return Self.map(try value(of: node, series, metrics, times)) { -$0 }
        case .list(let nodes):
            var list: [[Int64: Double]] = []
            for node in nodes {
                switch try value(of: node, series, metrics, times) {
                case .series(let values): list.append(values)
                case .scalar(let number): list.append(Dictionary(uniqueKeysWithValues: times.map { ($0, number) }))
                case .list(let values): list += values
                }
            }
            return .list(list)
        case .binary(let symbol, let left, let right):
            return Self.combine(
                symbol, try value(of: left, series, metrics, times), try value(of: right, series, metrics, times))
        case .call(let name, let arguments):
            if name == "METRICS" {
                var part = ""
                if case .text(let text)? = arguments.first { part = text }
                return .list(metrics.filter { part.isEmpty || $0.id.contains(part) }.map(\.values))
            }
            if name == "FILL", case .name(let mode)? = arguments.dropFirst().first, mode == "REPEAT" || mode == "LINEAR"
            {
                throw .notEmulated("FILL with \(mode) in CloudWatch's expressions")
            }
            var values: [Value] = []
            for argument in arguments { values.append(try value(of: argument, series, metrics, times)) }
            return try Self.call(name, values, times)
        }
    }

    private static func map(_ value: Value, _ change: (Double) -> Double) -> Value {
        switch value {
        case .scalar(let number): .scalar(change(number))
        case .series(let values): .series(values.mapValues(change))
        case .list(let list): .list(list.map { $0.mapValues(change) })
        }
    }

    /// A time without a value on either side has none.
    private static func combine(_ symbol: String, _ left: Value, _ right: Value) -> Value {
        switch (left, right) {
        case (.scalar(let left), .scalar(let right)): return .scalar(apply(symbol, left, right))
        case (.series(let left), .scalar(let right)): return .series(left.mapValues { apply(symbol, $0, right) })
        case (.scalar(let left), .series(let right)): return .series(right.mapValues { apply(symbol, left, $0) })
        case (.series(let left), .series(let right)):
            var values: [Int64: Double] = [:]
            for (time, value) in left {
                guard let other = right[time] else { continue }
                let result = apply(symbol, value, other)
                if result.isFinite { values[time] = result }
            }
            return .series(values)
        case (.list(let list), let other):
            return .list(
                list.compactMap {
                    if case .series(let values) = combine(symbol, .series($0), other) { values } else { nil }
                })
        case (let other, .list(let list)):
            return .list(
                list.compactMap {
                    if case .series(let values) = combine(symbol, other, .series($0)) { values } else { nil }
                })
        }
    }

    private static func apply(_ symbol: String, _ left: Double, _ right: Double) -> Double {
        switch symbol {
        case "+": return left + right
        case "-": return left - right
        case "*": return left * right
        case "/": return left / right
        case "^": return power(left, right)
        case ">": return left > right ? 1 : 0
        case "<": return left < right ? 1 : 0
        case ">=": return left >= right ? 1 : 0
        case "<=": return left <= right ? 1 : 0
        case "==": return left == right ? 1 : 0
        case "!=": return left != right ? 1 : 0
        case "AND", "&&": return left != 0 && right != 0 ? 1 : 0
        default: return left != 0 || right != 0 ? 1 : 0
        }
    }

    /// Whole exponents only; others have no value.
    private static func power(_ base: Double, _ exponent: Double) -> Double {
        guard let times = Int(exactly: exponent), times.magnitude <= 64 else {
            return exponent == 0.5 ? base.squareRoot() : .nan
        }
        let result = (0..<Int(times.magnitude)).reduce(1.0) { product, _ in product * base }
        return times < 0 ? 1 / result : result
    }

    private static func call(_ name: String, _ arguments: [Value], _ times: Set<Int64>) throws(AWSFault) -> Value {
        guard let first = arguments.first else {
            throw AWSFault("ValidationError", "The function \(name) needs an argument.")
        }
        switch name {
        case "ABS": return map(first) { abs($0) }
        case "CEIL": return map(first) { $0.rounded(.up) }
        case "FLOOR": return map(first) { $0.rounded(.down) }
        case "FILL":
            guard case .scalar(let filler)? = arguments.dropFirst().first else {
                throw AWSFault("ValidationError", "FILL needs a series and a number.")
            }
            func filled(_ values: [Int64: Double]) -> [Int64: Double] {
                times.reduce(into: values) { $0[$1] = $0[$1] ?? filler }
            }
            switch first {
            case .series(let values): return .series(filled(values))
            case .list(let list): return .list(list.map(filled))
            case .scalar: return first
            }
        case "IF":
            guard arguments.count == 3 else { throw AWSFault("ValidationError", "IF needs three arguments.") }
            return choose(first, arguments[1], arguments[2], times)
        case "METRIC_COUNT":
            if case .list(let list) = first { return .scalar(Double(list.count)) }
            return .scalar(1)
        default: return try aggregate(name, first)
        }
    }

    private static func choose(_ test: Value, _ then: Value, _ otherwise: Value, _ times: Set<Int64>) -> Value {
        func at(_ time: Int64, _ value: Value) -> Double? {
            switch value {
            case .scalar(let number): number
            case .series(let values): values[time]
            case .list: nil
            }
        }
        var values: [Int64: Double] = [:]
        for time in times {
            guard let holds = at(time, test) else { continue }
            values[time] = at(time, holds != 0 ? then : otherwise)
        }
        return .series(values)
    }

    /// Of a series: one number. Of several series: a series with a value for each time that any of them has.
    private static func aggregate(_ name: String, _ value: Value) throws(AWSFault) -> Value {
        func one(_ numbers: [Double]) -> Double {
            switch name {
            case "SUM": return numbers.reduce(0, +)
            case "MIN": return numbers.min() ?? 0
            case "MAX": return numbers.max() ?? 0
            case "DATAPOINT_COUNT": return Double(numbers.count)
            case "FIRST": return numbers.first ?? 0
            case "LAST": return numbers.last ?? 0
            default:
                let mean = numbers.reduce(0, +) / Double(max(1, numbers.count))
                guard name == "STDDEV" else { return mean }
                return (numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, numbers.count)))
                    .squareRoot()
            }
        }
        switch value {
        case .scalar: return value
        case .series(let values): return .scalar(one(values.sorted { $0.key < $1.key }.map(\.value)))
        case .list(let list):
            var columns: [Int64: [Double]] = [:]
            for values in list { for (time, value) in values { columns[time, default: []].append(value) } }
            return .series(columns.mapValues(one))
        }
    }

    // MARK: Parsing

    private struct Parser {
        private let text: [Character]
        private var at = 0
        private var depth = 0
        var names: Set<String> = []

        init(_ text: String) { self.text = Array(text) }

        private static let depthLimit = 40
        /// From the loosest to the tightest.
        private static let levels = [
            ["||", "OR"], ["&&", "AND"], ["==", "!=", ">=", "<=", ">", "<"], ["+", "-"], ["*", "/"], ["^"],
        ]

        mutating func parse() throws(AWSFault) -> Node {
            let node = try operation(0)
            skipSpaces()
            guard at == text.count else { throw fault("an operator or the end") }
            return node
        }

        private func fault(_ expected: String) -> AWSFault {
            AWSFault(
                "ValidationError",
                "Error in expression '\(String(text))': expected \(expected) at character \(at + 1).")
        }

        private mutating func skipSpaces() { while at < text.count, text[at].isWhitespace { at += 1 } }

        private mutating func take(_ symbol: String) -> Bool {
            skipSpaces()
            let characters = Array(symbol)
            guard text[at...].starts(with: characters) else { return false }
            if symbol.first?.isLetter == true, at + characters.count < text.count, text[at + characters.count].isLetter
            {
                return false
            }
            at += characters.count
            return true
        }

        private mutating func operation(_ level: Int) throws(AWSFault) -> Node {
            guard level < Self.levels.count else { return try primary() }
            depth += 1
            defer { depth -= 1 }
            guard depth < Self.depthLimit * Self.levels.count else { throw fault("fewer levels") }
            var left = try operation(level + 1)
            while let symbol = Self.levels[level].first(where: { take($0) }) {
                left = .binary(symbol, left, try operation(level + 1))
            }
            return left
        }

        private mutating func primary() throws(AWSFault) -> Node {
            if take("-") { return .negative(try operation(Self.levels.count - 1)) }
            if take("(") {
                let node = try operation(0)
                guard take(")") else { throw fault(")") }
                return node
            }
            if take("[") { return .list(try arguments(until: "]")) }
            skipSpaces()
            guard at < text.count else { throw fault("a value") }
            if text[at] == "\"" || text[at] == "'" { return try quoted() }
            if text[at].isNumber || text[at] == "." { return try number() }
            return try name()
        }

        private mutating func quoted() throws(AWSFault) -> Node {
            let mark = text[at]
            let start = at + 1
            guard let end = text[start...].firstIndex(of: mark) else { throw fault("the end of a text") }
            at = end + 1
            return .text(String(text[start..<end]))
        }

        private mutating func number() throws(AWSFault) -> Node {
            let start = at
            while at < text.count, text[at].isNumber || text[at] == "." { at += 1 }
            guard let value = Double(String(text[start..<at])) else { throw fault("a number") }
            return .number(value)
        }

        private mutating func name() throws(AWSFault) -> Node {
            let start = at
            while at < text.count, text[at].isLetter || text[at].isNumber || text[at] == "_" { at += 1 }
            let name = String(text[start..<at])
            guard !name.isEmpty else { throw fault("a value") }
            guard take("(") else {
                if name != "REPEAT", name != "LINEAR" { names.insert(name) }
                return .name(name)
            }
            guard MetricMath.functions.contains(name) else {
                throw .notEmulated("The function \(name) in CloudWatch's expressions")
            }
            return .call(name, try arguments(until: ")"))
        }

        private mutating func arguments(until end: String) throws(AWSFault) -> [Node] {
            var nodes: [Node] = []
            if take(end) { return nodes }
            repeat { nodes.append(try operation(0)) } while take(",")
            guard take(end) else { throw fault(", or \(end)") }
            return nodes
        }
    }
}
