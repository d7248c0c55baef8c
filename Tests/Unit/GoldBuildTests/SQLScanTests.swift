import Testing

@testable import GoldBuild

@Suite struct SQLScanTests {
    @Test("the tables of a statement are found once each, in any case, quoted or not")
    func tables() {
        let scan = SQLScan(
            """
            WITH x AS (SELECT * FROM dm_silver.review r JOIN "dm_silver"."beer" b USING (beer_id))
            SELECT * FROM x, DM_SILVER.Review, dm_gold . tops, x.dm_silver.no
            """)
        #expect(scan.problem == nil)
        #expect(scan.tables.map { "\($0)" } == ["dm_silver.review", "dm_silver.beer", "dm_gold.tops"])
    }

    @Test("texts and comments name no table")
    func texts() {
        let scan = SQLScan(
            """
            -- dm_silver.a; and 'this
            /* dm_silver.b; */ SELECT 'dm_silver.c; it''s' FROM dm_silver.d
            """)
        #expect(scan.problem == nil)
        #expect(scan.tables.map { "\($0)" } == ["dm_silver.d"])
    }

    @Test(
        "what is not one statement of SELECT is a problem of its line",
        arguments: [
            ("SELECT 1;\nDROP TABLE x", 1), ("SELECT 1\n;", 2), ("COPY x TO 'y'", 1), ("\n\n.shell id", 3), ("", 1),
            ("SELECT\n'a\n\n", 2), ("SELECT 1 /* \n", 1), ("SELECT \"a", 1),
        ])
    func problems(text: String, line: Int) {
        #expect(SQLScan(text).problem?.line == line)
    }

    @Test(
        "a statement reads the columns that it names, of the tables that it can mean; a star of columns means all",
        arguments: [
            ("SELECT a FROM dm_silver.d", true, false), ("SELECT \"a\" FROM dm_silver.d -- b", true, false),
            ("SELECT count(*), b * 2 FROM dm_silver.d", false, true), ("SELECT * FROM dm_silver.d", true, true),
            ("SELECT x.* FROM dm_silver.d x", true, true), ("SELECT c, * FROM dm_silver.d", true, true),
            ("SELECT c FROM dm_silver.d NATURAL JOIN dm_silver.e", true, true),
            ("SELECT x.a, y.b FROM dm_silver.d x JOIN dm_silver.e AS y ON x.c = y.c", true, false),
            ("SELECT d.b FROM dm_silver.d JOIN dm_silver.e USING (a)", true, true),
            ("WITH z AS (SELECT y.b FROM dm_silver.e y) SELECT z.b FROM z, dm_silver.d", false, true),
            ("SELECT 'a' FROM dm_silver.d", false, false),
            // Whole rows, columns by other names, and queries without SELECT.
            ("SELECT x FROM dm_silver.d x", true, true), ("SELECT count(x) FROM dm_silver.d AS x", true, true),
            ("SELECT d FROM dm_silver.d", true, true), ("SELECT \"D\" FROM dm_silver.d WHERE a > 1", true, true),
            ("SELECT x.p FROM dm_silver.d x(p, q)", true, true), ("SELECT p FROM dm_silver.d AS x(p)", true, true),
            ("SELECT a FROM (TABLE dm_silver.d)", true, true), ("SELECT a FROM (FROM dm_silver.d)", true, true),
            ("SELECT 1 UNION ALL FROM dm_silver.d", true, true),
            ("SELECT a FROM (PIVOT dm_silver.d ON c USING sum(e))", true, true),
            ("SELECT y FROM dm_silver.e y, dm_silver.d x WHERE x.a = 1", true, false),
            ("SELECT a FROM dm_silver.d WHERE a IN (SELECT c FROM dm_silver.e WHERE c > 1)", true, false),
            ("SELECT x.a FROM dm_silver.d x JOIN dm_silver.e y USING (c) JOIN dm_silver.d z ON z.c = y.c", true, false),
        ])
    func columns(text: String, a: Bool, b: Bool) {
        let scan = SQLScan(text)
        let table = TableName(namespace: "dm_silver", table: "d")
        #expect(scan.reads("a", of: table) == a)
        #expect(scan.reads("b", of: table) == b)
    }

    @Test(
        "a statement's own order is found where it only orders",
        arguments: [
            ("SELECT a FROM dm_silver.d ORDER BY a", " a"),
            ("SELECT a FROM dm_silver.d\norder by\n1 DESC -- all", "\n1 DESC -- all"),
            ("SELECT a FROM dm_silver.d ORDER BY a LIMIT 5", nil),
            ("SELECT a FROM dm_silver.d ORDER BY a FETCH FIRST ROW ONLY", nil),
            ("SELECT a FROM dm_silver.d ORDER BY ALL", nil),
            ("SELECT rank() OVER (ORDER BY a) FROM dm_silver.d", nil),
            ("SELECT a FROM (SELECT a FROM dm_silver.d ORDER BY a)", nil),
            ("SELECT 'ORDER BY' FROM dm_silver.d", nil),
        ] as [(String, String?)])
    func ordering(text: String, rest: String?) {
        #expect(SQLScan(text).ordering.map { String(decoding: text.utf8.dropFirst($0), as: UTF8.self) } == rest)
    }
}
