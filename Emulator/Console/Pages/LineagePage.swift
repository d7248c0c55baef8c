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
            \(wanted == nil ? picture(tables) : .nothing)
            <ul class="plain chips" aria-label="Tables">\(links)</ul>
            \(none)\(parts)
            <p><a href="\(Console.root)api/lineage" download="lineage.json">Keep all of it as lineage.json</a></p>
            """
        return Page.Content(title: "Lineage", body: body)
    }

    /// Which tables are made of which: bronze on the left, gold on the right.
    private static func picture(_ tables: [JSON]) -> HTML {
        var nodes: [JSONObject] = []
        var rows = [0, 0, 0, 0]
        func add(_ name: String, _ column: Int, _ layer: String) {
            guard !nodes.contains(where: { $0["name"]?.string == name }) else { return }
            nodes.append([
                "name": .string(name), "title": .string(String(name.split(separator: ".").last ?? "")),
                "kind": "store", "column": .int(column), "row": .int(rows[column]), "about": .string(layer),
            ])
            rows[column] += 1
        }
        var next: [String: [JSON]] = [:]
        for table in tables {
            let name = table[text: "table"] ?? ""
            // A model of silver is made of silver's tables, which have a key.
            let isModel = table["key"] == nil
            let layer = name.hasPrefix("dm_gold") ? "gold" : isModel ? "silver, a model" : "silver"
            add(name, layer == "gold" ? 3 : isModel ? 2 : 1, layer)
            let columns = (table["columns"]?.object ?? [:]).flatMap { $0.value.array ?? [] }
            for source in Set((columns + table[list: "rows"]).compactMap { $0[text: "table"] }).sorted() {
                if source.hasPrefix("bronze.") { add(source, 0, "bronze") }
                next[source, default: []].append(.string(name))
            }
        }
        for place in nodes.indices {
            nodes[place]["next"] = .array(next[nodes[place]["name"]?.string ?? ""] ?? [])
        }
        return FlowPicture(nodes.map { .object($0) }, label: "Tables", isSideways: true) { node in
            let name = node[text: "name"] ?? ""
            return name.hasPrefix("bronze.")
                ? Parts.address("files", query: [("table", String(name.dropFirst("bronze.".count)))])
                : Parts.address("lineage", query: [("table", name)])
        }.html
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
        let short = name.hasPrefix("dm_") ? String(name.dropFirst(3)) : name
        let ask = Parts.address("sql", query: [("q", "SELECT * FROM \(short) LIMIT 20")])
        return """
            <section aria-label="\(name)"><h2><a class="mono" href="\(Parts.address("tables", name))">\(name)</a></h2>
            \(rows.isEmpty ? "" : Parts.table("Columns of \(name)", [("Column", false), ("Comes from", false)], rows))
            <p><a href="\(ask)">Rows, with links to what each was made of</a></p>
            \(deciding)\(from)</section>
            """
    }
}
