import EmulatorCore
import JSON
import Testing

@testable import EmulatedDynamoDB

/// PartiQL statements, one at a time, in batches and in transactions.
@Suite struct DynamoDBPartiQLTests {
    private let db: DynamoDBFixture

    init() async throws {
        db = try DynamoDBFixture()
        try await db.makeRangeTable()
        for n in 1...4 {
            try await run("INSERT INTO things VALUE {'p': 'a', 'c': 'k\(n)', 'n': \(n), 'm': {'x': [\(n), 'y']}}")
        }
        try await run("INSERT INTO \"things\" VALUE {'p': 'b', 'c': 'k1', 's': <<'u', 'v'>>, 'z': NULL, 't': true}")
    }

    @discardableResult
    private func run(_ statement: String, more: String = "") async throws -> JSON {
        try await db.send("ExecuteStatement", #"{"Statement": \#(JSON.string(statement).text)\#(more)}"#)
    }

    private func keys(_ answer: JSON) -> [String] {
        (answer["Items"]?.array ?? []).compactMap { $0["c"]?["S"]?.string }
    }

    @Test(
        "a selection is read by its key where the condition has one, and filtered otherwise",
        arguments: [
            ("p = 'a'", ["k1", "k2", "k3", "k4"]), ("p = 'a' AND c >= 'k3'", ["k3", "k4"]),
            ("p = 'a' AND n < 3", ["k1", "k2"]),
            ("p = 'a' AND begins_with(\"c\", 'k') AND NOT n IN [1, 2]", ["k3", "k4"]),
            ("p = 'a' AND m.x[0] BETWEEN 2 AND 3", ["k2", "k3"]),
            ("p = 'a' AND n <> 1 AND (n = 2 OR n = 4)", ["k2", "k4"]),
            ("contains(s, 'u') AND z IS NULL AND n IS MISSING AND t = true", ["k1"]),
            ("p = 'a' AND attribute_type(n, 'N') AND size(m) = 1 AND c = 'k2'", ["k2"]),
            ("p = 'a' ORDER BY c DESC", ["k4", "k3", "k2", "k1"]), ("p = 'nowhere'", []),
        ])
    func selections(condition: String, expected: [String]) async throws {
        #expect(keys(try await run("SELECT * FROM things WHERE \(condition)")) == expected)
    }

    @Test("parameters, projections and pages")
    func pages() async throws {
        let named = try await run(
            "select m.x[1], n from things where p = ? and c = ?", more: #", "Parameters": [{"S": "a"}, {"S": "k1"}]"#)
        #expect(named["Items"]?[0]?["n"]?["N"] == "1")
        let nested = try await run("SELECT m.x FROM things WHERE p = 'a' AND c = 'k2'")
        #expect(nested["Items"]?[0]?["x"]?["L"]?[0]?["N"] == "2")
        var seen: [String] = []
        var token = ""
        repeat {
            let page = try await run("SELECT * FROM things WHERE p = 'a'", more: #", "Limit": 3\#(token)"#)
            seen += keys(page)
            guard let next = page["NextToken"]?.string else { break }
            token = #", "NextToken": "\#(next)""#
        } while seen.count < 8
        #expect(seen == ["k1", "k2", "k3", "k4"])
    }

    @Test("writes change one item and return what RETURNING names")
    func writes() async throws {
        let modified = try await run(
            "UPDATE things SET n = n + 10, l = list_append(['a'], ['b']) REMOVE m WHERE p = 'a' AND c = 'k1' "
                + "RETURNING MODIFIED NEW *")
        #expect(modified["Items"]?[0] == ["l": ["L": [["S": "a"], ["S": "b"]]], "n": ["N": "11"]])
        let grown = try await run(
            "UPDATE things SET s = set_add(s, <<'w'>>) WHERE p='b' AND c='k1' RETURNING ALL NEW *")
        #expect(grown["Items"]?[0]?["s"]?["SS"]?.array?.count == 3)
        let gone = try await run("DELETE FROM things WHERE p = 'b' AND c = 'k1' RETURNING ALL OLD *")
        #expect(gone["Items"]?[0]?["p"]?["S"] == "b")
        #expect(try await run("DELETE FROM things WHERE p = 'b' AND c = 'k1'")["Items"] == [])
        let twice = await db.fault(
            "ExecuteStatement", #"{"Statement": "INSERT INTO things VALUE {'p': 'a', 'c': 'k1'}"}"#)
        #expect(twice?.code == "DuplicateItemException")
        let unmet = await db.fault(
            "ExecuteStatement", #"{"Statement": "UPDATE things SET n = 1 WHERE p = 'a' AND c = 'k2' AND n = 7"}"#)
        #expect(unmet?.code == "ConditionalCheckFailedException")
    }

    @Test(
        "a statement that cannot be performed is refused with the service's words",
        arguments: [
            ("SLECT * FROM things", "Statement wasn't well formed, can't be processed: Expected data manipulation"),
            (
                "SELECT * FROM things WHERE p = 'a' foo",
                "Statement wasn't well formed, can't be processed: Unexpected token after expression"
            ),
            ("SELECT * FROM things t WHERE p = 'a'", "Aliasing is not supported"),
            ("SELECT * FROM things WHERE p = 'a' /* open", "Statement wasn't well formed, can't be processed: "),
            ("SELECT * FROM things.other", "The table does not have the specified index"),
            ("SELECT * FROM things.a.b", "A path may contain at most 2 components in the FROM clause"),
            ("SELECT * FROM \"\" WHERE p = 'a'", "Path component cannot be an empty string"),
            ("SELECT * FROM things WHERE p = ?", "Number of parameters in request and statement don't match."),
            (
                "SELECT * FROM things WHERE p = 'a' AND n < true",
                "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL"
            ),
            (
                "UPDATE things SET n = 1 WHERE p = 'a'",
                "Where clause does not contain a mandatory equality on all key attributes"
            ),
            (
                "INSERT INTO things VALUE {'p': 'a', 'c': 'x', 'm': {'x': [1, 1e126]}}",
                "Number overflow. Attempting to store a number with magnitude larger than supported range under root.x[1]"
            ),
            (
                "DELETE FROM things WHERE p = 'x' RETURNING ALL NEW *",
                "Invalid returning clause: RETURNING ALL NEW *. Only RETURNING ALL OLD * is allowed in DELETE statements."
            ),
        ])
    func refused(statement: String, message: String) async {
        await db.expectInvalid("ExecuteStatement", #"{"Statement": \#(JSON.string(statement).text)}"#, message)
    }

    @Test("deep nesting and odd text are refused, not followed")
    func hostile() async {
        for statement in [
            "SELECT * FROM things WHERE " + String(repeating: "(", count: 2000) + "a = 1",
            "INSERT INTO things VALUE " + String(repeating: "{'a':", count: 1000), "UPDATE",
            "SELECT * FROM t WHERE a[99999999999999999999] = 1",
        ] {
            let fault = await db.fault("ExecuteStatement", #"{"Statement": \#(JSON.string(statement).text)}"#)
            #expect(fault?.code == "ValidationException")
        }
    }

    @Test("a batch answers each statement on its own")
    func batch() async throws {
        let statements = [
            "SELECT n FROM things WHERE p = 'a' AND c = 'k1'", "SELECT * FROM things WHERE p = 'a'",
            "SELECT * FROM missing WHERE p = 'a' AND c = 'k1'", "SLECT",
            "DELETE FROM things WHERE p = 'a' AND c = 'k2'",
        ]
        let members = statements.map { #"{"Statement": \#(JSON.string($0).text)}"# }.joined(separator: ", ")
        let responses = try await db.send("BatchExecuteStatement", #"{"Statements": [\#(members)]}"#)["Responses"]
        #expect(responses?[0] == ["TableName": "things", "Item": ["n": ["N": "1"]]])
        #expect(responses?[1]?["Error"]?["Code"] == "ValidationError")
        #expect(
            responses?[1]?["Error"]?["Message"]
                == "Select statements within BatchExecuteStatement must specify the primary key in the where clause.")
        #expect(responses?[2] == ["Error": ["Code": "ResourceNotFound", "Message": "Requested resource not found"]])
        #expect(responses?[3]?["Error"]?["Code"] == "ValidationError")
        #expect(responses?[4] == ["TableName": "things"])
        #expect(keys(try await run("SELECT * FROM things WHERE p = 'a'")) == ["k1", "k3", "k4"])
    }

    @Test("a transaction changes all items or none")
    func transactions() async throws {
        func transact(_ statements: [String], more: String = "") -> String {
            let members = statements.map { #"{"Statement": \#(JSON.string($0).text)}"# }.joined(separator: ", ")
            return #"{"TransactStatements": [\#(members)]\#(more)}"#
        }
        let failed = await db.fault(
            "ExecuteTransaction",
            transact([
                "INSERT INTO things VALUE {'p': 'a', 'c': 'k1'}", "UPDATE things SET n = 0 WHERE p = 'a' AND c = 'k2'",
            ]))
        #expect(failed?.code == "TransactionCanceledException")
        #expect(failed?.details["CancellationReasons"]?[0]?["Code"] == "DuplicateItem")
        #expect(failed?.details["CancellationReasons"]?[1]?["Code"] == "None")
        let increment = transact(
            ["UPDATE things SET n = n + 1 WHERE p = 'a' AND c = 'k2'"],
            more: #", "ClientRequestToken": "once", "ReturnConsumedCapacity": "TOTAL""#)
        let first = try await db.send("ExecuteTransaction", increment)
        #expect(first["ConsumedCapacity"]?[0]?["WriteCapacityUnits"]?.double == 2)
        let again = try await db.send("ExecuteTransaction", increment)
        #expect(again["ConsumedCapacity"]?[0]?["ReadCapacityUnits"]?.double == 2)
        let read = try await db.send(
            "ExecuteTransaction", transact(["SELECT n FROM things WHERE p = 'a' AND c = 'k2'"]))
        #expect(read["Responses"] == [["Item": ["n": ["N": "3"]]]])
        await db.expectInvalid(
            "ExecuteTransaction", transact(["UPDATE things SET n = 1 WHERE p = 'a' AND c = 'k2' RETURNING ALL NEW *"]),
            "Validation failed in TransactStatements[0]: RETURNING clause is not supported in ExecuteTransaction.")
    }
}
