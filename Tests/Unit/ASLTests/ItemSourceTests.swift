import ASL
import JSON
import Testing
import Time

/// Items that the host reads from S3 itself.
struct ItemSourceTests {
    private func map(_ fields: JSONObject, item: JSON = ["Type": "Pass", "End": true]) -> JSON {
        var map: JSONObject = [
            "Type": "Map", "End": true,
            "ItemProcessor": [
                "ProcessorConfig": ["Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"], "StartAt": "I",
                "States": ["I": item],
            ],
        ]
        for (name, value) in fields { map[name] = value }
        return ["StartAt": "M", "States": ["M": .object(map)]]
    }

    private func reader(_ config: JSON, resource: String = "getObject") -> JSONObject {
        [
            "ItemReader": [
                "Resource": .string("arn:aws:states:::s3:\(resource)"), "ReaderConfig": config,
                "Parameters": ["Bucket": "b", "Key": "k"],
            ]
        ]
    }

    /// Runs a machine whose calls are all answered by `answer`.
    private func run(_ definition: JSON, input: JSON = [:], _ answer: (TaskRequest) -> ExecutionInput.Kind) throws
        -> Outcome?
    {
        var execution = SimulatedHost.execution(
            of: try StateMachine(definition.text), input: input, at: Timestamp(seconds: 0))
        var waiting: [ExecutionInput.Kind] = [.started(seed: 1)]
        while !waiting.isEmpty {
            for effect in execution.handle(ExecutionInput(waiting.removeFirst(), at: Timestamp(seconds: 0))) {
                if case .startTask(let request) = effect { waiting.append(answer(request)) }
            }
            if waiting.isEmpty, execution.hasReadyBranches { waiting.append(.continued) }
        }
        return execution.outcome
    }

    @Test(
        "Parquet files, manifests and prefixes are read by the host",
        arguments: [
            (["InputType": "PARQUET"], "getObject", ItemSource.Subject.object, ItemFormat.Kind.parquet),
            (["InputType": "MANIFEST"], "getObject", .inventory, .csv),
            (["ManifestType": "S3_INVENTORY"], "getObject", .inventory, .csv),
            (["InputType": "PARQUET", "ManifestType": "ATHENA_DATA"], "getObject", .athenaManifest, .parquet),
            (["InputType": "MANIFEST", "ManifestType": "ATHENA_DATA"], "getObject", .athenaManifest, .csv),
            (["InputType": "JSONL", "Transformation": "LOAD_AND_FLATTEN"], "listObjectsV2", .listing, .jsonLines),
        ] as [(JSON, String, ItemSource.Subject, ItemFormat.Kind)])
    func sources(config: JSON, resource: String, subject: ItemSource.Subject, kind: ItemFormat.Kind) throws {
        var sources: [ItemSource?] = []
        let outcome = try run(map(reader(config, resource: resource))) { request in
            sources.append(request.reading)
            return .taskSucceeded(request.id, output: ["Items": [1, 2]])
        }
        #expect(outcome == .succeeded(output: [1, 2]))
        #expect(sources.count == 1)
        #expect(sources.first??.subject == subject)
        #expect(sources.first??.format.kind == kind)
    }

    @Test("a listing without a transformation and an object of text are answers of S3 itself")
    func answersOfS3() throws {
        let listed = try run(map(reader([:], resource: "listObjectsV2"))) { request in
            #expect(request.reading == nil)
            let about: JSON = ["Key": "a", "ETag": "\"e\"", "LastModified": "2026-01-01T00:00:00.000Z", "Size": 1]
            return .taskSucceeded(request.id, output: ["Contents": [about]])
        }
        #expect(
            listed
                == .succeeded(output: [["Key": "a", "Etag": "\"e\"", "LastModified": 1_767_225_600, "Size": 1]]))
        let lines = try run(map(reader(["InputType": "JSONL"]))) { request in
            #expect(request.reading == nil)
            return .taskSucceeded(request.id, output: ["Body": "{\"a\":1}\n\n2\n"])
        }
        #expect(lines == .succeeded(output: [["a": 1], 2]))
    }

    @Test(
        "a reader needs a type that is known, unless a manifest says it",
        arguments: [
            [:], ["InputType": "ORC"], ["ManifestType": "OTHER"], ["InputType": "JSON", "Transformation": "LOAD"],
        ] as [JSON])
    func refused(config: JSON) {
        #expect(throws: InvalidDefinition.self) { try StateMachine(map(reader(config)).text) }
    }

    @Test("the share of failures that is tolerated counts the items that a reader brings, and the items of a batch")
    func toleratedShare() throws {
        let picky: JSON = [
            "Type": "Task", "Resource": "arn:aws:lambda:us-east-1:111111111111:function:picky", "End": true,
        ]
        func outcome(_ share: JSON, _ more: JSONObject) throws -> Outcome? {
            var fields = reader(["InputType": "JSON"])
            fields["ToleratedFailurePercentage"] = share
            for (name, value) in more { fields[name] = value }
            return try run(map(fields, item: picky)) { request in
                if request.resource.typeInHistory == "s3" {
                    return .taskSucceeded(request.id, output: ["Body": "[1,2,3,4]"])
                }
                let items = request.parameters["Items"]?.array ?? [request.parameters]
                return items.contains(2)
                    ? .taskFailed(request.id, ErrorOutput(error: "Two", cause: nil))
                    : .taskSucceeded(request.id, output: request.parameters)
            }
        }
        #expect(try outcome(25, [:]) == .succeeded(output: [1, 3, 4]))
        #expect(try outcome(20, [:])?.status == "FAILED")
        let batches: JSONObject = ["ItemBatcher": ["MaxItemsPerBatch": 2]]
        #expect(try outcome(25, batches)?.status == "FAILED")
        #expect(try outcome(50, batches) == .succeeded(output: [["Items": [3, 4]]]))
    }

    @Test("an item of a distributed Map knows its source")
    func itemSource() throws {
        let selector: JSON = ["source.$": "$$.Map.Item.Source"]
        let given = try run(map(["ItemSelector": selector]), input: [1]) { .taskHeartbeat($0.id) }
        #expect(given == .succeeded(output: [["source": "STATE_DATA"]]))
        var fields = reader(["InputType": "JSON"])
        fields["ItemSelector"] = selector
        let read = try run(map(fields)) { .taskSucceeded($0.id, output: ["Body": "[1]"]) }
        #expect(read == .succeeded(output: [["source": "S3://b/k"]]))
    }

    @Test("a text has its items by its form; what has none says why")
    func texts() throws {
        #expect(try ItemFormat(.csv).items(in: "a,b\n1,2\n") == [["a": "1", "b": "2"]])
        #expect(try ItemFormat(.csv, headers: ["x"]).items(in: "1,2\n") == [["x": "1"]])
        #expect(throws: ItemFault.self) { try ItemFormat(.csv).items(in: "a,a\n1,2\n") }
        #expect(throws: ItemFault.self) { try ItemFormat(.json).items(in: "{}") }
        #expect(throws: ItemFault.self) { try ItemFormat(.jsonLines).items(in: "{") }
    }
}
