internal import JSON

/// A part of the pipeline: its files, its log, its alarms, and the parts beside it.
enum PartPage {
    static func render(_ request: Page.Request, _ source: any ConsoleSource) throws(ConsoleFault) -> Page.Content {
        let part = try source.part(request.id ?? "")
        let title = part[text: "title"] ?? ""
        let rate: HTML =
            part[number: "per_minute"].map {
                " · \(Shown.count($0)) a minute lately, \(Shown.count(part[number: "errors"])) errors"
            } ?? ""
        let body: HTML = """
            <p class="lead">\(part[text: "kind"] ?? "")\(rate)</p>
            <p>\(neighbours("Before it", part[list: "before"]))\(neighbours("After it", part[list: "next"]))\(neighbours("It calls", part[list: "calls"]))</p>
            \(more(part))\(messages(part))
            <div data-live="records">\(records(part[list: "records"]))</div>
            \(log(part))
            <h2>Alarms</h2>
            \(alarms(part))
            """
        return Page.Content(title: title, body: body)
    }

    private static func neighbours(_ title: String, _ names: [JSON]) -> HTML {
        let links = names.compactMap(\.string).map { name -> HTML in
            "<a href=\"\(Parts.address("flow", name))\">\(name)</a> "
        }
        return links.isEmpty ? .nothing : "<span class=\"quiet\">\(title):</span> \(links) "
    }

    /// The pages that have all of what the part has.
    private static func more(_ part: JSON) -> HTML {
        var links: [(String, String)] = []
        switch part[text: "name"] {
        case "raw", "control", "bronze": links = [("All files", Parts.address("files"))]
        case "silver", "gold":
            let layer = part[text: "name"] ?? ""
            links = [
                ("All files", Parts.address("files", query: [("layer", layer)])), ("Tables", Parts.address("tables")),
                ("Lineage", Parts.address("lineage")),
            ]
        case "quarantine": links = [("Rows in quarantine", Parts.address("quarantine"))]
        case "stream", "delivery", "change-capture": links = [("Streams", Parts.address("streams"))]
        default: break
        }
        if let machine = part[text: "machine"] {
            links.append(("Executions", Parts.address("executions", query: [("machine", machine)])))
        }
        let items = links.map { name, address -> HTML in "<li><a href=\"\(address)\">\(name)</a></li>" }
        return items.isEmpty ? .nothing : "<ul class=\"plain chips\">\(items)</ul>"
    }

    private static func messages(_ part: JSON) -> HTML {
        guard let count = part[number: "messages"] else { return .nothing }
        return """
            <p><strong>\(Shown.count(count))</strong> messages. They are events that nothing could take after all its tries; receiving them here would change when they come again. In a terminal:</p>
            <pre class="command">\(part[text: "command"] ?? "")</pre>
            """
    }

    private static func records(_ records: [JSON]) -> HTML {
        guard !records.isEmpty else { return .nothing }
        let rows = records.map { record -> [HTML] in
            let key = record[text: "object_key"] ?? ""
            return [
                Parts.state(record[text: "status"]), "\(record[text: "table_name"] ?? "")",
                Parts.fileLink(
                    record[text: "control_id"] ?? "", key.split(separator: "/").last.map(String.init) ?? key),
                Shown.time(record[text: "updated_at"]), "\(Shown.count(record[number: "attempt_count"]))",
                "<span class=\"note\">\(Shown.error(of: record))</span>",
            ]
        }
        return """
            <h2>Files here now</h2>
            \(Parts.table("Files here now", [("Status", false), ("Table", false), ("File", false), ("Changed", false), ("Tries", true), ("Error", false)], rows))
            """
    }

    private static func log(_ part: JSON) -> HTML {
        guard let name = part[text: "function"] ?? part[text: "task"] else { return .nothing }
        let kind = part[text: "task"] == nil ? "function" : "task"
        let address = Parts.address("api", "logs", query: [("function", name), ("kind", kind)])
        return "<h2>Log</h2>\(Parts.later(address, "Reading the log…"))"
    }

    private static func alarms(_ part: JSON) -> HTML {
        let names = part[list: "alarm_names"].compactMap(\.string)
        guard !names.isEmpty else { return "<p class=\"quiet\">No alarm watches this part.</p>" }
        let alarms = part[list: "alarms"]
        guard !alarms.isEmpty else {
            let why: HTML =
                part["alarms"]?.isNull ?? true
                ? "CloudWatch does not answer, so their states are unknown: a profile needs cloudwatch:DescribeAlarms."
                : "The stack has none of them: its parameter Monitoring makes them."
            let items = names.map { name -> HTML in "<li class=\"mono\">\(name)</li>" }
            return "<p class=\"quiet\">These alarms watch this part. \(why)</p><ul>\(items)</ul>"
        }
        let rows = alarms.map { alarm -> [HTML] in
            [
                Parts.state(alarm[text: "state"]), "<span class=\"mono\">\(alarm[text: "name"] ?? "")</span>",
                "<span class=\"note\">\(alarm[text: "reason"] ?? "")</span>",
            ]
        }
        return Parts.table("Alarms", [("State", false), ("Alarm", false), ("Why", false)], rows)
    }
}
