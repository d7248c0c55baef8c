internal import JSON

/// The tables of silver and gold, and the days of bronze.
enum TablesPage {
    static func render(_ request: Page.Request, _ source: any ConsoleSource) throws(ConsoleFault) -> Page.Content {
        let answer = try source.tables(patience: Page.patience)
        let rows = answer[list: "tables"].map { table -> [HTML] in
            let name = table[text: "table"] ?? ""
            let failed = table[number: "failed_files"] ?? 0
            return [
                "<a class=\"mono\" href=\"\(Parts.address("tables", name))\">\(name)</a>",
                "\(Shown.count(table[number: "rows"]))", "\(Shown.count(table[number: "data_files"]))",
                "\(Shown.bytes(table[number: "bytes"]))", Shown.time(table[text: "committed_at"]),
                "\(Shown.count(table[number: "waiting_files"]))",
                failed > 0 ? "<strong class=\"warn\">\(Shown.count(failed))</strong>" : "0",
            ]
        }
        let none = Parts.empty(
            "Silver and gold have no table yet. A table is made with its first file:",
            command: "cupel generate -o sample\ncupel run sample")
        let list =
            rows.isEmpty
            ? none
            : Parts.table(
                "Tables",
                [
                    ("Table", false), ("Rows", true), ("Files", true), ("Size", true), ("Last commit", false),
                    ("Waiting", true), ("Failed", true),
                ], rows)
        let isCounting = answer["is_counting"]?.bool == true
        let body: HTML = """
            <div data-live="tables">\(list)</div>
            \(isCounting ? Parts.counting("days", "Counting what arrived each day…") : Parts.live("days", answer, days(answer)))
            """
        return Page.Content(title: "Tables", body: body)
    }

    /// A line a table, a column a day: rows that reached bronze, and files that failed.
    private static func days(_ answer: JSON) -> HTML {
        let cells = answer[list: "days"]
        guard !cells.isEmpty else { return .nothing }
        let days = Set(cells.compactMap { $0[text: "day"] }).sorted().suffix(14)
        let tables = Set(cells.compactMap { $0[text: "table"] }).sorted()
        let rows = tables.map { table -> [HTML] in
            ["\(table)"]
                + days.map { day -> HTML in
                    guard
                        let cell = cells.first(where: { $0[text: "table"] == table && $0[text: "day"] == day })
                    else { return "<span class=\"none\">–</span>" }
                    let failed = cell[number: "failed_files"] ?? 0
                    let kind: HTML = failed > 0 ? "cell bad" : "cell"
                    let address = Parts.address(
                        "files", query: [("table", table), ("day", day)] + (failed > 0 ? [("status", "error")] : []))
                    let shown = failed > 0 ? "\(failed) failed" : Shown.count(cell[number: "rows"])
                    return
                        "<a class=\"\(kind)\" href=\"\(address)\" title=\"\(table), \(day): \(Shown.count(cell[number: "rows"])) rows, \(failed) files failed\">\(shown)</a>"
                }
        }
        let cut =
            answer["truncated"]?.bool == true ? " The records are still being counted; these are the first ones." : ""
        return """
            <h2>Days of bronze</h2>
            <p class="quiet">Rows that arrived each day. A cell leads to the day's files, a red one to those that failed: select them there to convert them again.\(cut)</p>
            \(Parts.table("Days of bronze", [("Table", false)] + days.map { ($0, true) }, rows))
            """
    }
}

