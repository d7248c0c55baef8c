import ASL
import JSON
import Testing
import Time

struct DistributedMapTests {
    private func machine(_ fields: JSONObject, item: JSON) throws -> StateMachine {
        var map: JSONObject = [
            "Type": "Map", "End": true,
            "ItemProcessor": [
                "ProcessorConfig": ["Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"], "StartAt": "I",
                "States": ["I": item],
            ],
        ]
        for (name, value) in fields { map[name] = value }
        return try StateMachine(JSON.object(["StartAt": "M", "States": ["M": .object(map)]]).text)
    }

    private let pass: JSON = ["Type": "Pass", "End": true]

    /// A task that fails for the item 2.
    private let picky: JSON = [
        "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:111111111111:function:picky", "End": true,
    ]

    private func run(_ machine: StateMachine, input: JSON, answers: (TaskRequest) -> ExecutionInput.Kind) -> (
        Outcome?, [String]
    ) {
        var execution = SimulatedHost.execution(of: machine, input: input, at: Timestamp(seconds: 0))
        var waiting: [ExecutionInput.Kind] = [.started(seed: 1)]
        var events: [String] = []
        while !waiting.isEmpty {
            for effect in execution.handle(ExecutionInput(waiting.removeFirst(), at: Timestamp(seconds: 0))) {
                if case .startTask(let request) = effect { waiting.append(answers(request)) }
                if case .record(let event) = effect { events.append(event.type) }
            }
        }
        return (execution.outcome, events)
    }

    private func refuseTwo(_ request: TaskRequest) -> ExecutionInput.Kind {
        request.parameters == 2
            ? .taskFailed(request.id, ErrorOutput(error: "Two", cause: nil))
            : .taskSucceeded(request.id, output: request.parameters)
    }

