import EmulatorCore
import JSON
import Testing

@testable import EmulatedDynamoDB

@Suite struct DynamoDBExpressionTests {
    private static let item = #"""
        {"p": {"S": "abc"}, "n": {"N": "5"}, "b": {"B": "YWJj"}, "l": {"L": [{"S": "x"}, {"N": "1"}]},
         "m": {"M": {"k": {"S": "v"}}}, "ss": {"SS": ["x", "y"]}, "ns": {"NS": ["1", "2"]}, "t": {"BOOL": true}}
        """#

    private static let values = #"""
        {":a": {"S": "abc"}, ":ab": {"S": "ab"}, ":five": {"N": "5.0"}, ":six": {"N": "6"}, ":x": {"S": "x"},
         ":one": {"N": "1"}, ":S": {"S": "S"}, ":L": {"S": "L"}, ":yx": {"SS": ["y", "x"]}, ":true": {"BOOL": true}}
        """#

    private func condition(_ text: String) throws -> Condition {
        let used = try JSON(parsing: Self.values).object?.members.filter { text.contains($0.name) } ?? []
        var request = JSONObject()
        if !used.isEmpty {
            request["ExpressionAttributeValues"] = .object(JSONObject(used.map { ($0.name, $0.value) }))
        }
        if text.contains("#") { request["ExpressionAttributeNames"] = ["#s": "size", "#n": "n"] }
        var placeholders = try Placeholders(WireStructure(request: .object(request)))
        try placeholders.check()
        return try ConditionResolver.resolve(text, &placeholders)
    }

    @Test(
        "a condition expression holds or fails for an item",
        arguments: [
            ("p = :a", true), ("p <> :a", false), ("n = :five", true), ("n < :six", true), ("n >= :six", false),
            ("p < :five", false), ("NOT p = :ab", true), ("nope <> :a", true), ("nope = :a", false),
            ("nope < :a", false),
            ("attribute_exists(m.k)", true), ("attribute_exists(m.q)", false), ("attribute_not_exists(l[2])", true),
            ("attribute_exists(l[1])", true), ("begins_with(p, :ab)", true), ("begins_with(n, :ab)", false),
            ("contains(p, :x)", false), ("contains(ss, :x)", true), ("contains(ns, :one)", true),
            ("contains(l, :one)", true), ("contains(l, :six)", false), ("attribute_type(p, :S)", true),
            ("attribute_type(l, :S)", false), ("attribute_type(l, :L)", true), ("size(p) < :five", true),
            ("size(l) = size(ss)", true), ("size(n) = :one", false), ("ss = :yx", true), ("t = :true", true),
            ("n IN (:one, :five)", true), ("n IN (:one, :six)", false), ("n BETWEEN :one AND :six", true),
            ("n between :six and :six", false), ("p = :ab OR n = :five AND t = :true", true),
            ("(p = :ab OR n = :five) AND t <> :true", false), ("NOT (p = :ab OR n = :five)", false),
            ("#n = :five and attribute_not_exists(#s)", true), ("(p) = (:a)", true), ("l[0] = :x", true),
        ])
    func conditions(text: String, expected: Bool) throws {
        let item = try UncheckedItem(#require(JSON(parsing: Self.item).object)).item()
        #expect(try condition(text).holds(for: item) == expected)
    }

    @Test(
        "an invalid condition expression is refused with DynamoDB's message",
        arguments: [
            ("", "The expression can not be empty;"),
            ("a", #"Syntax error; token: "<EOF>", near: "a""#),
            ("a = ", #"Syntax error; token: "<EOF>", near: "=""#),
            ("_a = :a", #"Syntax error; token: "_", near: "_a""#),
            ("a b = :a", #"Syntax error; token: "b", near: "a b =""#),
            ("a = :a AND", #"Syntax error; token: "<EOF>", near: "AND""#),
            ("((a = :a))", "The expression has redundant parentheses;"),
            ("a = :a AND ((a = :a) OR (a = :a))", nil),
            ("foo(a)", "Invalid function name; function: foo"),
            (
                "list_append(a, b) = :a",
                "The function is not allowed in a condition expression; function: list_append"
            ),
            ("size(a)", "The function is not allowed to be used this way in an expression; function: size"),
            (
                "a = attribute_exists(b)",
                "The function is not allowed to be used this way in an expression; function: attribute_exists"
            ),
            ("name = :a", "Attribute name is a reserved keyword; reserved keyword: name"),
            ("a.Date = :a", "Attribute name is a reserved keyword; reserved keyword: Date"),
            (
                "#q = :a",
                "An expression attribute name used in the document path is not defined; attribute name: #q"
            ),
            (
                "a = :q",
                "An expression attribute value used in expression is not defined; attribute value: :q"
            ),
            (
                "attribute_exists(a, b)",
                "Incorrect number of operands for operator or function; operator or function: attribute_exists, "
                    + "number of operands: 2"
            ),
            (
                "attribute_exists(:a)",
                "Operator or function requires a document path; operator or function: attribute_exists"
            ),
            (
                "begins_with(a, :one)",
                "Incorrect operand type for operator or function; operator or function: begins_with, operand type: N"
            ),
            (
                "a = a",
                "The first operand must be distinct from the remaining operands for this operator or function; "
                    + "operator: =, first operand: [a]"
            ),
            (
                "attribute_type(a, :x)",
                "Invalid attribute type name found; type: x, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"
            ),
            (
                "a BETWEEN :six AND :one",
                "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
                    + "lower bound operand: AttributeValue: {N:6}, upper bound operand: AttributeValue: {N:1}"
            ),
            (
                "a BETWEEN :six AND :x",
                "The BETWEEN operator requires same data type for lower and upper bounds; "
                    + "lower bound operand: AttributeValue: {N:6}, upper bound operand: AttributeValue: {S:x}"
            ),
        ] as [(String, String?)])
    func invalidCondition(text: String, message: String?) throws {
        do {
            _ = try condition(text)
            #expect(message == nil)
        } catch let error as ExpressionError {
            #expect(error.message == message)
        }
    }

    private func update(_ text: String) throws -> Update {
        let request: JSON = [
            "ExpressionAttributeNames": ["#s": "size"],
            "ExpressionAttributeValues": [":n": ["N": "1"], ":s": ["S": "x"], ":l": ["L": []]],
        ]
        var placeholders = try Placeholders(WireStructure(request: request))
        try placeholders.check()
        return try UpdateResolver.resolve(text, &placeholders)
    }

    @Test(
        "an invalid update expression is refused with DynamoDB's message",
        arguments: [
            ("SET a = :n SET b = :n", #"The "SET" section can only be used once in an update expression;"#),
            ("SET _123 = :n", #"Syntax error; token: "_", near: "SET _123""#),
            ("SET a = :n,", #"Syntax error; token: "<EOF>", near: ",""#),
            ("SET size = :n", "Attribute name is a reserved keyword; reserved keyword: size"),
            ("SET a = foo(:n)", "Invalid function name; function: foo"),
            (
                "SET a = :n, a.b = :n",
                "Two document paths overlap with each other; must remove or rewrite one of these paths; "
                    + "path one: [a], path two: [a, b]"
            ),
            (
                "SET a.b = :n REMOVE a[1]",
                "Two document paths conflict with each other; must remove or rewrite one of these paths; "
                    + "path one: [a, b], path two: [a, [1]]"
            ),
            (
                "ADD a :s",
                "Incorrect operand type for operator or function; operator: ADD, operand type: STRING, "
                    + "typeSet: ALLOWED_FOR_ADD_OPERAND"
            ),
            (
                "DELETE a :n",
                "Incorrect operand type for operator or function; operator: DELETE, operand type: NUMBER, "
                    + "typeSet: ALLOWED_FOR_DELETE_OPERAND"
            ),
            (
                "SET a = list_append(a, :n)",
                "Incorrect operand type for operator or function; operator or function: list_append, operand type: N"
            ),
            (
                "SET a = b + :s",
                "Incorrect operand type for operator or function; operator or function: +, operand type: S"
            ),
            (
                "SET a = if_not_exists(:n, :n)",
                "Operator or function requires a document path; operator or function: if_not_exists"
            ),
        ])
    func invalidUpdate(text: String, message: String) {
        #expect(throws: ExpressionError(message)) { try update(text) }
    }

    @Test(
        "an update that does not fit the item is refused",
        arguments: [
            ("SET nope.b = :n", "The document path provided in the update expression is invalid for update"),
            ("SET s[0] = :n", "The document path provided in the update expression is invalid for update"),
            ("SET q = nope", "The provided expression refers to an attribute that does not exist in the item"),
            ("SET q = s + :n", "An operand in the update expression has an incorrect data type"),
            ("ADD s :n", "An operand in the update expression has an incorrect data type"),
        ])
    func inapplicableUpdate(text: String, message: String) throws {
        let item = Item(ordered: [Item.Attribute(name: "s", value: .string("x"))])
        let update = try update(text)
        do throws(DynamoDBFault) {
            _ = try update.applied(to: item)
            Issue.record("the update was applied")
        } catch {
            #expect(error.answer.message == message)
        }
    }

    @Test("an expression that is too deep or too long is refused")
    func limits() {
        let deep = String(repeating: "(", count: 2000) + "a = :a" + String(repeating: ")", count: 2000)
        #expect(throws: ExpressionError.self) { try condition(deep) }
        #expect(throws: ExpressionError.self) { try condition(String(repeating: "NOT ", count: 1000) + "a = :a") }
        #expect(throws: ExpressionError.self) { try condition(String(repeating: "x", count: 5000)) }
    }

    @Test("REMOVE needs the map or list around its path, and not the value itself")
    func removeMissing() async throws {
        let db = try DynamoDBFixture()
        try await db.makeHashTable()
        func remove(_ path: String, of key: String) -> String {
            #"{"TableName": "things", "Key": {"p": {"S": "\#(key)"}}, "UpdateExpression": "REMOVE \#(path)"}"#
        }
        try await db.send(
            "PutItem",
            #"{"TableName": "things", "Item": {"p": {"S": "k"}, "m": {"M": {"x": {"N": "1"}}}, "l": {"L": [{"N": "1"}]}}}"#
        )
        let missing = "The document path provided in the update expression is invalid for update"
        for path in ["m.y", "l[7]", "gone"] { try await db.send("UpdateItem", remove(path, of: "k")) }
        for path in ["gone.x", "gone[0]", "m.y.z", "m.x.y", "l.x"] {
            await db.expectInvalid("UpdateItem", remove(path, of: "k"), missing)
        }
        for path in ["gone.x", "gone[0]"] { await db.expectInvalid("UpdateItem", remove(path, of: "none"), missing) }
        let kept = try await db.send("GetItem", #"{"TableName": "things", "Key": {"p": {"S": "k"}}}"#)
        #expect(kept["Item"]?["m"] == ["M": ["x": ["N": "1"]]] && kept["Item"]?["l"] == ["L": [["N": "1"]]])
    }
}
