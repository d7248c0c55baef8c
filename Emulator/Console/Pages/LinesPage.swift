internal import JSON

/// Lines of raw files that have a value: where a row of bronze came from.
enum LinesPage {
    static func render(_ request: Page.Request, _ source: any ConsoleSource) throws(ConsoleFault) -> Page.Content {
        let (table, text) = (request.query["table"] ?? "", request.query["text"] ?? "")
        let form: HTML = """
            <form class="filter" method="get" action="\(Console.root)lines" role="search" aria-label="Find lines">
            \(Parts.field("table", "Table", table, hint: "beer"))
            \(Parts.field("text", "Value", text, hint: "as it is in the file"))
            <button>Find</button></form>
            """
        guard !table.isEmpty, !text.isEmpty else {
            return Page.Content(
                title: "Raw lines",
                body:
                    "\(form)\(Parts.empty("Name a table and a value: the newest raw files of the table are searched for lines with it."))"
            )
        }
        var wanted = RawLineRequest(table: table, text: text)
        wanted.id = request.query["id"].flatMap { $0.isEmpty ? nil : $0 }
        let answer = try source.rawLines(wanted)
        let lines = answer[list: "lines"]
        let rows = lines.map { line -> [HTML] in
            let key = line[text: "object_key"] ?? ""
            return [
                Parts.fileLink(
                    line[text: "control_id"] ?? "", key.split(separator: "/").last.map(String.init) ?? key),
                "\(Shown.count(line[number: "line"]))",
                "<code class=\"raw\">\(line[text: "raw_text"] ?? "")</code>",
                "<span class=\"mono note\">\(line[text: "output_key"] ?? "")</span>",
            ]
        }
        let searched =
            "\(Shown.count(answer[number: "files"])) files, \(Shown.bytes(answer[number: "searched_bytes"])) of raw text searched"
        let cut: HTML =
            answer["truncated"]?.bool == true
            ? " There are more; the newest files come first." : ""
        let found: HTML =
            rows.isEmpty
            ? Parts.empty(
                "No line of \(table) has the value \(text). A value that the contract masks or casts is another in the raw file."
            )
            : Parts.table(
                "Raw lines", [("Raw file", false), ("Line", true), ("Raw text", false), ("Bronze file", false)], rows)
        return Page.Content(
            title: "Raw lines of \(table)", body: "\(form)<p class=\"quiet\">\(searched).\(cut)</p>\(found)")
    }
}
