import JSON
import Testing

@testable import JSONata

struct SignatureTests {
    private func evaluate(_ text: String, context: JSON = .null) throws -> JSON? {
        let evaluator = JSONataEvaluator(random: RandomSource(seed: 1), now: 0)
        let value = JSONataValue.json(context)
        return try evaluator.meter.json(
            try evaluator.evaluate(try JSONataExpression(text).node, value, JSONataFrame()))
    }

    @Test(
        "a call whose arguments are others than the signature's is refused, by the place of the first",
        arguments: [
            // Too few, too many, another type; behind an optional argument, too.
            ("$substring('a', true)", "T0410", 2), ("$substring('a', 1, 'b')", "T0410", 3), ("$length(1)", "T0410", 1),
            ("$split(2)", "T0410", 1), ("$string(5, {})", "T0410", 2), ("$assert(5)", "T0410", 1),
            ("$exists()", "T0410", 1), ("$exists(1, 2)", "T0410", 2), ("$power(2, 3, 4)", "T0410", 3),
            ("$map([1])", "T0410", 2), ("$map([1], 2)", "T0410", 2), ("$sort([2, 1], nothing)", "T0410", 2),
            ("$replace('a')", "T0410", 2), ("$now(1)", "T0410", 1), ("$millis(1)", "T0410", 1),
            // The types come before those of an array's elements.
            ("$join(2, /l/)", "T0410", 2), ("$join(2)", "T0412", 1), ("$join(['a', 1])", "T0412", 1),
            ("$sum('a')", "T0412", 1), ("$sum([1, 'a'])", "T0412", 1), ("$merge([1])", "T0412", 1),
            // A function that the expression defines.
            ("( $f := function($x, $y)<nn:n> { $x + $y }; $f(1, 'a') )", "T0410", 2),
            ("( $f := function($x)<a<n>:n> { $sum($x) }; $f(['a']) )", "T0412", 1),
        ])
    func refused(text: String, code: String, place: Int) {
        let fault = #expect(throws: JSONataFault.self) { try evaluate(text) }
        #expect(fault?.code == code)
        #expect(fault?.message.hasPrefix("Argument \(place) of function \"") == true, "\(fault?.message ?? "")")
    }

    @Test("a refusal names the function, a built-in one and one that is bound to a variable")
    func names() {
        func message(_ text: String) -> String? {
            #expect(throws: JSONataFault.self) { try evaluate(text) }?.message
        }
        #expect(message("$length(1)") == #"Argument 1 of function "length" does not match function signature"#)
        #expect(
            message("( $twice := function($x)<n:n> { 2 * $x }; $twice('a') )")
                == #"Argument 1 of function "twice" does not match function signature"#)
    }

    @Test(
        "a missing argument is the context, and one that is optional is missing",
        arguments: [
            ("$uppercase()", #""AB""#), ("$substring(1)", #""b""#), ("$substringBefore('b')", #""a""#),
            ("$length()", "2"), ("$contains('b')", "true"), ("$replace('a', 'c')", #""cb""#),
            ("$pad(3, '#')", #""ab#""#),
            ("$split('a')", #"["","b"]"#), ("$split('a,b', ',', 1)", #"["a"]"#), ("$string()", #""ab""#),
            ("$string([1], true)", #""[\n  1\n]""#), ("$substring('hello', 1)", #""ello""#),
            ("( $f := function($x)<s-:s> { $x & '!' }; $f() )", #""ab!""#),
        ])
    func context(text: String, value: String) throws {
        #expect(try evaluate(text, context: "ab")?.text == value)
    }

    @Test("a context of another type is refused")
    func otherContext() {
        let fault = #expect(throws: JSONataFault.self) { try evaluate("$uppercase()", context: 1) }
        #expect(fault?.code == "T0411")
        #expect(
            fault?.message == #"Context value is not a compatible type with argument 1 of function "uppercase""#)
    }

    @Test(
        "what the functions do with one value, and with what is none",
        arguments: [
            ("$sort(true)", "[true]"), ("$sort([{}])", "[{}]"),
            ("$spread([1, {'a': 2, 'b': 3}])", #"[1,{"a":2},{"b":3}]"#),
            ("$clone({'a': [1]})", #"{"a":[1]}"#), ("$reduce([1, 2], function($a, $b) { $a + $b }, nothing)", "3"),
            ("$formatBase(1 / 0)", #""Infinity""#), ("$formatBase(1e21, 16)", #""3635c9adc5dea00000""#),
            ("$formatBase(-1e19, 2)", #""-1000101011000111001000110000010010001001111010000000000000000000""#),
            ("$map([1, 2], $string)", #"["1","2"]"#), ("$sum(nothing) ?? 'none'", #""none""#), ("$count(5)", "1"),
        ])
    func values(text: String, value: String) throws {
        #expect(try evaluate(text)?.text == value)
    }

    @Test("a signature that cannot be is refused when the expression is read", arguments: ["s<n>", "(a<n>)"])
    func unreadable(signature: String) {
        let fault = #expect(throws: JSONataFault.self) { try JSONataExpression("function($x)<\(signature)>{ $x }") }
        #expect(fault?.code?.hasPrefix("S040") == true)
    }
}
