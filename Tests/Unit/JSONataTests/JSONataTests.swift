import JSON
import Testing

@testable import JSONata

struct JSONataTests {
    private func evaluate(_ text: String) throws -> JSON? {
        let frame = JSONataFrame()
        let document = try JSON(
            parsing: """
                {"orders": [{"id": 1, "lines": [{"sku": "a", "price": 2.5, "n": 2}, {"sku": "b", "price": 10, "n": 1}]},
                            {"id": 2, "lines": [{"sku": "a", "price": 2.5, "n": 4}]}],
                 "big": 12345678901234567890, "odd name": "x", "flags": [true], "none": []}
                """)
        frame.bind("doc", .json(document))
        let evaluator = JSONataEvaluator(random: RandomSource(seed: 1), now: 0)
        return try evaluator.meter.json(
            try evaluator.evaluate(try JSONataExpression(text).node, .json(document), frame))
    }

    @Test(
        "an expression has its documented value",
        arguments: [
            // Paths flatten, and a sequence with one element is that element.
            ("orders.id", "[1,2]"),
            ("orders[0].id", "1"),
            ("orders[-1].lines.sku", #""a""#),
            ("orders.lines.sku", #"["a","b","a"]"#),
            ("orders[id=2].lines[0].n", "4"),
            ("orders.lines[price>5].sku", #""b""#),
            ("orders.lines[price>5].sku[]", #"["b"]"#),
            ("$doc.flags", "[true]"), ("$doc.none", "[]"), ("`odd name`", #""x""#),
            ("$doc.big", "12345678901234567890"),
            ("**.sku", #"["a","b","a"]"#), ("orders[0].lines[0].*", #"["a",2.5,2]"#), ("orders^(>id).id", "[2,1]"),
            ("orders.lines{sku: $sum(n)}", #"{"a":6,"b":1}"#), ("$sum(orders.lines.(price * n))", "25"),
            // Operators.
            ("1 + 2 * 3", "7"), ("-(2 - 5) % 2", "1"), ("'a' & 1 & null & true", #""a1nulltrue""#), ("7 / 2", "3.5"),
            ("1 = 1.0 and 'a' != 'b' or false", "true"), ("2 in [1, 2]", "true"), ("[1..3]", "[1,2,3]"),
            ("missing ?? 'default'", #""default""#), ("'' ?: 'other'", #""other""#), ("missing = missing", "false"),
            ("flags[0] ? 'yes' : 'no'", #""yes""#), ("( $x := 2; $f := function($n) { $n * $x }; $f(21) )", "42"),
            ("( $fact := function($n) { $n <= 1 ? 1 : $n * $fact($n - 1) }; $fact(10) )", "3628800"),
            // Functions.
            ("$map([1,2,3], function($v, $i) { $v * $i })", "[0,2,6]"),
            ("$filter([1,2,3], function($v) { $v > 1 })", "[2,3]"),
            ("$reduce([1,2,3], function($a, $b) { $a + $b }, 10)", "16"),
            ("$sort([3,1,2], function($l, $r) { $l < $r })", "[3,2,1]"),
            ("$uppercase('é') & $trim('  a  b ')", #""Éa b""#), ("$substring('hello', -3, 2)", #""ll""#),
            ("$pad('x', -3, '*')", #""**x""#), ("$split('a1b2c', /[0-9]/)", #"["a","b","c"]"#),
            ("$replace('265USD', /([0-9]+)USD/, '$$$1')", #""$265""#), ("$match('ababbab', /ab/)[1].index", "2"),
            ("$number('0x1F') + $number('1e2')", "131"), ("$round(2.5) & $round(123.456, 2)", #""2123.46""#),
            ("$merge([{'a': 1}, {'a': 2, 'b': 3}])", #"{"a":2,"b":3}"#), ("$keys({'a': 1, 'b': 2})", #"["a","b"]"#),
            ("$each({'a': 1}, function($v, $k) { $k & $v })", #""a1""#), ("$distinct([1, 1.0, 'a'])", #"[1,"a"]"#),
            ("$string({'a': [1]})", #""{\"a\":[1]}""#), ("$exists(missing) or $boolean([0, 1])", "true"),
            ("$partition([1,2,3], 2)", "[[1,2],[3]]"), ("$range(0, 6, 3)", "[0,3,6]"), ("$parse('{\"a\": 1}').a", "1"),
            ("$hash('input data', 'MD5')", #""812f45842bc6d66ee14572ce20db8e86""#),
            ("$type([]) & $count(missing)", #""array0""#), ("[1 / 0, -1 / 0]", #"["Infinity","-Infinity"]"#),
            ("$random(42)", "0.7275636800328681"), ("0.1 + 0.2 & ''", #""0.3""#),
            ("( $p := function($n, $s) { $n = 0 ? $s : $p($n - 1, $s + $n) }; $p(1000, 0) )", "500500"),
            ("$fromMillis(0)", #""1970-01-01T00:00:00.000Z""#), ("$toMillis('1970-01-01T01:00:00.001+01:00')", "1"),
            ("$encodeUrl('a b/ü')", #""a%20b/%C3%BC""#), ("$decodeUrl('a%20b/%C3%BC+')", #""a b/ü+""#),
            ("$encodeUrlComponent('a b/ü')", #""a%20b%2F%C3%BC""#),
            (
                "$ ~> |orders[id=1]|{'id': 9}, 'lines'| ~> $lookup('orders')",
                #"[{"id":9},{"id":2,"lines":[{"sku":"a","price":2.5,"n":4}]}]"#
            ),
        ])
    func values(text: String, expected: String) throws {
        #expect(try evaluate(text) == JSON(parsing: expected))
    }

    @Test("the absence of a value differs from null")
    func nothing() throws {
        #expect(try evaluate("missing.deeper") == nil)
        #expect(try evaluate("null") == .null)
        #expect(try evaluate("[missing, null]") == [.null])
    }

    @Test(
        "an evaluation error has its code",
        arguments: [
            ("1 + 'a'", "T2002"),
            ("'a' < 1", "T2009"),
            ("$nothing()", "T1006"),
            ("sum(1)", "T1005"),
            ("$sum('a')", "T0412"),
            ("$error('own words')", "D3137"), ("$decodeUrl('%')", "D3140"), ("$decodeUrlComponent('%FF')", "D3140"),
            ("$toMillis('1970-02-30')", "D3110"), ("{1: 2}", "T1003"), ("$number('x')", "D3030"),
            ("[1..1e9]", "D2014"), ("$match('ab', /x*/)", "D1004"), ("orders^(lines)", "T2008"),
            ("$eval('1')", "T1006"),
        ])
    func evaluationErrors(text: String, code: String) {
        let fault = #expect(throws: JSONataFault.self) { try evaluate(text) }
        #expect(fault?.code == code)
    }

    @Test(
        "a syntax error has its code",
        arguments: [
            ("", "S0207"),
            ("1 +", "S0207"),
            ("(1", "S0203"),
            ("'a", "S0101"),
            ("a.1", "S0213"), ("true.a", "S0213"), ("(1).a.2", "S0213"),
            ("1 := 2", "S0212"),
            ("/a", "S0302"),
            ("a ]", "S0201"),
        ])
    func syntaxErrors(text: String, code: String) {
        let fault = #expect(throws: JSONataFault.self) { try JSONataExpression(text) }
        #expect(fault?.code == code)
    }

    @Test("the free variables of an expression are those that it does not bind")
    func freeVariables() throws {
        let expression = try JSONataExpression("( $own := $a; $map($b, function($v) { $v + $own + $c }) )")
        #expect(expression.freeVariables == ["a", "b", "c"])
    }
}
