import Testing
import YAML

@Suite struct YAMLTests {
    private func parse(_ text: String) throws -> YAMLNode { try YAMLNode(parsing: text, file: "a.yaml") }

    private func fault(_ text: String, limits: YAMLLimits = YAMLLimits()) -> String? {
        do {
            _ = try YAMLNode(parsing: text, file: "a.yaml", limits: limits)
            return nil
        } catch {
            return error.description
        }
    }

    @Test("a scalar keeps its text and converts to its type") func scalars() throws {
        let node = try parse(
            "account: 0012\nflag: true\nquoted: 'true'\nnothing: ~\nempty:\nname: beer\nsize: -5\nf: 1.5")
        #expect(node["account"]?.string == "0012")
        #expect(node["account"]?.int == 12)
        #expect(node["flag"]?.bool == true)
        #expect(node["quoted"]?.bool == nil)
        #expect(node["quoted"]?.string == "true")
        #expect(node["nothing"]?.isNull == true)
        #expect(node["empty"]?.string == nil)
        #expect(node["name"]?.string == "beer")
        #expect(node["size"]?.int == -5)
        #expect(node["f"]?.double == 1.5)
        #expect(node["absent"] == nil)
    }

    @Test("a mapping keeps the order of the document") func mappingOrder() throws {
        let node = try parse("z: 1\na: 2\nm: 3\n")
        #expect(node.mapping?.keys == ["z", "a", "m"])
        #expect(node.mapping?.map(\.value.int) == [1, 2, 3])
    }

    @Test("sequences are read in block and flow style") func sequences() throws {
        let node = try parse("block:\n  - a\n  - b\nflow: [1, 2]\n")
        #expect(node["block"]?.sequence?.map(\.string) == ["a", "b"])
        #expect(node["flow"]?[1]?.int == 2)
        #expect(node["flow"]?[2] == nil)
    }

    @Test("every node knows its line and column") func positions() throws {
        let node = try parse("a: 1\nb:\n  - x\n  -   y\n")
        #expect(node["b"]?[1]?.mark == YAMLMark(line: 4, column: 7))
        #expect(node.mapping?.entry(for: "b")?.keyMark == YAMLMark(line: 2, column: 1))
    }

    @Test("CloudFormation's tags are kept") func tags() throws {
        let node = try parse(
            "a: !Ref Bucket\nb: !Sub '${A}-b'\nc: !GetAtt [Queue, Arn]\nd: !Join\n  - ','\n  - [x, !Ref y]\n")
        #expect(node["a"]?.tag == "!Ref")
        #expect(node["a"]?.string == "Bucket")
        #expect(node["b"]?.tag == "!Sub")
        #expect(node["c"]?.tag == "!GetAtt")
        #expect(node["c"]?.sequence?.map(\.string) == ["Queue", "Arn"])
        #expect(node["d"]?[1]?[1]?.tag == "!Ref")
    }

    @Test("JSON text is valid YAML") func json() throws {
        let node = try parse("{\"a\":[1,2.5,null,true,\"x\\n\\u00e9\"],\n\t\"b\":{\"c\":\"\"}}")
        #expect(node["a"]?[0]?.int == 1)
        #expect(node["a"]?[2]?.isNull == true)
        #expect(node["a"]?[3]?.bool == true)
        #expect(node["a"]?[4]?.string == "x\né")
        #expect(node["b"]?["c"]?.string == "")
    }

    @Test("an alias has the value of its anchor") func aliases() throws {
        let node = try parse("base: &b {x: 1}\nuse: *b\nlist: [*b, *b]\n")
        #expect(node["use"]?["x"]?.int == 1)
        #expect(node["list"]?.sequence?.count == 2)
    }

    @Test("an alias before its anchor or inside it is an error") func danglingAlias() {
        #expect(fault("a: *missing") == "a.yaml:1:4: expected the anchor &missing before this alias")
        #expect(fault("a: &a [*a]") == "a.yaml:1:8: expected the anchor &a before this alias")
    }

    @Test("an expansion bomb fails at the node limit") func expansionBomb() {
        var text = "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            let aliases = Array(repeating: "*l\(level - 1)", count: 10).joined(separator: ", ")
            text += "l\(level): &l\(level) [\(aliases)]\n"
        }
        #expect(fault(text)?.contains("more than 200000 nodes after aliases are resolved") == true)
    }

    @Test("nesting depth is limited, also through aliases") func depthLimit() {
        let deep = String(repeating: "[", count: 102) + String(repeating: "]", count: 102)
        #expect(fault(deep) == "a.yaml:1:102: nested deeper than 100 levels")
        var text = "l0: &l0 [x]\n"
        for level in 1...101 { text += "l\(level): &l\(level) [*l\(level - 1)]\n" }
        #expect(fault(text)?.contains("nested deeper than 100 levels through *l") == true)
        let allowed = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
        #expect(fault(allowed) == nil)
    }

    @Test(
        "an error names file, line and column",
        arguments: [
            ("a: 1\nb: 2\na: 3", "a.yaml:3:1: the key 'a' repeats (first at line 1, column 1)"),
            ("[a]: 1", "a.yaml:1:1: expected a scalar as key, not a sequence"),
            ("a: {<<: {x: 1}}", "a.yaml:1:5: merge keys (<<) are not supported; repeat the entries"),
            ("", "a.yaml:1:1: expected a document, not an empty text"),
            ("a: 1\n---\nb: 2", "a.yaml:2:1: expected the end of the text, not a second document"),
            (
                "a: [1, 2\nb: 3",
                "a.yaml:2:2: did not find expected ',' or ']', while parsing a flow sequence begun at line 1, column 4"
            ),
            (
                "a: \"x",
                "a.yaml:1:6: found unexpected end of stream, while scanning a quoted scalar begun at line 1, column 4"
            ),
        ])
    func errors(text: String, expected: String) {
        #expect(fault(text) == expected)
    }

    @Test("invalid UTF-8 is an error with its line") func invalidUTF8() {
        let text = Array("a: 1\nb: x".utf8) + [0xFF] + Array("\n".utf8)
        let error = #expect(throws: YAMLError.self) { try YAMLNode(parsing: text, file: "a.yaml") }
        #expect(error?.mark?.line == 2)
        #expect(error?.description == "a.yaml:2:5: invalid leading UTF-8 octet at byte 9")
    }

    @Test("a missing file is an error with its path") func missingFile() {
        let error = #expect(throws: YAMLError.self) { try YAMLNode(contentsOf: "/nonexistent/contract.yaml") }
        #expect(error?.description == "/nonexistent/contract.yaml: cannot be read: No such file or directory")
    }
}
