internal import JSON

/// One execution: the machine's picture coloured by what happened, and each state's input, output and errors.
enum ExecutionPage {
    static func render(_ request: Page.Request, _ source: any ConsoleSource) throws(ConsoleFault) -> Page.Content {
        let arn = request.id ?? ""
        let answer = try source.execution(arn)
        let execution = answer["execution"] ?? [:]
        let isRunning = execution[text: "status"] == "RUNNING"
        let history = ExecutionHistory(answer[list: "events"])
        let definition = answer["definition"] ?? [:]
        let machine = execution[text: "state_machine"] ?? ""
        let failure: HTML =
            execution[text: "error"].map {
                """
                <section class="problem" aria-label="Error"><h2>\($0)</h2><p>\(cause(execution[text: "cause"]))</p></section>
                """
            } ?? ""
        // Step Functions starts an express execution again only with its whole input, which the log may lack.
        let again: HTML =
            isRunning || arn.contains(":express:")
            ? ""
            : "<button type=\"button\" data-post=\"\(Parts.address("api", "executions", arn, "rerun"))\">Run again with the same input</button>"
        let fromFailure: HTML =
            execution[text: "redrive_status"] == "REDRIVABLE"
            ? "<button type=\"button\" data-post=\"\(Parts.address("api", "executions", arn, "redrive"))\">Start again from where it failed</button>"
            : ""
        let redrive: HTML =
            request.canChange
            ? "<div class=\"actions\">\(fromFailure)\(again)<div class=\"outcome\" role=\"status\"></div></div>" : ""
        let cut: HTML =
            answer["truncated"]?.bool == true
            ? "<p class=\"quiet\">The history is long: its first \(answer[list: "events"].count) events are shown.</p>"
            : ""
        let body: HTML = """
            <div data-live="execution"\(isRunning ? " data-running" : "")>
            <p class="lead">\(Parts.state(execution[text: "status"])) \(machine) · started \(Shown.time(execution[text: "started_at"])) · took \(Shown.duration(execution[number: "duration"]))</p>
            \(files(of: execution))\(failure)\(redrive)
            \(level("Graph of \(machine)", definition, history, isRunning))
            \(history.visits.isEmpty ? .nothing : "<h2>Timeline</h2>\(timeline(history, isRunning))")\(cut)
            \(history.visits.isEmpty ? logged(answer[list: "events"]) : "<h2>States</h2>\(states(history, definition, isRunning))")
            </div>
            <h2>Whole input and output</h2>
            \(Parts.details("Input", Parts.code(Shown.pretty(execution[text: "input"]))))
            \(Parts.details("Output", Parts.code(Shown.pretty(execution[text: "output"]))))
            """
        return Page.Content(title: execution[text: "name"] ?? "Execution", body: body)
    }

    /// Links to the files that an execution is about: its input has their records' IDs.
    private static func files(of execution: JSON) -> HTML {
        guard let input = try? JSON(parsing: execution[text: "input"] ?? "") else { return .nothing }
        let links = (input.array ?? [input]).prefix(10).compactMap { $0[text: "control_id"] }.map { id -> HTML in
            "\(Parts.fileLink(id, String(id.prefix(12)))) "
        }
        return links.isEmpty
            ? .nothing : "<p><span class=\"quiet\">Of the file</span> <span class=\"mono\">\(links)</span></p>"
    }

    /// A function's error is JSON with its message.
    private static func cause(_ text: String?) -> String {
        guard let text else { return "" }
        return (try? JSON(parsing: text))?[text: "errorMessage"] ?? text
    }

    // MARK: Graph

    /// The picture of one level, and of the levels inside its states.
    private static func level(
        _ label: String, _ definition: JSON, _ history: ExecutionHistory, _ isRunning: Bool, depth: Int = 0
    ) -> HTML {
        let graph = StateGraph(definition)
        var html = graph.drawing(
            label, outcome: { history.outcome(of: $0, isRunning: isRunning) },
            count: { history.visits(of: $0).count })
        guard depth < 8 else { return html }
        for (name, state) in definition["States"]?.object ?? [:] {
            for (title, inner) in inside(name, state) {
                html += Parts.details(
                    "\(title)", level(title, inner, history, isRunning, depth: depth + 1), isOpen: depth == 0)
            }
        }
        return html
    }

    /// The machines inside a state.
    private static func inside(_ name: String, _ state: JSON) -> [(String, JSON)] {
        if let iterator = state["ItemProcessor"] ?? state["Iterator"] { return [("Each item of \(name)", iterator)] }
        return state[list: "Branches"].enumerated().map { ("Branch \($0.offset + 1) of \(name)", $0.element) }
    }

    /// The state of a name, at any depth.
    private static func state(_ name: String, in definition: JSON, depth: Int = 0) -> JSON? {
        guard depth < 9, let states = definition["States"]?.object else { return nil }
        if let state = states[name] { return state }
        for (own, state) in states {
            for (_, inner) in inside(own, state) {
                if let found = Self.state(name, in: inner, depth: depth + 1) { return found }
            }
        }
        return nil
    }

    // MARK: Timeline

