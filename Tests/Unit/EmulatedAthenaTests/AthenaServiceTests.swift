import EmulatorCore
import Foundation
import JSON
import TestServices
import Testing

@testable import EmulatedAthena
@testable import EmulatedS3

@Suite struct AthenaServiceTests {
    @Test("values are written as Athena writes them") func values() async throws {
        let fixture = try await AthenaFixture()
        let rows = try await fixture.rows(
            """
            SELECT 7 / 2, 7e0 / 2, 1e10, 1e-5, true, NULL, 'a"b', DATE '2026-01-31', TIMESTAMP '2026-01-31 10:00:00',
              ARRAY[1, NULL], MAP(ARRAY['k'], ARRAY[2.5]), CAST(ROW(1, 'x') AS ROW(a bigint, b varchar)), X'0aff', 1.50
            """)
        #expect(
            rows == [
                [
                    "3", "3.5", "1.0E10", "1.0E-5", "true", nil, "a\"b", "2026-01-31", "2026-01-31 10:00:00.000",
                    "[1, null]",
                    "{k=2.5}", "{a=1, b=x}", "0a ff", "1.50",
                ]
            ])
        await fixture.close()
    }

    @Test(
        "what Trino does otherwise than the engine is as Trino has it",
        arguments: [
            ("date_diff('day', TIMESTAMP '2026-01-01 23:00:00', TIMESTAMP '2026-01-02 01:00:00')", "0"),
            ("date_trunc('month', DATE '2026-05-05')", "2026-05-01"),
            ("DATE '2026-01-31' + INTERVAL '1' MONTH", "2026-02-28"),
            ("date_add('month', 1, DATE '2026-01-31')", "2026-02-28"), ("regexp_extract('abc', 'z')", nil),
            ("regexp_replace('banana', 'a(.)', '$1$1')", "bnnnna"), ("CAST(2.5e0 AS integer)", "3"),
            ("CAST(1e10 AS varchar)", "1.0E10"),
            ("date_format(TIMESTAMP '2026-01-02 03:04:05', '%Y/%c/%e %H:%i:%s')", "2026/1/2 03:04:05"),
            ("json_extract_scalar('{\"a\":{\"b\":1}}', '$.a.b')", "1"),
            ("json_extract_scalar('{\"a\":{\"b\":1}}', '$.a')", nil),
            ("element_at(ARRAY[1, 2], -1)", "2"), ("cardinality(ARRAY[1, 2, 2])", "3"),
            ("cardinality(MAP(ARRAY[1], ARRAY[2]))", "1"),
            ("array_join(ARRAY[1, NULL, 3], ',', '-')", "1,-,3"),
            ("reduce(ARRAY[1, 2, 3], 0, (s, x) -> s + x, s -> s * 10)", "60"),
            ("day_of_week(DATE '2026-03-01')", "7"), ("typeof(1e0)", "double"), ("split('a,b', ',')", "[a, b]"),
            ("sequence(3, 1)", "[3, 2, 1]"), ("TRY(1 / 0)", nil), ("try_cast('x' AS bigint)", nil),
            ("strpos('abc', 'c')", "3"), ("from_unixtime(0)", "1970-01-01 00:00:00.000 UTC"), ("to_hex(X'0a')", "0A"),
            ("greatest(1, NULL, 3)", nil), ("least(2, 1)", "1"), ("substr('abc', 0)", ""), ("substr('abc', 2, 1)", "b"),
            // The engine chooses a macro before it knows the types of aggregates, windows and outer columns.
            ("(SELECT sum(x) / 2 FROM (VALUES 1.5e0, 2e0) t (x))", "1.75"),
            ("(SELECT sum(x) / count(*) FROM (VALUES 3, 4) t (x))", "3"),
            ("(SELECT max(x) OVER () / 2 FROM (VALUES 3e0) t (x))", "1.5"),
            (
                "(SELECT max(x) + INTERVAL '1' DAY FROM (VALUES TIMESTAMP '2026-01-01 10:00:00') t (x))",
                "2026-01-02 10:00:00.000"
            ),
            ("(SELECT (SELECT x / 2) FROM (VALUES 3e0) t (x))", "1.5"),
            (
                "(SELECT date_trunc('hour', max(x)) FROM (VALUES TIMESTAMP '2026-01-01 10:20:00') t (x))",
                "2026-01-01 10:00:00.000"
            ),
            ("(SELECT date_add('day', 1, min(x)) FROM (VALUES DATE '2026-01-01') t (x))", "2026-01-02"),
            ("mod(7, 4)", "3"), ("TRY(mod(5, 0))", nil), ("(SELECT arbitrary(x) FROM (VALUES NULL, 7) t (x))", "7"),
            ("(SELECT max_by(x, y) FROM (VALUES (1, 1), (NULL, 2)) t (x, y))", nil),
            ("(SELECT _col1 FROM (VALUES (1, 'a')))", "a"),
            ("any_match(ARRAY[1, 2], x -> x > 1)", "true"), ("EXTRACT(DOW FROM DATE '2026-03-01')", "7"),
            ("coalesce(NULL, substring('hello' FROM 2 FOR 3))", "ell"), ("'a' || 'b' LIKE 'a_'", "true"),
        ] as [(String, String?)])
    func dialect(expression: String, value: String?) async throws {
        let fixture = try await AthenaFixture()
        #expect(try await fixture.rows("SELECT \(expression)") == [[value]])
        await fixture.close()
    }

    @Test("an error has Athena's code, and the place in the user's text") func errors() async throws {
        let fixture = try await AthenaFixture()
        for (statement, message) in [
            ("SELECT 1,\n  nope FROM (VALUES 1) t(x)", "COLUMN_NOT_FOUND: line 2:3: Column 'nope' cannot be resolved"),
            ("SELECT * FROM missing", "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.db.missing' does not exist"),
            ("SELECT * FROM nowhere.t", "SCHEMA_NOT_FOUND: line 1:15: Schema 'nowhere' does not exist"),
            ("SELECT 1 / (x - 1) FROM (VALUES 1) t(x)", "DIVISION_BY_ZERO: Division by zero"),
            ("SELECT 1.0 / 3", "NOT_SUPPORTED: "), ("SELECT sign(-1e0)", "NOT_SUPPORTED: "),
            ("SELECT typeof(ARRAY[1])", "NOT_SUPPORTED: "), ("SELECT CAST('x' AS bigint)", "INVALID_CAST_ARGUMENT: "),
        ] {
            let failure = try await fixture.failure(statement)
            #expect(failure?.hasPrefix(message) == true, "\(statement): \(failure ?? "nil")")
        }
        let fault = await #expect(throws: AWSFault.self) { try await fixture.run("SELEC 1") }
        #expect(fault?.code == "InvalidRequestException" && fault?.details["AthenaErrorCode"] == "MALFORMED_QUERY")
        await fixture.close()
    }

    @Test("a result is read page by page, and is a file in S3 with one that describes it") func pages() async throws {
        let fixture = try await AthenaFixture()
        let execution = try await fixture.run("SELECT x, 'a\nb' AS t FROM UNNEST(sequence(1, 2500)) AS s (x)")
        let id = execution["QueryExecutionId"] ?? .null
        var values: [String?] = []
        var token: JSON?
        repeat {
            var input: JSONObject = ["QueryExecutionId": id, "MaxResults": 1000]
            input["NextToken"] = token
            let answer = try await fixture.athena.perform("GetQueryResults", .object(input))
            values += (answer["ResultSet"]?["Rows"]?.array ?? []).map { $0["Data"]?[0]?["VarCharValue"]?.string }
            let types = answer["ResultSet"]?["ResultSetMetadata"]?["ColumnInfo"]?.array?.map { $0["Type"]?.string }
            #expect(types == ["bigint", "varchar"])
            token = answer["NextToken"]
        } while token != nil
        #expect(values == ["x"] + (1...2500).map { "\($0)" })
        for token in ["1000000", "\(Int.max)", "-1", "x"] {
            let fault = await #expect(throws: AWSFault.self) {
                try await fixture.athena.perform(
                    "GetQueryResults", ["QueryExecutionId": id, "NextToken": .string(token)])
            }
            #expect(fault?.code == "InvalidRequestException")
        }
        let location = execution["ResultConfiguration"]?["OutputLocation"]?.string ?? ""
        #expect(location == "s3://lake/results/\(id.string ?? "").csv")
        let keys = try fixture.objects.listObjects(in: "lake", prefix: "results/", after: "", limit: 10).objects.map(
            \.key)
        #expect(keys == ["results/\(id.string ?? "").csv", "results/\(id.string ?? "").csv.metadata"])
        await fixture.close()
    }

    @Test("a token starts one execution; with another statement it is refused") func tokens() async throws {
        let fixture = try await AthenaFixture()
        let token: JSONObject = ["ClientRequestToken": "0123456789abcdef0123456789abcdef"]
        let first = try await fixture.run("SELECT 1", token)
        #expect(try await fixture.run("SELECT 1", token)["QueryExecutionId"] == first["QueryExecutionId"])
        await #expect(throws: AWSFault.self) { try await fixture.run("SELECT 2", token) }
        let listed = try await fixture.athena.perform("ListQueryExecutions", [:])
        #expect(listed["QueryExecutionIds"]?.array?.count == 1)
        await fixture.close()
    }

    @Test("a query that is stopped is cancelled, and its engine ends") func stopping() async throws {
        let fixture = try await AthenaFixture()
        let started = try await fixture.athena.perform(
            "StartQueryExecution",
            [
                "QueryString":
                    "SELECT count(*) FROM UNNEST(sequence(1, 1000000)) a (x) CROSS JOIN UNNEST(sequence(1, 10000000)) b (y)",
                "ResultConfiguration": ["OutputLocation": "s3://lake/"],
            ])
        _ = try await fixture.athena.perform("StopQueryExecution", started)
        while true {
            let status = try await fixture.athena.perform("GetQueryExecution", started)["QueryExecution"]?["Status"]
            if status?["CompletionDateTime"] != nil {
                #expect(status?["State"] == "CANCELLED")
                break
            }
            try await Task.sleep(for: .milliseconds(2))
        }
        await fixture.close()
    }

    @Test("EXPLAIN gives the engine's plan, and an error of the query it explains") func explaining() async throws {
        let fixture = try await AthenaFixture()
        let plan = try await fixture.rows("EXPLAIN SELECT x FROM (VALUES 1, 2) t (x) ORDER BY x").compactMap {
            $0.first ?? nil
        }
        #expect(plan.contains { $0.contains("ORDER_BY") }, "\(plan)")
        #expect(try await fixture.failure("EXPLAIN SELECT nope")?.contains("line 1:16: Column 'nope'") == true)
        await fixture.close()
    }
}