    @Test("failed items are tolerated up to ToleratedFailureCount")
    func toleratedFailures() throws {
        let (outcome, events) = run(
            try machine(["ToleratedFailureCount": 1], item: picky), input: [1, 2, 3], answers: refuseTwo)
        #expect(outcome == .succeeded(output: [1, 3]))
        #expect(
            events == [
                "ExecutionStarted", "MapStateEntered", "MapStateStarted", "MapRunStarted", "MapRunSucceeded",
                "MapStateSucceeded", "MapStateExited", "ExecutionSucceeded",
            ])
    }

    @Test("one failed item too many fails the map run with the documented error")
    func exceededTolerance() throws {
        let (outcome, events) = run(try machine([:], item: picky), input: [1, 2, 3], answers: refuseTwo)
        guard case .failed(let failure)? = outcome else {
            Issue.record("the execution did not fail: \(String(describing: outcome))")
            return
        }
        #expect(failure.error == "States.ExceedToleratedFailureThreshold")
        #expect(events.suffix(3) == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"])
    }

    @Test(
        "WriterConfig sets the form of the results",
        arguments: [
            ("COMPACT", "[[1,2],3]"), ("FLATTEN", "[1,2,3]"),
            (
                "NONE",
                #"[{"Input":"[1,2]","InputDetails":{"Included":true},"Output":"[1,2]","OutputDetails":{"Included":true},"#
                    + #""Status":"SUCCEEDED"},{"Input":"3","InputDetails":{"Included":true},"Output":"3","#
                    + #""OutputDetails":{"Included":true},"Status":"SUCCEEDED"}]"#
            ),
        ])
    func writerConfig(transformation: String, results: String) throws {
        let expected = try JSON(parsing: results)
        let config: JSON = ["Transformation": .string(transformation), "OutputType": "JSONL"]
        let plain = try machine(["ResultWriter": ["WriterConfig": config]], item: pass)
        #expect(run(plain, input: [[1, 2], 3]) { .taskHeartbeat($0.id) }.0 == .succeeded(output: expected))
        let written = try machine(
            [
                "ResultWriter": [
                    "Resource": "arn:aws:states:::s3:putObject", "Parameters": ["Bucket": "b"], "WriterConfig": config,
                ]
            ], item: pass)
        var objects: [JSON] = []
        let (outcome, _) = run(written, input: [[1, 2], 3]) { request in
            objects.append(request.parameters)
            return .taskSucceeded(request.id, output: [:])
        }
        #expect(outcome?.status == "SUCCEEDED")
        #expect(objects.first?[ResultWriter.linesParameter] == expected)
        #expect(objects.last?["Body"]?["ResultFiles"]?["SUCCEEDED"]?.array?.count == 1)
    }

    @Test("the inputs of tolerated failures are written to a file of their own")
    func failedResults() throws {
        let machine = try machine(
            [
                "ToleratedFailureCount": 1,
                "ResultWriter": ["Resource": "arn:aws:states:::s3:putObject", "Parameters": ["Bucket": "b"]],
            ], item: picky)
        var objects: [JSON] = []
        let (outcome, _) = run(machine, input: [1, 2, 3]) { request in
            guard request.resource.typeInHistory == "s3" else { return refuseTwo(request) }
            objects.append(request.parameters)
            return .taskSucceeded(request.id, output: [:])
        }
        #expect(outcome?.status == "SUCCEEDED")
        #expect(objects.count == 3)
        #expect(objects.dropFirst().first?["Body"] == [["Input": "2", "Status": "FAILED", "Error": "Two"]])
    }

    @Test("ItemsPointer names the list inside a JSON object")
    func itemsPointer() throws {
        let machine = try machine(
            [
                "ItemReader": [
                    "Resource": "arn:aws:states:::s3:getObject", "Parameters": ["Bucket": "b", "Key": "k"],
                    "ReaderConfig": ["InputType": "JSON", "ItemsPointer": "/data/a~1b"],
                ]
            ], item: pass)
        let (outcome, _) = run(machine, input: [:]) { request in
            .taskSucceeded(request.id, output: ["Body": #"{"data":{"a/b":[1,2]}}"#])
        }
        #expect(outcome == .succeeded(output: [1, 2]))
    }

    @Test("a map run reports its counts when it begins and when it ends")
    func mapRunReports() throws {
        func reports(_ fields: JSONObject) throws -> [MapRunReport] {
            var execution = SimulatedHost.execution(
                of: try machine(fields, item: picky), input: [1, 2, 3], at: Timestamp(seconds: 0))
            var waiting: [ExecutionInput.Kind] = [.started(seed: 1)]
            var reports: [MapRunReport] = []
            while !waiting.isEmpty {
                for effect in execution.handle(ExecutionInput(waiting.removeFirst(), at: Timestamp(seconds: 0))) {
                    if case .startTask(let request) = effect { waiting.append(refuseTwo(request)) }
                    if case .mapRun(let report) = effect { reports.append(report) }
                }
            }
            #expect(execution.mapRuns == [])
            return reports
        }
        let tolerant = try reports(["ToleratedFailureCount": 1, "MaxConcurrency": 1])
        #expect(tolerant.map(\.status) == [.running, .succeeded])
        #expect(tolerant.last?.maxConcurrency == 1)
        #expect(tolerant.last?.toleratedFailureCount == 1)
        #expect(tolerant.last.map { [$0.total, $0.succeeded, $0.failed, $0.running, $0.pending] } == [3, 2, 1, 0, 0])
        let strict = try reports(["MaxConcurrency": 1])
        #expect(strict.map(\.status) == [.running, .failed])
        #expect(strict.last.map { [$0.total, $0.succeeded, $0.failed, $0.aborted] } == [3, 1, 1, 1])
    }

    @Test("items are batched with the shared BatchInput")
    func batches() throws {
        let machine = try machine(
            [
                "ItemSelector": ["n.$": "$$.Map.Item.Value"],
                "ItemBatcher": ["MaxItemsPerBatch": 2, "BatchInput": ["from.$": "$$.Execution.Name"]],
            ], item: pass)
        let (outcome, _) = run(machine, input: [1, 2, 3]) { .taskHeartbeat($0.id) }
        #expect(
            outcome
                == .succeeded(output: [
                    ["BatchInput": ["from": "run"], "Items": [["n": 1], ["n": 2]]],
                    ["BatchInput": ["from": "run"], "Items": [["n": 3]]],
                ]))
    }

    @Test(
        "items are read from a JSON, JSON Lines, or CSV object",
        arguments: [
            (["InputType": "JSON"], #"[1, {"a": 2}]"#, #"[1, {"a": 2}]"#),
            (["InputType": "JSONL"], "{\"a\": 1}\n{\"a\": 2}\n", #"[{"a": 1}, {"a": 2}]"#),
            (["InputType": "JSON", "MaxItems": 1], "[1, 2]", "[1]"),
            (
                ["InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"], "a,b\n1,\"x,\"\"y\"\"\nz\"\n2\n",
                #"[{"a": "1", "b": "x,\"y\"\nz"}, {"a": "2", "b": ""}]"#
            ),
            (
                ["InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["h"], "CSVDelimiter": "PIPE"],
                "1|2\n3|4",
                #"[{"h": "1"}, {"h": "3"}]"#
            ),
        ] as [(JSON, String, String)])
    func itemReader(config: JSON, body: String, expected: String) throws {
        let machine = try machine(
            [
                "ItemReader": [
                    "Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config,
                    "Parameters": ["Bucket": "b", "Key.$": "$.key"],
                ]
            ], item: pass)
        let (outcome, _) = run(machine, input: ["key": "k"]) { request in
            #expect(request.parameters == ["Bucket": "b", "Key": "k"])
            return .taskSucceeded(request.id, output: ["Body": .string(body)])
        }
        #expect(outcome == .succeeded(output: try JSON(parsing: expected)))
    }

    @Test(
        "what a reader cannot take fails the map run, as on AWS",
        arguments: [
            (
                ["InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"], "a,a\n1,2\n",
                "CSV headers cannot contain duplicates."
            ),
            (
                ["InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["h", "h"]], "1,2\n",
                "CSV headers cannot contain duplicates."
            ),
            (["InputType": "JSON", "MaxItemsPath": "$.most"], "[1]", "field MaxItems must be positive"),
            (
                ["InputType": "JSON", "MaxItemsPath": "$.word"], "[1]",
                #"The MaxItemsPath field refers to value "many" which is not a valid integer: $.word"#
            ),
        ] as [(JSON, String, String)])
    func refusedByReader(config: JSON, body: String, cause: String) throws {
        let map = try machine(
            ["ItemReader": ["Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config]], item: pass)
        let (outcome, events) = run(map, input: ["most": -1, "word": "many"]) { request in
            .taskSucceeded(request.id, output: ["Body": .string(body)])
        }
        #expect(outcome == .failed(ErrorOutput(error: "States.ItemReaderFailed", cause: cause)))
        #expect(events.contains("MapRunFailed"))
    }

    @Test("an object without a list fails the item reader")
    func notAList() throws {
        let machine = try machine(
            ["ItemReader": ["Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": ["InputType": "JSON"]]],
            item: pass)
        let (outcome, events) = run(machine, input: [:]) { .taskSucceeded($0.id, output: ["Body": "{}"]) }
        #expect(
            outcome
                == .failed(
                    ErrorOutput(
                        error: "States.ItemReaderFailed", cause: "Attempting to map over non-iterable node.")))
        #expect(events.contains("MapRunFailed"))
    }

    @Test("results are written with a manifest, and the output names its place")
    func resultWriter() throws {
        let machine = try machine(
            [
                "Label": "L",
                "ResultWriter": [
                    "Resource": "arn:aws:states:::s3:putObject", "Parameters": ["Bucket": "b", "Prefix": "p"],
                ],
            ], item: pass)
        var written: [TaskRequest] = []
        let (outcome, _) = run(machine, input: [1, 2]) { request in
            written.append(request)
            return .taskSucceeded(request.id, output: [:])
        }
        #expect(written.count == 2)
        #expect(written.first?.parameters["Body"]?.array?.map { $0["Output"] } == ["1", "2"])
        guard case .succeeded(let output)? = outcome else {
            Issue.record("the execution did not succeed")
            return
        }
        #expect(output["ResultWriterDetails"]?["Key"] == written.last?.parameters["Key"])
        #expect(written.last?.parameters["Body"]?["MapRunArn"] == output["MapRunArn"])
    }
}
