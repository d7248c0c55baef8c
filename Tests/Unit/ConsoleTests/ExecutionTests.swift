import JSON
import Testing

@testable import Console

/// What an execution's events and definition become.
@Suite struct ExecutionTests {
    private func event(_ id: Int, after previous: Int, _ type: String, _ details: (String, JSON)? = nil) -> JSON {
        var object: JSONObject = [
            "id": .int(id), "previousEventId": .int(previous), "type": .string(type),
            "timestamp": .string("2026-11-30T07:00:0\(id % 10).000Z"),
        ]
        if let details { object[details.0] = details.1 }
        return .object(object)
    }

    private func entered(_ id: Int, after previous: Int, _ name: String, _ type: String = "Task") -> JSON {
        event(
            id, after: previous, "\(type)StateEntered",
            ("stateEnteredEventDetails", ["name": .string(name), "input": .string("{\"n\":\(id)}")]))
    }

    private func exited(_ id: Int, after previous: Int, _ name: String, _ type: String = "Task") -> JSON {
        event(
            id, after: previous, "\(type)StateExited",
            ("stateExitedEventDetails", ["name": .string(name), "output": "{}"]))
    }

    private func failed(_ id: Int, after previous: Int, _ error: String) -> JSON {
        event(
            id, after: previous, "TaskFailed",
            ("taskFailedEventDetails", ["error": .string(error), "cause": "it <broke>"]))
    }

    @Test("a state that failed twice and then succeeded was caught, with both errors")
    func retries() {
        let history = ExecutionHistory([
            event(1, after: 0, "ExecutionStarted"), entered(2, after: 1, "Convert"),
            event(3, after: 2, "TaskScheduled"), failed(4, after: 3, "A"), event(5, after: 4, "TaskScheduled"),
            failed(6, after: 5, "B"), event(7, after: 6, "TaskScheduled"), exited(8, after: 7, "Convert"),
        ])
        #expect(history.visits.count == 1)
        #expect(history.visits.first?.failures.map(\.error) == ["A", "B"])
        #expect(history.outcome(of: "Convert", isRunning: false) == "caught")
        #expect(history.outcome(of: "Other", isRunning: false) == nil)
    }

    @Test("iterations of a map at the same time keep their events apart")
    func iterations() {
        let history = ExecutionHistory([
            event(1, after: 0, "ExecutionStarted"), entered(2, after: 1, "Each", "Map"),
            event(3, after: 2, "MapIterationStarted"), event(4, after: 2, "MapIterationStarted"),
            entered(5, after: 3, "Merge"), entered(6, after: 4, "Merge"), failed(7, after: 5, "A"),
            exited(8, after: 6, "Merge"),
        ])
        let visits = history.visits(of: "Merge")
        #expect(visits.map { $0.outcome(isRunning: false) } == ["failed", "succeeded"])
        #expect(visits.map(\.failures.count) == [1, 0])
        #expect(history.outcome(of: "Merge", isRunning: false) == "failed")
        #expect(history.outcome(of: "Each", isRunning: true) == "running")
    }

    @Test("a state is drawn below all that lead to it, also where an edge leads back or to nowhere")
    func ranks() {
        let definition: JSON = [
            "StartAt": "A",
            "States": [
                "A": ["Type": "Choice", "Choices": [["Next": "C"]], "Default": "B"],
                "B": ["Type": "Pass", "Next": "C"],
                "C": ["Type": "Task", "Next": "D", "Catch": [["Next": "A"], ["Next": "Nowhere"]]],
                "D": ["Type": "Succeed"], "Lost": ["Type": "Fail"],
            ],
        ]
        let ranks = Dictionary(uniqueKeysWithValues: StateGraph(definition).nodes.map { ($0.name, $0.rank) })
        #expect(ranks == ["A": 0, "B": 1, "C": 2, "D": 3, "Lost": 4])
        #expect(StateGraph("no machine").nodes.isEmpty)
        #expect(StateGraph(["StartAt": "Nowhere", "States": ["A": ["Next": "A"]]]).nodes.count == 1)
    }

    @Test("events without end, without a start or of a loop do not hang")
    func brokenHistories() {
        #expect(
            ExecutionHistory([exited(2, after: 2, "A"), failed(3, after: 4, "x"), failed(4, after: 3, "x")]).visits
                .isEmpty)
        #expect(ExecutionHistory(["text", [:], ["id": 1]]).visits.isEmpty)
    }

    @Test("an express execution, of which the log has the failures only, is a list of events below its graph")
    func logged() throws {
        let source = StubSource()
        source.answers["execution"] = [
            "execution": ["name": "run", "status": "FAILED"],
            "definition": ["StartAt": "Route", "States": ["Route": ["Type": "Task", "End": true]]],
            "events": [failed(4, after: 3, "Throttled<b>")],
        ]
        let arn = "arn:aws:states:us-east-1:000000000000:express:cupel-dev-dispatch:run:1"
        let page = try ExecutionPage.render(Page.Request(id: arn), source).body.text
        #expect(page.contains("Events in the log") && page.contains("Throttled&lt;b&gt;"))
        #expect(page.contains("unentered") && !page.contains("Timeline") && !page.contains("Run again"))
    }

    @Test("the page shows errors, inputs and outputs as text")
    func page() throws {
        let source = StubSource()
        source.answers["execution"] = [
            "execution": [
                "name": "run", "status": "FAILED", "error": "Oh<no>", "cause": #"{"errorMessage":"it broke"}"#,
                "input": #"[{"control_id":"0123456789abcdef0123456789abcdef"}]"#,
            ],
            "definition": ["StartAt": "Convert", "States": ["Convert": ["Type": "Task", "End": true]]],
            "events": [
                event(1, after: 0, "ExecutionStarted"), entered(2, after: 1, "Convert"), failed(3, after: 2, "A"),
            ],
        ]
        let page = try ExecutionPage.render(Page.Request(id: "arn"), source).body.text
        #expect(page.contains("Oh&lt;no&gt;") && page.contains("<p>it broke</p>") && page.contains("it &lt;broke&gt;"))
        #expect(page.contains("href=\"/console/files/0123456789abcdef0123456789abcdef\""))
        #expect(page.contains("node failed") && page.contains("&quot;n&quot;: 2"))
    }

    @Test("a map run's page has how far its items are, its child executions, and the way back")
    func mapRun() throws {
        let source = StubSource()
        var answer: JSONObject = [
            "map_run": [
                "status": "RUNNING", "execution_arn": "arn:aws:states:us-east-1:0:execution:m:parent", "total": 12,
                "succeeded": 9, "failed": 0, "aborted": 0,
            ],
            "executions": [["execution_arn": "arn:child", "name": "child-1", "status": "SUCCEEDED"]],
        ]
        source.answers["executions"] = .object(answer)
        let request = Page.Request(query: ["map_run": "arn:run"])
        let page = try ExecutionsPage.render(request, source).body.text
        for text in ["child-1", "/console/executions/arn%3Achild", ">parent</a>", "<dd>12</dd>", "<dd>9</dd>"] {
            #expect(page.contains(text), "\(text)")
        }
        #expect(!page.contains("aborted</dt>"))
        answer["executions"] = []
        source.answers["executions"] = .object(answer)
        #expect(try ExecutionsPage.render(request, source).body.text.contains("lists no child execution"))
    }
}