/// One table: its columns, snapshots, files and rows.
enum TablePage {
    static func render(_ request: Page.Request, _ source: any ConsoleSource) throws(ConsoleFault) -> Page.Content {
        let table = try source.table(request.id ?? "")
        let name = table[text: "table"] ?? ""
        let columns = table[list: "columns"].map { column -> [HTML] in
            [
                "<span class=\"mono\">\(column[text: "name"] ?? "")</span>",
                "<span class=\"mono\">\(column[text: "type"] ?? "")</span>",
                column["required"]?.bool == true ? "no" : "yes",
                "<span class=\"note\">\(column[text: "doc"] ?? "")</span>",
            ]
        }
        let snapshots = table[list: "snapshots"].prefix(50).map { snapshot -> [HTML] in
            let sources = snapshot[list: "sources"].prefix(5).map { file -> HTML in
                let key = file[text: "raw_key"] ?? ""
                return
                    "<li>\(Parts.fileLink(file[text: "control_id"] ?? "", key.split(separator: "/").last.map(String.init) ?? key))</li>"
            }
            let files: HTML = sources.isEmpty ? "" : "<ul>\(Array(sources))</ul>"
            // A writer without batches of its own says only what it added and took away.
            func count(_ name: String, _ written: String) -> HTML {
                let number = snapshot[number: name] ?? snapshot["summary"]?[text: written].flatMap { Int($0) }
                return "\(Shown.count(number))"
            }
            return [
                "\(Shown.count(snapshot[number: "snapshot"]))", Shown.time(snapshot[text: "committed_at"]),
                count("inserted", "added-records"), "\(Shown.count(snapshot[number: "updated"]))",
                count("deleted", "deleted-records"), files,
            ]
        }
        let files = table[list: "data_files"].map { file -> [HTML] in
            let path = file[text: "path"] ?? ""
            return [
                "<span class=\"mono\">\(path.split(separator: "/").last.map(String.init) ?? path)</span>",
                "\(Shown.count(file[number: "rows"]))", "\(Shown.bytes(file[number: "bytes"]))",
                "<span class=\"mono\">\((file["partition"]?.object ?? [:]).map { "\($0.name)=\(Shown.value($0.value))" }.joined(separator: "/"))</span>",
            ]
        }
        let words = name.split(separator: ".")
        let short = "\(words.first == "dm_gold" ? "gold" : "silver").\(words.last ?? "")"
        let ask = Parts.address("sql", query: [("q", "SELECT * FROM \(short) LIMIT 20")])
        let failed = table[number: "failed_files"] ?? 0
        let partitioning = table[list: "partitioning"].compactMap(\.string)
        let body: HTML = """
            \(Parts.facts([
                ("Rows", "\(Shown.count(table[number: "rows"]))"), ("Files", "\(Shown.count(table[number: "data_file_count"]))"),
                ("Key", "\(table[list: "key"].compactMap(\.string).joined(separator: ", "))"),
                ("Partitioned by", "\(partitioning.isEmpty ? "nothing" : partitioning.joined(separator: ", "))"),
                ("Files that wait", "\(Shown.count(table[number: "waiting_files"]))"), ("Files that failed", "\(Shown.count(failed))"),
            ]))
            <p><a href="\(ask)">Ask in SQL</a> · <a href="\(Parts.address("lineage", query: [("table", name)]))">Lineage</a></p>
            <h2>Columns</h2>
            \(Parts.table("Columns", [("Name", false), ("Type", false), ("Null", false), ("The contract's words", false)], columns))
            \(quality(table[list: "quality"]))
            \(schemas(table[list: "schemas"]))
            \(partitions(table[list: "partitions"]))
            <h2>Snapshots</h2>
            \(snapshots.isEmpty ? Parts.empty("No snapshot yet.") : Parts.table("Snapshots", [("Snapshot", true), ("When", false), ("Inserted", true), ("Updated", true), ("Deleted", true), ("From", false)], Array(snapshots)))
            \(Parts.details("Sample rows", "<div class=\"later\" data-sql=\"SELECT * FROM \(short) LIMIT 10\"><p class=\"quiet\">Asking for rows…</p><noscript><a href=\"\(ask)\">open</a></noscript></div>"))
            <h2>Data files</h2>
            \(Parts.table("Data files", [("File", false), ("Rows", true), ("Size", true), ("Partition", false)], files))
            <p class="quiet mono">\(table[text: "location"] ?? "")</p>
            """
        return Page.Content(title: name, body: body)
    }

