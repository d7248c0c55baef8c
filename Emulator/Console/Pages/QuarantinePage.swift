internal import JSON

/// Rows that broke a contract: why, what they were, and what a changed contract would say of them.
enum QuarantinePage {
    static func render(_ request: Page.Request, _ source: any ConsoleSource) throws(ConsoleFault) -> Page.Content {
        let table = request.query["table"].flatMap { $0.isEmpty ? nil : $0 }
        let answer = try source.quarantine(table: table, limit: 10_000)
        let groups = answer[list: "groups"]
        guard !groups.isEmpty else {
            return Page.Content(
                title: "Quarantine",
                body: Parts.empty(
                    table == nil
                        ? "No row is in quarantine: every row has kept its contract."
                        : "No row of \(table ?? "") is in quarantine. Choose another table, or all."))
        }
        let rows = groups.map { group -> [HTML] in
            let name = group[text: "table"] ?? ""
            let files = group[list: "keys"].compactMap(\.string)
            let link: HTML =
                files.first.map { key in
                    "<a href=\"\(Parts.address("quarantine", query: [("table", name), ("key", key)]))\">\(name)</a>"
                } ?? "\(name)"
            return [
                "\(Shown.count(group[number: "rows"]))", link, "\(Shown.value(group["column"]))",
                Parts.state(group[text: "reason"]), "<span class=\"note\">\(Shown.value(group["message"]))</span>",
                "<code class=\"raw\">\(String(Shown.value(group["raw_text"]).prefix(400)))</code>",
            ]
        }
        let more: HTML =
            answer["truncated"]?.bool == true ? "<p class=\"quiet\">Only the first 10,000 rows were examined.</p>" : ""
        let body: HTML = """
            <p class="quiet">Rows by table, column and reason. A table's name opens its contract and rows of one file.</p>
            \(Parts.table("Rows in quarantine, grouped", [("Rows", true), ("Table", false), ("Column", false), ("Reason", false), ("Message", false), ("A row's raw text", false)], rows))
            \(more)
            \(try workbench(request.query["key"] ?? "", table, answer, canChange: request.canChange))
            """
        return Page.Content(title: "Quarantine", body: body)
    }

    private static func workbench(
        _ key: String, _ table: String?, _ answer: JSON, canChange: Bool
    ) throws(ConsoleFault) -> HTML {
        guard !key.isEmpty, let contract = answer[text: "contract"] else { return .nothing }
        let rows = answer[list: "samples"].filter { $0[text: "quarantine_key"] == key }.prefix(20).map {
            row -> [HTML] in
            [
                "\(Shown.value(row["line"]))", "\(Shown.value(row["column"]))", "\(Shown.value(row["message"]))",
                "<code class=\"raw\">\(Shown.value(row["raw_text"]))</code>",
            ]
        }
        // A contract that was not tried on the rows is not published from here.
        let publish: HTML =
            canChange
            ? """
            <button type="button" id="publish" disabled>Put it in force, and replay the file</button>
            <span class="quiet">Trying changes nothing.</span>
            """
            : "<span class=\"quiet\">Trying changes nothing. This console only reads: cupel contract publish puts a contract in force.</span>"
        return """
            <section aria-label="Workbench"><h2>Workbench</h2>
            <p class="quiet mono">\(key)</p>
            \(rows.isEmpty ? "" : Parts.table("Rows of this file", [("Line", true), ("Column", false), ("Message", false), ("Raw text", false)], Array(rows)))
            <form id="workbench" data-key="\(key)">
            <label>The contract of \(table ?? ""), to change and try on these rows
            <textarea rows="22" spellcheck="false">\(contract)</textarea></label>
            <div class="actions"><button class="main">Try on these rows</button>
            \(publish)</div>
            <div id="tried" role="status"></div></form></section>
            """
    }
}
