import JSON
import Testing

@testable import JSONata

/// Whatever a function is given, it answers or refuses.
struct ExtremeArgumentTests {
    private static let numbers = [
        "0", "-1", "1.5", "9223372036854775807", "-9223372036854775808", "1e308", "-1e308", "(1/0)", "(0/0)", "5e-324",
    ]
    private static let others = [
        #""""#, #""é👍""#, #""[Y0001]-[M01]""#, ###""#,##0.00;(#)""###, "null", "true", "[]", "{}", "[[1],2]", "nothing",
        "function($a, $b) { $a }",
    ]

    private func evaluate(_ text: String) {
        var random = RandomSource(seed: 1)
        guard let expression = try? JSONataExpression(text) else { return }
        _ = try? expression.evaluate(
            bindings: ["x": [1, "two", ["three": [3]]]], random: &random, now: 1_700_000_000_000,
            limits: JSONataLimits(steps: 20_000, bytes: 100_000, depth: 40))
    }

    @Test("every function takes any arguments", arguments: JSONataLibrary.functions.keys.sorted())
    func functions(name: String) {
        let values = Self.numbers + Self.others
        let most = max(2, JSONataLibrary.functions[name]?.parameterCount ?? 0)
        evaluate("$\(name)()")
        for first in values {
            evaluate("$\(name)(\(first))")
            guard most > 1 else { continue }
            for second in values {
                evaluate("$\(name)(\(first), \(second))")
                guard most > 2 else { continue }
                for third in ["-9223372036854775808", "1e308", "(0/0)"] {
                    evaluate("$\(name)(\(first), \(second), \(third))")
                }
            }
        }
    }

    @Test(
        "every operator takes any operands",
        arguments: [
            "+", "-", "*", "/", "%", "=", "!=", "<", "<=", ">", ">=", "&", "in", "and", "or", "?:", "??", "~>", ".",
            "..",
        ])
    func operators(symbol: String) {
        let values = Self.numbers + Self.others
        for left in values {
            for right in values {
                evaluate(symbol == ".." ? "[\(left)..\(right)]" : "\(left) \(symbol) \(right)")
                evaluate("$x[\(left)] \(symbol == ".." ? "+" : symbol) $x[\(right)]")
            }
            evaluate("-\(left)")
            evaluate("$x[\(left)]")
            evaluate("$x^(\(left))")
            evaluate("$x{\(left): 1}")
            evaluate("$x ~> |$|\(left)|")
        }
    }
}
