import Testing

@testable import EmulatedAthena

/// Athena's dialect, written in the engine's.
@Suite struct QueryParserTests {
    private func parsed(_ text: String, database: String = "db", parameters: [String] = []) throws -> ParsedQuery {
        switch try QueryStatement(text, database: database, parameters: parameters, now: 1_780_000_000_000).kind {
        case .query(let query): return query
        case .refused(let problem): throw problem
        default: throw SQLProblem(kind: .syntax, offset: nil, reason: "no query")
        }
    }

    /// What is wrong with a statement, in Athena's words.
    private func problem(_ text: String) -> String? {
        do {
            _ = try parsed(text)
            return nil
        } catch let problem as SQLProblem {
            return problem.message(in: text)
        } catch { return "\(error)" }
    }

    @Test(
        "a query is the engine's in one line",
        arguments: [
            ("SELECT 1", #"SELECT 1 AS "_col0""#),
            ("SELECT a, b.c AS d FROM t b", #"SELECT "a", "b"."c" AS "d" FROM memory."db"."t" AS "b""#),
            ("SELECT 'it''s\nx'", #"SELECT ('it''s' || chr(10) || 'x') AS "_col0""#),
            (
                "SELECT a / 2 - 1 FROM t",
                #"SELECT trino_minus(trino_divide("a", 2), 1) AS "_col0" FROM memory."db"."t""#
            ),
            (
                "SELECT count(*) FROM s.t -- rows\nWHERE a > 1",
                #"SELECT count(*) AS "_col0" FROM memory."s"."t" WHERE ("a" > 1)"#
            ),
            (
                "SELECT transform(a, x -> x + 1) v FROM t",
                #"SELECT list_transform("a", lambda "x": trino_plus("x", 1)) AS "v" FROM memory."db"."t""#
            ),
            (
                "SELECT x FROM (VALUES 1, 2) AS t (x) ORDER BY x DESC LIMIT 1",
                #"SELECT "x" FROM (SELECT * FROM (VALUES (1), (2)) AS "values"("_col0")) AS "t"("x") ORDER BY "x" DESC NULLS LAST LIMIT 1"#
            ),
            ("SELECT CAST(a AS varchar(3)) b FROM t", #"SELECT left(trino_text("a"), 3) AS "b" FROM memory."db"."t""#),
            (
                "SELECT * FROM t CROSS JOIN UNNEST(t.a) WITH ORDINALITY AS u (v, n)",
                #"SELECT * FROM memory."db"."t" CROSS JOIN UNNEST("t"."a") WITH ORDINALITY AS "u"("v", "n")"#
            ),
            (
                "WITH x AS (SELECT 1 a) SELECT * FROM x JOIN y USING (a)",
                #"WITH "x" AS (SELECT 1 AS "a") SELECT * FROM "x" JOIN memory."db"."y" USING ("a")"#
            ),
            (
                "SELECT max(a) FILTER (WHERE b) OVER (PARTITION BY c ORDER BY d ROWS UNBOUNDED PRECEDING) m FROM t",
                #"SELECT max("a") FILTER (WHERE "b") OVER ( PARTITION BY "c" ORDER BY "d" NULLS LAST ROWS UNBOUNDED PRECEDING) AS "m" FROM memory."db"."t""#
            ),
        ])
    func queries(statement: String, engine: String) throws {
        let text = try parsed(statement).fragment.text.split(separator: " ", omittingEmptySubsequences: true).joined(
            separator: " ")
        #expect(text == engine)
    }

    @Test("a query names the tables that it reads, and the state of each") func tables() throws {
        let query = try parsed(
            #"WITH x AS (SELECT * FROM a) SELECT * FROM x, awsdatacatalog.Other.B FOR VERSION AS OF 7, c FOR TIMESTAMP AS OF TIMESTAMP '2026-01-01 10:00:00 UTC' k, "d$snapshots""#
        )
        #expect(
            query.tables.map { "\($0.database).\($0.view)" } == [
                "db.a", "other.b@7", "db.c@time-1767261600000", "db.d$snapshots",
            ])
        #expect(query.fragment.text.contains(#"memory."other"."b@7" AS "b""#))
    }

    @Test("parameters take the places of question marks, in order") func parameters() throws {
        let query = try parsed("SELECT ? AS a WHERE ? < 3", parameters: ["'x;y'", "2"])
        #expect(query.fragment.text == #"SELECT ('x;y') AS "a" WHERE ((2) < 3)"#)
        #expect(throws: SQLProblem.self) { try parsed("SELECT ?", parameters: []) }
        #expect(throws: SQLProblem.self) { try parsed("SELECT 1", parameters: ["1"]) }
        #expect(throws: SQLProblem.self) { try parsed("SELECT ?", parameters: ["1; DROP TABLE x"]) }
    }

    @Test(
        "what is no query, and what the emulator lacks, is refused with its place",
        arguments: [
            ("SELEC 1", "line 1:1: mismatched input 'SELEC'"),
            ("SELECT a FROM t\nWHERE", "line 2:6: mismatched input '<EOF>'"),
            ("SELECT 1; SELECT 2", "line 1:11: mismatched input 'SELECT'. Expecting: <EOF>"),
            ("SELECT 'a", "line 1:8: the text has no end"),
            ("SELECT é, read_csv('x')", "FUNCTION_NOT_FOUND: line 1:11: Function 'read_csv' not registered"),
            ("SELECT * FROM read_csv('/etc/passwd')", "NOT_SUPPORTED: line 1:15: the table function read_csv"),
            ("SELECT * FROM '/etc/passwd'", "line 1:15: mismatched input '/etc/passwd'"),
            ("SELECT format_datetime(a, 'y') FROM t", "NOT_SUPPORTED: line 1:8: format_datetime"),
            ("SELECT a AT TIME ZONE 'UTC' FROM t", "NOT_SUPPORTED: line 1:10: AT TIME ZONE"),
            ("SELECT * FROM other.s.t", "CATALOG_NOT_FOUND: line 1:15"),
            ("SELECT CAST(a AS nothing) FROM t", "TYPE_NOT_FOUND: line 1:18: Unknown type: nothing"),
            ("SELECT 1 FROM t FOR VERSION AS OF 'main'", "NOT_SUPPORTED: line 1:35"),
        ])
    func problems(statement: String, message: String) {
        #expect(problem(statement)?.hasPrefix(message) == true, "\(problem(statement) ?? "nil")")
    }

    @Test("text nested beyond measure is an error, not a crash") func depth() {
        let text = "SELECT " + String(repeating: "(", count: 100_000) + "1" + String(repeating: ")", count: 100_000)
        #expect(problem(text)?.contains("too large") == true)
    }
}