    // MARK: Changes

    /// A line a rule: what was measured in each file, oldest first.
    private static func quality(_ rules: [JSON]) -> HTML {
        guard !rules.isEmpty else { return .nothing }
        let rows = rules.map { rule -> [HTML] in
            let files = rule[list: "files"]
            let last = files.last
            return [
                "\(rule[text: "rule"] ?? "")", "\(Shown.value(rule["column"]))", "\(Shown.value(rule["expected"]))",
                trend(files, rule[text: "rule"] ?? ""),
                "\(Shown.measured(last?["measured"]))", Parts.state(last?[text: "outcome"]),
                "\(Shown.count(files.count { $0[text: "outcome"] == "failed" })) of \(Shown.count(files.count))",
            ]
        }
        return """
            <h2>Quality</h2>
            \(Parts.table("Quality", [("Rule", false), ("Column", false), ("Expected", false), ("Trend", false), ("Last", true), ("Outcome", false), ("Files failed", true)], rows))
            """
    }

    /// A bar a file, as high as what was measured; each leads to its file.
    private static func trend(_ files: [JSON], _ rule: String) -> HTML {
        let values = files.map { max(0, $0["measured"]?.double ?? 0) }
        let most = values.max() ?? 0
        let bars = zip(files, values).enumerated().map { place, pair -> HTML in
            let (file, value) = pair
            let height = most > 0 && value.isFinite ? max(2, min(24, Int((value / most * 24).rounded()))) : 2
            let outcome = file[text: "outcome"] ?? ""
            let kind: HTML = outcome == "failed" ? "bad" : outcome == "passed" ? "good" : "odd"
            return """
                <a href="\(Parts.address("files", file[text: "control_id"] ?? ""))" aria-label="\(file[text: "at"] ?? ""): \(Shown.measured(file["measured"])), \(outcome)"><g class="node \(kind)"><title>\(file[text: "at"] ?? ""): \(Shown.measured(file["measured"])), \(outcome)</title><rect x="\(place * 7)" y="\(26 - height)" width="5" height="\(height)"/></g></a>
                """
        }
        let width = max(7, files.count * 7)
        return
            "<span class=\"trend graph\"><svg width=\"\(width)\" height=\"26\" viewBox=\"0 0 \(width) 26\" role=\"group\" aria-label=\"\(rule), file by file\">\(bars)</svg></span>"
    }

    private static func schemas(_ schemas: [JSON]) -> HTML {
        guard schemas.count > 1 else { return .nothing }
        let rows = schemas.map { schema -> [HTML] in
            let changes = schema[list: "changes"].compactMap(\.string)
            return [
                "\(Shown.count(schema[number: "schema_id"]))", "\(Shown.count(schema[number: "columns"]))",
                changes.isEmpty ? "<span class=\"quiet\">the first</span>" : "\(changes.joined(separator: "; "))",
            ]
        }
        return """
            <h2>Schema changes</h2>
            \(Parts.table("Schema changes", [("Schema", true), ("Columns", true), ("Changed", false)], rows))
            """
    }

    private static func partitions(_ partitions: [JSON]) -> HTML {
        guard !partitions.isEmpty else { return .nothing }
        let rows = partitions.map { partition -> [HTML] in
            [
                "<span class=\"mono\">\(partition[text: "partition"] ?? "")</span>",
                "\(Shown.count(partition[number: "files"]))", "\(Shown.count(partition[number: "rows"]))",
                "\(Shown.bytes(partition[number: "bytes"]))",
            ]
        }
        return """
            <h2>Partitions</h2>
            \(Parts.table("Partitions", [("Partition", false), ("Files", true), ("Rows", true), ("Size", true)], rows))
            """
    }
}
