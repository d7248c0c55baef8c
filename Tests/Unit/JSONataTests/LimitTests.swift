import JSON
import Testing

@testable import JSONata

/// The bounds of one evaluation, and that everything which could pass them is counted.
struct LimitTests {
    private func evaluate(
        _ text: String, _ bindings: [String: JSON] = [:], limits: JSONataLimits = .stepFunctions
    ) throws -> JSONataResult {
        var random = RandomSource(seed: 1)
        return try JSONataExpression(text).evaluate(bindings: bindings, random: &random, now: 0, limits: limits)
    }

    private static let timeout = "Expression evaluation timeout: Check for infinite loop"
    private static let memory = "Expression evaluation memory limit exceeded: Check for excessive memory usage"
    private static let stack =
        "Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive"

    @Test(
        "an evaluation that needs more than AWS allows ends with the message of AWS",
        arguments: [
            ("$count([1..873783])", memory), ("[1..9999999] ~> $sum()", memory), ("$pad('x', 1e12)", memory),
            ("( $p := function($s, $n) { $n = 0 ? $s : $p($s & $s, $n - 1) }; $length($p('x', 23)) )", memory),
            ("( $p := function($s, $n) { $n = 0 ? $s : $p([[$s], [$s]], $n - 1) }; $p([1], 60) )", memory),
            ("( $f := function($x) { 1 + $f($x + 1) }; $f(1) )", stack),
            ("( $p := function($s, $n) { $n = 0 ? $s : $p([[$s]], $n - 1) }; $p([1], 10000) )", stack),
            ((1...200).map(String.init).joined(separator: "+"), stack),
        ])
    func tooMuch(text: String, message: String) {
        let fault = #expect(throws: JSONataFault.self) { try evaluate(text) }
        #expect(fault?.text == message)
    }

    @Test(
        "whatever makes lists and texts is counted",
        arguments: [
            "$map([1..100], function($i) { $map([1..100], function($j) { $map([1..100], $string) }) })",
            "[1..1000].[1..20]", "$count([1..200].([1..200]))", "$join([1..1000].'aaaaaaaaaa')",
            "$replace($pad('', 1000, 'a'), /a/, $pad('', 100, 'b'))",
            "$replace($pad('', 1000, 'a'), 'a', $pad('', 100, 'b'))", "$append([1..900], [1..900])",
            "[[1..900], [1..900]].$", "$zip([1..300], [1..300], [1..300], [1..300])", "$split($pad('', 1500, 'a'), '')",
            "$match($pad('', 1000, 'a'), /a/)", "$distinct([1..1000].{'a': 1 + $})", "$keys([1..1000].{$string($): 1})",
            "$spread([1..300].{'a': $, 'b': 1})", "$encodeUrl($pad('', 9000, 'ü'))",
            "{'a': $pad('', 5000), 'b': $pad('', 5000)}",
        ])
    func counted(text: String) {
        var limits = JSONataLimits.stepFunctions
        limits.bytes = 8000
        let fault = #expect(throws: JSONataFault.self) { try evaluate(text, limits: limits) }
        #expect(fault?.text == Self.memory)
    }

    @Test(
        "an evaluation that runs too long ends",
        arguments: [
            "( $f := function($x) { $f($x + 1) }; $f(1) )",
            "$match($pad('', 60000, 'a'), /^(a+)+$/)",
            "$map([1..80000], function($i) { $map([1..10], function($j) { $i * $j }) ~> $sum() })",
            "$split($pad('', 60000, 'a'), 'b')",
            "( $p := function($s, $n) { $n = 0 ? $s : $p({'a': $s, 'b': $s}, $n - 1) }; $p({'c': 1}, 60) )",
            "$sort([1..100000], function($a, $b) { $a < $b })", "$distinct([1..1000].[{'a': $}].[$])",
        ])
    func tooLong(text: String) {
        var limits = JSONataLimits.stepFunctions
        limits.steps = 50_000
        let fault = #expect(throws: JSONataFault.self) { try evaluate(text, limits: limits) }
        #expect(fault?.text == Self.timeout)
    }

    @Test(
        "what AWS accepts is accepted",
        arguments: [
            ("$count([1..873782])", "873782"),
            ("( $p := function($s, $n) { $n = 0 ? $s : $p($s & $s, $n - 1) }; $length($p('x', 22)) )", "4194304"),
            ("( $p := function($n, $s) { $n = 0 ? $s : $p($n - 1, $s + $n) }; $p(5000, 0) )", "12502500"),
            ("( $f := function($n) { $n = 0 ? 0 : 1 + $f($n - 1) }; $f(20) )", "20"),
            // Lists that are gone are not counted.
            ("$sum($map([1..1000], function($i) { $count([1..900]) }))", "900000"),
            ("$count($keys($reduce([1..500], function($a, $i) { $merge([$a, {$string($i): $i}]) }, {})))", "500"),
        ])
    func enough(text: String, expected: String) throws {
        #expect(try evaluate(text) == .json(try JSON(parsing: expected)))
    }

    @Test("a nested quantifier over forty characters is decided at once")
    func nestedQuantifiers() throws {
        let text = String(repeating: "a", count: 40)
        #expect(try evaluate("$match($text & 'b', /^(a+)+$/)", ["text": .string(text)]) == .nothing)
        #expect(try evaluate("$contains($text, /^(a|aa)+$/)", ["text": .string(text)]) == .json(true))
        #expect(
            try evaluate("$replace($text & '!', /(a*)*b|!/, '?')", ["text": .string(text)])
                == .json(.string(text + "?")))
    }

    @Test("an evaluation needs the same steps each time")
    func determinism() throws {
        let expression = try JSONataExpression("$sum($map([1..100], function($i) { $i * 2 }))")
        func succeeds(_ steps: Int) -> Bool {
            var random = RandomSource(seed: 1)
            let limits = JSONataLimits(steps: steps, bytes: 100_000, depth: 100)
            return (try? expression.evaluate(bindings: [:], random: &random, now: 0, limits: limits)) != nil
        }
        let least = (1...10_000).first(where: succeeds)
        #expect(least.map { succeeds($0) && !succeeds($0 - 1) } == true)
    }
}
