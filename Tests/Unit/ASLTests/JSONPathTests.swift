import JSON
import Testing

@testable import ASL

struct JSONPathTests {
    private let store: JSON

    init() throws {
        store = try JSON(
            parsing: """
                {"book": [{"title": "A", "price": 8.95, "isbn": "1"}, {"title": "B", "price": 12},
                          {"title": "C", "price": 22.99}],
                 "odd name": {"x.y": true}}
                """)
    }

    @Test(
        "a path selects the nodes that it names",
        arguments: [
            ("$.book[0].title", #""A""#), ("$.book[-1].title", #""C""#), ("$['odd name']['x.y']", "true"),
            ("$.book[*].title", #"["A","B","C"]"#), ("$.book[1:].title", #"["B","C"]"#),
            ("$.book[:1].title", #"["A"]"#),
            ("$.book[0,2].title", #"["A","C"]"#), ("$..title", #"["A","B","C"]"#), ("$.book.length()", "3"),
            ("$.book[?(@.price > 10)].title", #"["B","C"]"#), ("$.book[?(@.isbn)].title", #"["A"]"#),
            ("$.book[?(!@.isbn && @.price == 12)].title", #"["B"]"#),
            ("$.book[?(@.title =~ /a|b/i)].title", #"["A","B"]"#),
            ("$.book[?(@.title in ['C'])].price", "[22.99]"), ("$.nothing[*].at.all", "[]"), ("$.nothing[1:]", "[]"),
        ])
    func selection(text: String, expected: String) throws {
        #expect(try JSONPath(text).evaluate(on: store, EvaluationBudget()) == JSON(parsing: expected))
    }

    @Test(
        "a definite path without a match reports where it ends",
        arguments: [
            ("$.none", "No results for path: $['none']"),
            ("$.none.deeper", "Missing property in path $['none']"),
            ("$.book[9]", "No results for path: $['book'][9]"),
        ])
    func missingNode(text: String, message: String) throws {
        let path = try JSONPath(text)
        #expect(throws: JSONPathMiss(message: message)) { try path.evaluate(on: store, EvaluationBudget()) }
    }

    @Test(
        "an invalid path is refused",
        arguments: ["", "book", "$.", "$[", "$['a", "$[?(@.a]", "$.a b", "$.book[::-1]", "$.book.size()"])
    func invalidPath(text: String) {
        #expect(throws: JSONPathSyntaxError.self) { try JSONPath(text) }
    }

    @Test("a result is stored at its reference path, which creates the missing objects")
    func referencePath() throws {
        let path = try #require(ReferencePath(try JSONPath("$.a.b[0].c")))
        #expect(try path.put(1, into: ["a": ["b": [["d": 2]]]]) == ["a": ["b": [["d": 2, "c": 1]]]])
        let deep = try #require(ReferencePath(try JSONPath("$.x.y")))
        #expect(try deep.put(true, into: [:]) == ["x": ["y": true]])
        let error = #expect(throws: ASLFault.self) { try deep.put(true, into: ["x": 5]) }
        #expect(error?.error == "States.ResultPathMatchFailure")
        #expect(ReferencePath(try JSONPath("$.a[*]")) == nil)
    }

    @Test("a path that visits the document again and again is given up")
    func budget() throws {
        var nested: JSON = [1]
        for _ in 0..<30 { nested = ["a": nested, "b": 1] }
        let path = try JSONPath("$..*..*..*..*")
        let miss = #expect(throws: JSONPathMiss.self) { try path.evaluate(on: nested, EvaluationBudget(limit: 10_000)) }
        #expect(miss?.isExhausted == true)
        #expect(try JSONPath("$..b").evaluate(on: nested, EvaluationBudget(limit: 10_000)).array?.count == 30)
    }

    @Test("a regular expression with nested quantifiers is decided at once")
    func linearPattern() throws {
        let text = String(repeating: "a", count: 40) + "b"
        let path = try JSONPath("$[?(@ =~ /(a+)+/)]")
        #expect(try path.evaluate(on: [.string(text), "aaa"], EvaluationBudget()) == ["aaa"])
    }

    @Test("filters nested too deeply are refused")
    func depth() {
        let text = "$[?" + String(repeating: "(", count: 10_000) + "@.a" + String(repeating: ")", count: 10_000) + "]"
        #expect(throws: JSONPathSyntaxError.self) { try JSONPath(text) }
    }
}
