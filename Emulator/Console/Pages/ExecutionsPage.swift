internal import JSON

/// Executions of the pipeline's state machines.
enum ExecutionsPage {
    static func render(_ request: Page.Request, _ source: any ConsoleSource) throws(ConsoleFault) -> Page.Content {
        let (machine, status) = (request.query["machine"] ?? "", request.query["status"] ?? "")
        var filter = ExecutionFilter()
        filter.machine = machine.isEmpty ? nil : machine
        filter.status = status.isEmpty ? nil : status
        filter.mapRun = request.query["map_run"].flatMap { $0.isEmpty ? nil : $0 }
        let answer = try source.executions(filter)
        let machines = answer[list: "machines"].compactMap { $0[text: "name"] }
        let express = answer[list: "machines"].filter { $0[text: "type"] == "EXPRESS" }.compactMap { $0[text: "name"] }
        let rows = answer[list: "executions"].map { execution -> [HTML] in
            let arn = execution[text: "execution_arn"] ?? ""
            return [
                Parts.state(execution[text: "status"]), "\(execution[text: "state_machine"] ?? "")",
                "<a class=\"mono\" href=\"\(Parts.address("executions", arn))\">\(execution[text: "name"] ?? "")</a>",
                Shown.time(execution[text: "started_at"]), "\(Shown.duration(execution[number: "duration"]))",
            ]
        }
        let states = ["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"]
        let run = answer["map_run"].flatMap { $0.isNull ? nil : $0 }
        let none =
            run == nil
            ? Parts.empty(
                "No execution is as you asked. Silver and gold run when files have reached bronze:",
                command: "cupel run sample")
            : Parts.empty(
                "Step Functions lists no child execution here. An emulator runs the items without executions of their own."
            )
        let list =
            rows.isEmpty
            ? none
            : Parts.table(
                "Executions",
                [("Status", false), ("Machine", false), ("Execution", false), ("Started", false), ("Took", true)], rows)
        let note: HTML =
            express.isEmpty
            ? ""
            : "<p class=\"quiet\">Step Functions keeps no list of express executions (\(express.joined(separator: ", "))). Those that failed lately are here by their log; a file's page has what the others did.</p>"
        let body: HTML = """
            <form class="filter" method="get" action="\(Console.root)executions" role="search" aria-label="Filter executions">
            \(Parts.select("machine", "State machine", [(value: "", name: "all")] + machines.map { (value: $0, name: $0) }, machine))
            \(Parts.select("status", "Status", [(value: "", name: "any")] + states.map { (value: $0, name: $0.lowercased().replacing("_", with: " ")) }, status))
            <button>Show</button>
            </form>
            \(request.canChange ? start(machine.isEmpty ? machines : [machine]) : .nothing)
            <div data-live="executions">\(run.map(mapRun) ?? .nothing)\(list)</div>
            \(note)
            """
        return Page.Content(title: "Executions", body: body)
    }

    /// How far the items of a map run are, and where it belongs.
    private static func mapRun(_ run: JSON) -> HTML {
        let counts = ["total", "pending", "running", "succeeded", "failed", "timed_out", "aborted"].compactMap {
            name -> (String, HTML)? in
            guard let count = run[number: name], count > 0 || name == "total" || name == "failed" else { return nil }
            return (name == "total" ? "Items" : name.replacing("_", with: " "), "\(Shown.count(count))")
        }
        let arn = run[text: "execution_arn"] ?? ""
        let name = arn.split(separator: ":").last.map(String.init) ?? arn
        return """
            <p class="lead">A map run of <a class="mono" href="\(Parts.address("executions", arn))">\(name)</a> \(Parts.state(run[text: "status"]))</p>
            \(Parts.facts(counts))<h2>Child executions</h2>
            """
    }

    /// Buttons that start the machines that take further what waits; the others start by themselves, with a file.
    private static func start(_ machines: [String]) -> HTML {
        let buttons = ["silver", "gold", "maintenance"].filter(machines.contains).map { machine -> HTML in
            "<button type=\"button\" data-post=\"\(Parts.address("api", "executions"))\" data-machine=\"\(machine)\">Run \(machine) now</button>"
        }
        guard !buttons.isEmpty else { return .nothing }
        return "<div class=\"actions\">\(buttons)<div class=\"outcome\" role=\"status\"></div></div>"
    }
}
