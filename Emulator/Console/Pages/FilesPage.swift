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
        let isSearching = answer[number: "searched"] != nil && answer[text: "next"] != nil
        let body: HTML = """
            \(form(filter))
            \(request.canChange && (!records.isEmpty || isSearching) ? replay(filter) : .nothing)
            <div data-live="files">
            \(records.isEmpty ? empty(filter, isSearching: isSearching) : table(records, answer, filter, canChange: request.canChange))
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
            \(Parts.field("day", "Arrived on", filter.day ?? "", hint: "2026-11-30"))
            \(Parts.field("text", "Text", filter.text ?? "", hint: "key, ID or error"))
            \(hidden(filter))<button>Show</button>
            </form>
            """
    }

    /// The order stays while the filter changes.
    private static func hidden(_ filter: FileFilter) -> HTML {
        guard let sort = filter.sort else { return .nothing }
        let order: HTML =
            filter.isAscending ? "<input type=\"hidden\" name=\"order\" value=\"ascending\">" : ""
        return "<input type=\"hidden\" name=\"sort\" value=\"\(sort.rawValue)\">\(order)"
    }

    private static func empty(_ filter: FileFilter, isSearching: Bool) -> HTML {
        guard !isSearching else { return Parts.empty("Nothing is found so far.") }
        let isFiltered = [filter.table, filter.status, filter.since, filter.text, filter.day, filter.after].contains {
            $0 != nil
        }
        return isFiltered
            ? Parts.empty("No file is as you asked. Widen the filter, or choose another layer.")
            : Parts.empty(
                "No file has arrived in \(filter.layer) yet. Take one through the pipeline:",
                command: "cupel generate -o sample\ncupel run sample")
    }

    private static let columns: [(sort: FileFilter.Sort, name: String, isNumber: Bool)] = [
        (.status, "Status", false), (.table, "Table", false), (.file, "File", false), (.size, "Size", true),
        (.read, "Read", true), (.written, "Written", true), (.quarantined, "Quarantined", true),
        (.tries, "Tries", true), (.took, "Took", true), (.changed, "Changed", false), (.error, "Error", false),
    ]

    /// A title that sorts all that the filter finds, not only this page.
    private static func title(
        _ column: (sort: FileFilter.Sort, name: String, isNumber: Bool), _ answer: JSON, _ filter: FileFilter
    ) -> Parts.Column {
        let isSorted = answer[text: "sorted_by"] == column.sort.rawValue
        var next = filter
        next.sort = column.sort
        // Names are looked for from a to z, numbers and times from the top.
        let startsAscending = [.status, .table, .file, .error].contains(column.sort)
        next.isAscending = isSorted ? !filter.isAscending : startsAscending
        next.after = nil
        let mark: HTML = isSorted ? (filter.isAscending ? " ▲" : " ▼") : ""
        return Parts.Column(
            title: "<a href=\"\(address(next))\">\(column.name)\(mark)</a>", isNumber: column.isNumber,
            order: isSorted ? (filter.isAscending ? "ascending" : "descending") : nil)
    }

    private static func table(
        _ records: [JSON], _ answer: JSON, _ filter: FileFilter, canChange: Bool
    ) -> HTML {
        let rows = records.map { record -> [HTML] in
            let id = record[text: "control_id"] ?? ""
            let key = record[text: "object_key"] ?? ""
            let name = key.split(separator: "/").last.map(String.init) ?? key
            let read = record[number: "record_count"], written = record[number: "written_count"]
            let quarantined = record[number: "quarantined_count"]
            let note = Shown.error(of: record)
            let link = Parts.fileLink(id, name)
            let held: HTML =
                (quarantined ?? 0) > 0
                ? "<strong class=\"warn\">\(Shown.count(quarantined))</strong>" : "\(Shown.count(quarantined))"
            let cells: [HTML] = [
                Parts.state(record[text: "status"]), "\(record[text: "table_name"] ?? "")",
                "\(link)<br><small class=\"quiet mono\">\(id.prefix(12).description)</small>",
                "\(Shown.bytes(record[number: "file_size"]))", "\(Shown.count(read))", "\(Shown.count(written))", held,
                "\(Shown.count(record[number: "attempt_count"]))", "\(Shown.duration(record[number: "duration"]))",
                Shown.time(record[text: "updated_at"]),
                "<span class=\"note\" title=\"\(note)\">\(note.count > 160 ? note.prefix(159) + "…" : note)</span>",
            ]
            guard canChange else { return cells }
            return ["<input type=\"checkbox\" name=\"id\" value=\"\(id)\" aria-label=\"Select \(name)\">"] + cells
        }
        let head = columns.map { title($0, answer, filter) }
        let select = Parts.Column(title: "Select", isNumber: false)
        let cut: HTML =
            answer["truncated"]?.bool == true
            ? "<p class=\"quiet\">Sorted among the first \(Shown.count(answer[number: "examined"])) records of the index; it has more. A table, a status or a time narrows it.</p>"
            : ""
        return
            "\(cut)\(Parts.table("Files", canChange ? [select] + head : head, rows))"
    }

    /// Outside of what is live: the list changes while files are replayed.
    private static func replay(_ filter: FileFilter) -> HTML {
        let all: HTML =
            filter.status == nil
            ? ""
            : """
            <button type="button" data-all="\(members(filter).text)">Replay all that the filter finds…</button>
            """
        return """
            <div class="actions" data-replay>
            <button type="button" data-select="all">Select all on this page</button>
            <button type="button" data-do="dry-run" disabled>Replay selected…</button>
            \(all)
            <label class="inline"><input type="checkbox" data-force> also those that succeeded</label>
            <div class="outcome" role="status"></div>
            </div>
            """
    }

    /// The filter as members of a replay.
    private static func members(_ filter: FileFilter) -> JSON {
        var members: JSONObject = ["layer": .string(filter.layer)]
        for (name, value) in [
            ("status", filter.status), ("table", filter.table), ("since", filter.since), ("text", filter.text),
            ("day", filter.day),
        ] { members[name] = value.map { .string($0) } }
        return .object(members)
    }

    /// The way to the next page. What no index finds is searched a part at a time: the script goes on until the page is full.
    private static func more(_ answer: JSON, _ filter: FileFilter) -> HTML {
        let searched = answer[number: "searched"].map { count -> String in
            // Records that came since they were counted are searched, too.
            let all = answer[number: "total"].flatMap { $0 > count ? " of \(Shown.count($0))" : nil } ?? ""
            return "Searched \(Shown.count(count))\(all) records."
        }
        guard let next = answer[text: "next"] else {
            return searched.map { "<div class=\"more\"><p class=\"quiet\">\($0)</p></div>" } ?? .nothing
        }
        var following = filter
        following.after = next
        let isFull = answer[list: "records"].count >= filter.limit
        guard let searched, !isFull else {
            return "<div class=\"more\"><p><a href=\"\(address(following))\" rel=\"next\">Next page</a></p></div>"
        }
        return """
            <div class="more" data-search="\(filter.limit)"><p class="quiet">\(searched)</p>
            <p><a href="\(address(following))" rel="next">Search on</a></p></div>
            """
    }

    private static func address(_ filter: FileFilter) -> String {
        Parts.address(
            "files",
            query: [
                ("layer", filter.layer), ("status", filter.status ?? ""), ("table", filter.table ?? ""),
                ("since", filter.since ?? ""), ("text", filter.text ?? ""), ("day", filter.day ?? ""),
                ("sort", filter.sort?.rawValue ?? ""), ("order", filter.isAscending ? "ascending" : ""),
                ("limit", filter.limit == FileFilter().limit ? "" : "\(filter.limit)"), ("after", filter.after ?? ""),
            ])
    }
}
