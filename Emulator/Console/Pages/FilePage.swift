internal import JSON

/// One file's life: each step, what it took, and what it left.
enum FilePage {
    static func render(_ request: Page.Request, _ source: any ConsoleSource) throws(ConsoleFault) -> Page.Content {
        let file = try source.file(request.id ?? "")
        let record = file["record"] ?? [:]
        let key = record[text: "object_key"] ?? ""
        let name = key.split(separator: "/").last.map(String.init) ?? key
        let failure: HTML =
            record[text: "error_message"].map {
                """
                <section class="problem" aria-label="Error"><h2>\(record[text: "error_type"] ?? "Error")</h2>
                <p>\($0)</p></section>
                """
            } ?? ""
        let body: HTML = """
            <p class="lead">\(Parts.state(record[text: "status"])) <span class="mono">\(key)</span></p>
            \(failure)
            <section aria-label="Life" data-live="life">
            <h2>Life</h2>
            \(timeline(file[list: "steps"]))
            </section>
            \(replay(record, canChange: request.canChange))
            \(quarantine(file))
            \(quality(record))
            \(cost(file))
            \(others(file))
            \(logs(file))
            \(Parts.details("The whole record", Parts.code(Shown.pretty(record.text))))
            """
        return Page.Content(title: name, body: body)
    }

    private static func timeline(_ steps: [JSON]) -> HTML {
        let items = steps.map { step -> HTML in
            let facts = (step["facts"]?.object ?? [:]).map { name, value -> (String, HTML) in
                (name.replacing("_in_bytes", with: "").replacing("_", with: " "), fact(name, value))
            }
            let took: HTML =
                step[number: "took_ms"].map { "<span class=\"quiet\">took \(Shown.duration($0))</span>" } ?? ""
            let waited: HTML =
                step[number: "waited_ms"].map { "<span class=\"quiet\">after \(Shown.duration($0))</span>" } ?? ""
            let title: HTML =
                step[text: "link"].map { "<a href=\"\(Console.root)\($0)\">\(step[text: "title"] ?? "")</a>" }
                ?? "\(step[text: "title"] ?? "")"
            return """
                <li><h3>\(title) \(Parts.state(step[text: "state"]))</h3>
                <p>\(step[text: "at"] == nil ? "" : Shown.time(step[text: "at"])) \(waited) \(took)</p>
                \(facts.isEmpty ? "" : Parts.facts(facts))</li>

                """
        }
        return "<ol class=\"life\">\(items)</ol>"
    }

    private static func fact(_ name: String, _ value: JSON) -> HTML {
        if name.hasSuffix("bytes"), let count = value.int { return "\(Shown.bytes(count))" }
        if let number = value.int { return "\(Shown.count(number))" }
        if let values = value.array { return "\(values.map { Shown.value($0) }.joined(separator: ", "))" }
        return "<span class=\"mono\">\(Shown.value(value))</span>"
    }

    private static func replay(_ record: JSON, canChange: Bool) -> HTML {
        guard canChange, let id = record[text: "control_id"] else { return .nothing }
        return """
            <div class="actions" data-replay>
            <input type="hidden" name="id" value="\(id)">
            <button type="button" data-do="dry-run">Replay…</button>
            <label class="inline"><input type="checkbox" data-force> even if it succeeded</label>
            <div class="outcome" role="status"></div>
            </div>
            """
    }

    private static func quarantine(_ file: JSON) -> HTML {
        guard let quarantine = file["quarantine"], !quarantine.isNull else { return .nothing }
        let rows = quarantine[list: "rows"].map { row -> [HTML] in
            [
                "\(Shown.value(row["line"]))", "\(Shown.value(row["column"]))", "\(Shown.value(row["reason"]))",
                "\(Shown.value(row["message"]))", "<code class=\"raw\">\(Shown.value(row["raw_text"]))</code>",
            ]
        }
        let key = quarantine[text: "key"] ?? ""
        let table = file["record"]?[text: "table_name"] ?? ""
        let address = Parts.address("quarantine", query: [("table", table), ("key", key)])
        return """
            <section><h2>Rows in quarantine</h2>
            <p class="quiet mono">\(key)</p>
            \(Parts.table("Rows in quarantine", [("Line", true), ("Column", false), ("Reason", false), ("Message", false), ("Raw text", false)], rows))
            <p><a href="\(address)">Work on these rows</a></p></section>
            """
    }

    private static func quality(_ record: JSON) -> HTML {
        let rules = record[list: "quality"]
        let masked = record[list: "masked_columns"].compactMap(\.string)
        guard !rules.isEmpty || !masked.isEmpty else { return .nothing }
        let rows = rules.map { rule -> [HTML] in
            [
                Parts.state(rule[text: "outcome"]), "\(Shown.value(rule["rule"]))", "\(Shown.value(rule["column"]))",
                "\(Shown.measured(rule["measured"]))", "\(Shown.value(rule["expected"]))",
                "\(Shown.value(rule["severity"]))",
            ]
        }
        let table =
            rows.isEmpty
            ? HTML.nothing
            : Parts.table(
                "Quality",
                [
                    ("Outcome", false), ("Rule", false), ("Column", false), ("Measured", true), ("Expected", false),
                    ("Severity", false),
                ], rows)
        let names: HTML = masked.isEmpty ? "" : "<p>Masked columns: \(masked.joined(separator: ", "))</p>"
        return "<section><h2>Quality</h2>\(names)\(table)</section>"
    }

    private static func cost(_ file: JSON) -> HTML {
        guard let cost = file["cost"], !cost.isNull else { return .nothing }
        return """
            <section><h2>Cost</h2>
            \(Parts.facts([
                ("By Lambda", "\(CostPage.money(cost["lambda"]))"), ("By Fargate", "\(CostPage.money(cost["ecs"]))"),
                ("By a job of Spark", "\(CostPage.money(cost["emr"]))"),
                ("It took", "\(Shown.duration(cost[number: "took_ms"])) by \(cost[text: "target"] ?? "")"),
            ]))
            <p class="quiet"><a href="\(Parts.address("cost"))">What all files cost</a></p></section>
            """
    }

    private static func others(_ file: JSON) -> HTML {
        let others = file[list: "other_records"]
        guard !others.isEmpty else { return .nothing }
        let rows = others.map { other -> [HTML] in
            [
                "\(other[text: "schema_name"] ?? "")", Parts.state(other[text: "status"]),
                Parts.fileLink(other[text: "control_id"] ?? "", other[text: "object_key"] ?? ""),
                Shown.time(other[text: "updated_at"]),
            ]
        }
        return """
            <section><h2>Other versions and layers</h2>
            \(Parts.table("Other records", [("Layer", false), ("Status", false), ("Object", false), ("Changed", false)], rows))
            </section>
            """
    }

    private static func logs(_ file: JSON) -> HTML {
        let logs = file[list: "logs"].map { log -> HTML in
            let address = Parts.address(
                "api", "logs",
                query: [
                    ("function", log[text: "function"] ?? ""), ("kind", log[text: "kind"] ?? ""),
                    ("request_id", log[text: "request_id"] ?? ""), ("text", log[text: "text"] ?? ""),
                    ("from", log[number: "from"].map { "\($0)" } ?? ""),
                    ("to", log[number: "to"].map { "\($0)" } ?? ""),
                ])
            return Parts.details(
                "\(log[text: "title"] ?? "Log of \(log[text: "function"] ?? "")")",
                Parts.later(address, "Reading the log…"))
        }
        return logs.isEmpty ? .nothing : "<section aria-label=\"Logs\"><h2>Logs</h2>\(logs)</section>"
    }
}
