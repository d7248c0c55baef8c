internal import JSON

/// Control records, filtered and paged; several can be replayed.
enum FilesPage {
    static func render(_ request: Page.Request, _ source: any ConsoleSource) throws(ConsoleFault) -> Page.Content {
        var filter = FileFilter()
        let given = request.query.compactMapValues { $0.isEmpty ? nil : $0 }
        guard let operation = Operation.all.first(where: { $0.id == "listFiles" }) else {
            return Page.Content(title: "Files", body: .nothing)
        }
        filter = FileFilter(try operation.arguments(path: [:], query: given.map { ($0.key, $0.value) }, body: []))
        let answer = try source.files(filter)
        let records = answer[list: "records"]
        let body: HTML = """
            \(form(filter))
            <div data-live="files">
            \(records.isEmpty ? empty(filter) : table(records, canChange: request.canChange))
            \(more(answer, filter))
            </div>
            """
        return Page.Content(title: "Files", body: body)
    }

    private static func form(_ filter: FileFilter) -> HTML {
        let layers = ["bronze", "silver", "gold"].map { (value: $0, name: $0) }
        let statuses =
            [(value: "", name: "any")] + ["pending", "running", "success", "error"].map { (value: $0, name: $0) }
        return """
            <form class="filter" method="get" action="\(Console.root)files" role="search" aria-label="Filter files">
            \(Parts.select("layer", "Layer", layers, filter.layer))
            \(Parts.select("status", "Status", statuses, filter.status ?? ""))
            \(Parts.field("table", "Table", filter.table ?? "", hint: "any"))
            \(Parts.field("since", "Changed since", filter.since ?? "", hint: "2h"))
            \(Parts.field("text", "Text", filter.text ?? "", hint: "key, ID or error"))
            <button>Show</button>
            </form>
            """
    }

    private static func empty(_ filter: FileFilter) -> HTML {
        let isFiltered = [filter.table, filter.status, filter.since, filter.text, filter.after].contains { $0 != nil }
        return isFiltered
            ? Parts.empty("No file is as you asked. Widen the filter, or choose another layer.")
            : Parts.empty(
                "No file has arrived in \(filter.layer) yet. Take one through the pipeline:",
                command: "cupel generate -o sample\ncupel run sample")
    }

    private static func table(_ records: [JSON], canChange: Bool) -> HTML {
        let rows = records.map { record -> [HTML] in
            let id = record[text: "control_id"] ?? ""
            let key = record[text: "object_key"] ?? ""
            let name = key.split(separator: "/").last.map(String.init) ?? key
            let read = record[number: "record_count"], written = record[number: "written_count"]
            let quarantined = record[number: "quarantined_count"]
            let note = [record[text: "error_type"], record[text: "error_message"]].compactMap(\.self)
                .joined(separator: ": ")
            let link = Parts.fileLink(id, name)
            let held: HTML =
                (quarantined ?? 0) > 0
                ? "<strong class=\"warn\">\(Shown.count(quarantined))</strong>" : "\(Shown.count(quarantined))"
            let cells: [HTML] = [
                Parts.state(record[text: "status"]), "\(record[text: "table_name"] ?? "")",
                "\(link)<br><small class=\"quiet mono\">\(id.prefix(12).description)</small>",
                "\(Shown.count(read))", "\(Shown.count(written))", held,
                "\(Shown.count(record[number: "attempt_count"]))", "\(Shown.duration(record[number: "duration"]))",
                Shown.time(record[text: "updated_at"]),
                "<span class=\"note\" title=\"\(note)\">\(note.count > 160 ? note.prefix(159) + "…" : note)</span>",
            ]
            guard canChange else { return cells }
            return ["<input type=\"checkbox\" name=\"id\" value=\"\(id)\" aria-label=\"Select \(name)\">"] + cells
        }
        let head: [(name: String, isNumber: Bool)] = [
            ("Status", false), ("Table", false), ("File", false), ("Read", true), ("Written", true),
            ("Quarantined", true), ("Tries", true), ("Took", true), ("Changed", false), ("Note", false),
        ]
        let columns = canChange ? [("Select", false)] + head : head
        let replay: HTML =
            canChange
            ? """
            <div class="actions" data-replay>
            <button type="button" data-select="all">Select all on this page</button>
            <button type="button" data-do="dry-run" disabled>Replay selected…</button>
            <label class="inline"><input type="checkbox" data-force> also those that succeeded</label>
            <div class="outcome" role="status"></div>
            </div>
            """ : ""
        return "\(replay)\(Parts.table("Files", columns, rows))"
    }

    private static func more(_ answer: JSON, _ filter: FileFilter) -> HTML {
        guard let next = answer[text: "next"] else { return .nothing }
        let address = Parts.address(
            "files",
            query: [
                ("layer", filter.layer), ("status", filter.status ?? ""), ("table", filter.table ?? ""),
                ("since", filter.since ?? ""), ("text", filter.text ?? ""), ("limit", "\(filter.limit)"),
                ("after", next),
            ])
        return "<p class=\"more\"><a href=\"\(address)\" rel=\"next\">Next page</a></p>"
    }
}
