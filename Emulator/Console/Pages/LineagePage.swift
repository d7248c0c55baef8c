internal import JSON

/// Which columns come from which, from gold back to raw.
enum LineagePage {
    static func render(_ request: Page.Request, _ source: any ConsoleSource) throws(ConsoleFault) -> Page.Content {
        let answer = try source.lineage()
        let wanted = request.query["table"].flatMap { $0.isEmpty ? nil : $0 }
        let tables = answer[list: "tables"]
        guard !tables.isEmpty else {
            return Page.Content(
                title: "Lineage",
                body: Parts.empty(
                    "No model has been built with a description of its columns. Silver and gold are built by:",
                    command: "cupel run sample"))
        }
        let names = tables.compactMap { $0[text: "table"] }
        let links = names.map { name -> HTML in
            let current: HTML = name == wanted ? " aria-current=\"true\"" : ""
            return
                "<li><a class=\"mono\" href=\"\(Parts.address("lineage", query: [("table", name)]))\"\(current)>\(name)</a></li>"
        }
        let shown = tables.filter { wanted == nil || $0[text: "table"] == wanted }
        let parts = shown.map { table -> HTML in section(table, names) }
        let none: HTML = shown.isEmpty ? Parts.empty("No lineage of \(wanted ?? "") is written down.") : ""
        let body: HTML = """
            <ul class="plain chips" aria-label="Tables">\(links)</ul>
            \(none)\(parts)
            """
        return Page.Content(title: "Lineage", body: body)
    }

    private static func section(_ table: JSON, _ names: [String]) -> HTML {
        let name = table[text: "table"] ?? ""
        let rows = (table["columns"]?.object ?? [:]).map { column, sources -> [HTML] in
            let links = (sources.array ?? []).map { source -> HTML in
                let from = source[text: "table"] ?? ""
                let place =
                    names.contains(from)
                    ? Parts.address("lineage", query: [("table", from)]) : Parts.address("tables", from)
                return
                    "<li><a class=\"mono\" href=\"\(place)\">\(from).\(source[text: "column"] ?? "")</a> <span class=\"quiet\">\((source[text: "kind"] ?? "").lowercased())</span></li>"
            }
            let list: HTML = links.isEmpty ? "<span class=\"quiet\">counted or constant</span>" : "<ul>\(links)</ul>"
            return ["<span class=\"mono\">\(column)</span>", list]
        }
        let filters = table[list: "rows"].map { source -> HTML in
            "<li><span class=\"mono\">\(source[text: "table"] ?? "").\(source[text: "column"] ?? "")</span> <span class=\"quiet\">\((source[text: "kind"] ?? "").lowercased().replacing("_", with: " "))</span></li>"
        }
        let deciding: HTML = filters.isEmpty ? "" : Parts.details("What decides on the rows", "<ul>\(filters)</ul>")
        let files = table[list: "files"].map { file -> HTML in
            let key = file[text: "raw_key"] ?? ""
            return "<li>\(Parts.fileLink(file[text: "control_id"] ?? "", key))</li>"
        }
        let from: HTML =
            files.isEmpty ? "" : Parts.details("Raw files of the last snapshots", "<ul>\(files)</ul>", isOpen: true)
        return """
            <section aria-label="\(name)"><h2><a class="mono" href="\(Parts.address("tables", name))">\(name)</a></h2>
            \(rows.isEmpty ? "" : Parts.table("Columns of \(name)", [("Column", false), ("Comes from", false)], rows))
            \(deciding)\(from)</section>
            """
    }
}