    private static func timeline(_ history: ExecutionHistory, _ isRunning: Bool) -> HTML {
        let visits = history.visits.prefix(300)
        let times = visits.flatMap { [$0.enteredAt, $0.exitedAt] }.compactMap(Milliseconds.of)
        guard let start = times.min(), let end = times.max() else {
            return "<p class=\"quiet\">No state was entered yet.</p>"
        }
        let span = max(1, end - start)
        let bars = visits.enumerated().map { place, visit -> HTML in
            let from = Milliseconds.of(visit.enteredAt) ?? start
            let to = Milliseconds.of(visit.exitedAt) ?? (isRunning ? end : from)
            let x = 190 + (from - start) * 560 / span
            let width = max(3, (to - from) * 560 / span)
            let y = place * 20
            let outcome = visit.outcome(isRunning: isRunning)
            let name = visit.state.count > 26 ? visit.state.prefix(25) + "…" : visit.state
            return """
                <g class="node \(outcome)"><title>\(visit.state): \(outcome), \(Shown.duration(to - from))</title>
                <text class="name" x="0" y="\(y + 14)">\(name)</text>
                <rect x="\(x)" y="\(y + 4)" width="\(width)" height="12" rx="2"/>
                <text class="took" x="\(min(x + width + 6, 760))" y="\(y + 14)">\(Shown.duration(to - from))</text></g>

                """
        }
        let height = visits.count * 20 + 4
        return """
            <div class="scroll graph" tabindex="0" role="region" aria-label="Timeline">
            <svg width="840" height="\(height)" viewBox="0 0 840 \(height)" role="img" aria-label="When each state ran, of \(Shown.duration(span))">\(bars)</svg></div>
            """
    }

    /// What a log at the level of errors has of an express execution: no state's entry, but what failed.
    private static func logged(_ events: [JSON]) -> HTML {
        guard !events.isEmpty else { return "<p class=\"quiet\">No state was entered yet.</p>" }
        let rows = events.prefix(300).map { event -> [HTML] in
            let details = (event.object ?? [:]).first { $0.name.hasSuffix("EventDetails") }?.value
            return [
                Shown.time(event[text: "timestamp"]), "\(event[text: "type"] ?? "")",
                "<strong>\(details?[text: "error"] ?? "")</strong>",
                "<span class=\"note\">\(cause(details?[text: "cause"]))</span>",
            ]
        }
        return """
            <h2>Events in the log</h2>
            \(Parts.table("Events", [("When", false), ("Event", false), ("Error", false), ("Cause", false)], rows))
            """
    }

    // MARK: States

    private static func states(_ history: ExecutionHistory, _ definition: JSON, _ isRunning: Bool) -> HTML {
        var shown: Set<String> = []
        return
            "\(history.visits.prefix(300).map { visit -> HTML in self.visit(visit, definition, isRunning, isFirst: shown.insert(visit.state).inserted) })"
    }

    private static func visit(
        _ visit: ExecutionHistory.Visit, _ definition: JSON, _ isRunning: Bool, isFirst: Bool
    ) -> HTML {
        let outcome = visit.outcome(isRunning: isRunning)
        let failures = visit.failures.enumerated().map { place, failure -> HTML in
            "<li><strong>\(failure.error)</strong> <span>\(cause(failure.cause))</span></li>"
        }
        let started = visit.started.map { arn -> HTML in
            // A map run is no execution; it has some.
            let address =
                arn.contains(":mapRun:")
                ? Parts.address("executions", query: [("map_run", arn)]) : Parts.address("executions", arn)
            return
                "<li><a class=\"mono\" href=\"\(address)\">\(arn.split(separator: ":").last.map(String.init) ?? arn)</a></li>"
        }
        var body: HTML = ""
        if !failures.isEmpty { body += "<h4>Errors, attempt by attempt</h4><ol class=\"failures\">\(failures)</ol>" }
        if !started.isEmpty { body += "<h4>Started</h4><ul>\(started)</ul>" }
        body += "<div class=\"pair\"><div><h4>Input</h4>\(Parts.code(Shown.pretty(visit.input)))</div>"
        body += "<div><h4>Output</h4>\(Parts.code(Shown.pretty(visit.output)))</div></div>"
        if let state = state(visit.state, in: definition), let function = function(of: state) {
            let to = Milliseconds.of(visit.exitedAt).map { "\($0 + 2000)" } ?? ""
            let address = Parts.address(
                "api", "logs",
                query: [
                    ("function", function), ("from", Milliseconds.of(visit.enteredAt).map { "\($0)" } ?? ""),
                    ("to", to),
                ])
            body += Parts.details("Log of \(function)", Parts.later(address, "Reading the log…"))
        }
        let anchor: HTML = isFirst ? " id=\"state-\(StateGraph.anchor(visit.state))\"" : ""
        return """
            <details class="visit"\(anchor)><summary>\(visit.state) \(Parts.state(outcome)) <span class="quiet">\(visit.type.replacing("StateEntered", with: ""))\(visit.failures.isEmpty ? "" : ", \(visit.failures.count) failed")</span></summary>\(body)</details>

            """
    }

    /// The function that a state calls.
    private static func function(of state: JSON) -> String? {
        let resource = state[text: "Resource"] ?? ""
        let parameters = state["Parameters"] ?? state["Arguments"]
        let text = parameters?[text: "FunctionName"] ?? (resource.contains(":function:") ? resource : nil)
        guard let text, !text.isEmpty else { return nil }
        let parts = text.split(separator: ":")
        guard let place = parts.firstIndex(of: "function"), place + 1 < parts.count else {
            return parts.last.map(String.init)
        }
        return String(parts[place + 1])
    }
}
