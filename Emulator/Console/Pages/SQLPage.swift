internal import JSON

/// An editor for SQL over every layer and the control table.
enum SQLPage {
    private static let examples = [
        ("Status of all files", "SELECT layer, status, count(*) AS files FROM control.files GROUP BY layer, status"),
        (
            "What failed, and why",
            "SELECT table_name, error_type, count(*) AS files FROM control.files WHERE status = 'error' GROUP BY table_name, error_type"
        ),
        (
            "Rows in quarantine",
            "SELECT table_name, column_name, reason, count(*) AS number FROM quarantine.rows GROUP BY table_name, column_name, reason"
        ),
        (
            "Executions",
            "SELECT state_machine, status, count(*) AS number FROM executions.runs GROUP BY state_machine, status"
        ),
    ]

    static func render(_ request: Page.Request, _ source: any ConsoleSource) throws(ConsoleFault) -> Page.Content {
        let links = examples.map { name, statement -> HTML in
            "<li><a href=\"\(Parts.address("sql", query: [("q", statement)]))\">\(name)</a></li>"
        }
        let body: HTML = """
            <form id="sql" method="get" action="\(Console.root)sql">
            <label>Statement, in Athena's SQL: bronze., silver. and gold. are the layers; control.files, quarantine.rows and executions.runs the pipeline
            <textarea name="q" spellcheck="false" autocomplete="off" rows="6">\(request.query["q"] ?? "")</textarea></label>
            <div class="actions"><button class="main">Ask</button> <button type="button" id="keep">Save the statement</button>
            <span class="quiet">Ctrl-Enter asks. At most 1,000 rows are shown.</span></div>
            </form>
            <noscript><p class="problem">The editor needs JavaScript; cupel query answers the same in a terminal.</p></noscript>
            <div id="result" aria-live="polite"></div>
            <h2>Examples</h2><ul>\(links)</ul>
            <h2>Saved in this browser</h2><ul id="saved"></ul>
            """
        return Page.Content(title: "SQL", body: body)
    }
}
