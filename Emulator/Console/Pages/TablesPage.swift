internal import JSON

/// The tables of silver and gold, and the days of bronze.
enum TablesPage {
    static func render(_ request: Page.Request, _ source: any ConsoleSource) throws(ConsoleFault) -> Page.Content {
        let answer = try source.tables()
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
        guard !rows.isEmpty else {
            return Page.Content(
                title: "Tables",
                body: Parts.empty(
                    "Silver and gold have no table yet. A table is made with its first file:",
                    command: "cupel generate -o sample\ncupel run sample"))
        }
        let body: HTML = """
            <div data-live="tables">
            \(Parts.table("Tables", [("Table", false), ("Rows", true), ("Files", true), ("Size", true), ("Last commit", false), ("Waiting", true), ("Failed", true)], rows))
            \(days(answer))
            </div>
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
                        "files", query: [("table", table), ("text", "")] + (failed > 0 ? [("status", "error")] : []))
                    let shown = failed > 0 ? "\(failed) failed" : Shown.count(cell[number: "rows"])
                    return
                        "<a class=\"\(kind)\" href=\"\(address)\" title=\"\(table), \(day): \(Shown.count(cell[number: "rows"])) rows, \(failed) files failed\">\(shown)</a>"
                }
        }
        return """
            <h2>Days of bronze</h2>
            <p class="quiet">Rows that arrived each day. A red cell leads to the files that failed, to replay them.</p>
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
                column["required"]?.bool == true ? "required" : "",
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
            return [
                "\(Shown.count(snapshot[number: "snapshot"]))", Shown.time(snapshot[text: "committed_at"]),
                "\(Shown.count(snapshot[number: "inserted"]))", "\(Shown.count(snapshot[number: "updated"]))",
                "\(Shown.count(snapshot[number: "deleted"]))", files,
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
            <p><a href="\(ask)">Sample rows</a> · <a href="\(Parts.address("lineage", query: [("table", name)]))">Lineage</a></p>
            <h2>Columns</h2>
            \(Parts.table("Columns", [("Name", false), ("Type", false), ("", false), ("The contract's words", false)], columns))
            <h2>Snapshots</h2>
            \(snapshots.isEmpty ? Parts.empty("No snapshot yet.") : Parts.table("Snapshots", [("Snapshot", true), ("When", false), ("Inserted", true), ("Updated", true), ("Deleted", true), ("From", false)], Array(snapshots)))
            <h2>Data files</h2>
            \(Parts.table("Data files", [("File", false), ("Rows", true), ("Size", true), ("Partition", false)], files))
            <p class="quiet mono">\(table[text: "location"] ?? "")</p>
            """
        return Page.Content(title: name, body: body)
    }
}
