internal import JSON

/// The pipeline as a picture: each stage with what is in it, and where to look next.
enum FlowPage {
    static func render(_ request: Page.Request, _ source: any ConsoleSource) throws(ConsoleFault) -> Page.Content {
        let flow = try source.flow(patience: Page.patience)
        guard flow["is_counting"]?.bool != true else {
            return Page.Content(
                title: "Flow",
                body: Parts.counting("flow", "Counting what is in the pipeline…"))
        }
        let stages = flow[list: "stages"].map(stage)
        let failures = flow[list: "failures"].map { record -> [HTML] in
            let key = record[text: "object_key"] ?? ""
            return [
                Parts.state(record[text: "status"]), "\(record[text: "layer"] ?? "")",
                Parts.fileLink(
                    record[text: "control_id"] ?? "", key.split(separator: "/").last.map(String.init) ?? key),
                Shown.time(record[text: "updated_at"]),
                "<span class=\"note\">\(Shown.error(of: record))</span>",
            ]
        }
        let queues = flow[list: "queues"].map { queue -> [HTML] in
            ["<span class=\"mono\">\(queue[text: "name"] ?? "")</span>", "\(Shown.count(queue[number: "messages"]))"]
        }
        let failed =
            failures.isEmpty
            ? HTML.nothing
            : """
            <h2>Failed last</h2>
            \(Parts.table("Failed last", [("Status", false), ("Layer", false), ("File", false), ("Changed", false), ("Error", false)], failures))
            """
        let waiting =
            queues.isEmpty
            ? HTML.nothing
            : """
            <h2>Queues</h2>
            <p class="quiet">A queue of dead letters keeps events that nothing could take after all its tries.</p>
            \(Parts.table("Queues", [("Queue", false), ("Messages", true)], queues))
            """
        let nodes = flow[list: "nodes"]
        // On a narrow screen the stages are a list; on a wide one the picture has all of them.
        let narrow: HTML = nodes.isEmpty ? "" : " narrow"
        let isEmpty = flow["is_empty"]?.bool == true
        let start =
            isEmpty
            ? Parts.empty(
                "Nothing has come through the pipeline yet. Take sample files through it:",
                command: "cupel generate -o sample\ncupel run sample") : HTML.nothing
        let body: HTML = """
            \(start)
            \(FlowPicture(nodes).html)
            <ol class="flow\(narrow)" aria-label="Stages, in the order of the data">\(stages)</ol>
            \(failed)\(waiting)
            """
        return Page.Content(title: "Flow", body: Parts.live("flow", flow, body))
    }

    private static func stage(_ stage: JSON) -> HTML {
        let failed = stage[number: "failed"] ?? 0
        let busy = (stage[number: "pending"] ?? 0) + (stage[number: "running"] ?? 0)
        let kind: HTML =
            stage["is_aside"]?.bool == true ? "aside" : failed > 0 ? "bad" : busy > 0 ? "busy" : "calm"
        let title: HTML =
            stage[text: "link"].map { "<a href=\"\(Console.root)\($0)\">\(stage[text: "title"] ?? "")</a>" }
            ?? "\(stage[text: "title"] ?? "")"
        let number = stage[number: "total"]
        let more: HTML = stage["is_more"]?.bool == true ? "+" : ""
        let counts = [("pending", "wait"), ("running", "run"), ("failed", "failed")].compactMap { name, word -> HTML? in
            guard let count = stage[number: name], count > 0 else { return nil }
            let status = name == "failed" ? "error" : name
            guard let layer = stage[text: "layer"] else { return "<span>\(Shown.count(count)) \(word)</span> " }
            return
                "<a href=\"\(Parts.address("files", query: [("layer", layer), ("status", status)]))\">\(Shown.count(count)) \(word)</a> "
        }
        let oldest: HTML =
            stage[number: "oldest_ms"].map { "<p>oldest waits for \(Shown.duration($0))</p>" } ?? ""
        let about: HTML = stage[text: "about"].map { "<p>\($0)</p>" } ?? ""
        return """
            <li class="\(kind)"><h2>\(title)</h2>
            <p class="big">\(Shown.count(number))\(more)</p>\(about)
            <p>\(counts.isEmpty ? ["<span>nothing in flight</span>"] : counts)</p>\(oldest)</li>

            """
    }
}
