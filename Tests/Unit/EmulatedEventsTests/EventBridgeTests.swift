import EmulatorCore
import JSON
import Synchronization
import TestServices
import Testing
import Time

@testable import EmulatedEvents

/// Buses, rules, patterns, targets and what targets get.
@Suite struct EventBridgeTests {
    /// A target that remembers what it got, and refuses a resource of the name `gone`.
    private final class Recorder: EventTarget {
        let targetService = "sqs"
        let received = Mutex<[(resource: String, body: String, group: String?)]>([])

        func accept(_ event: TargetEvent, for resource: ARN, in transaction: borrowing Transaction) throws {
            if resource.resource == "gone" { throw AWSFault("QueueDoesNotExist", "no such queue") }
            received.withLock { $0.append((resource.resource, event.body, event.groupID)) }
        }
    }

    private let directory: TemporaryDirectory
    private let recorder = Recorder()
    private let events: EventBridgeService

    init() throws {
        directory = try TemporaryDirectory()
        let store = try Store(directory: directory.path, schema: EventBridgeService.schema)
        let peers = Peers(recorder)
        events = EventBridgeService(store: store, peers: peers, clock: TestClock().clockAndChance)
        peers.connect([events])
    }

    private func send(_ action: String, _ input: String) async throws -> JSON {
        try await events.perform(action, try JSON(parsing: input))
    }

    private func fault(_ action: String, _ input: String) async -> AWSFault? {
        do { _ = try await send(action, input) } catch { return error as? AWSFault }
        return nil
    }

    private func rule(_ pattern: String, targets: String, bus: String = "default") async throws {
        let pattern = JSON.string(pattern).text
        _ = try await send("PutRule", #"{"Name": "r", "EventPattern": \#(pattern), "EventBusName": "\#(bus)"}"#)
        _ = try await send("PutTargets", #"{"Rule": "r", "EventBusName": "\#(bus)", "Targets": [\#(targets)]}"#)
    }

    private func put(_ detail: String, source: String = "shop", bus: String = "default") async throws -> JSON {
        let detail = JSON.string(detail).text
        return try await send(
            "PutEvents",
            #"{"Entries": [{"Source": "\#(source)", "DetailType": "order", "Detail": \#(detail), "EventBusName": "\#(bus)"}]}"#
        )
    }

    private static func queue(_ name: String, more: String = "") -> String {
        #"{"Id": "\#(name)", "Arn": "arn:aws:sqs:us-east-1:000000000000:\#(name)"\#(more)}"#
    }

    private var bodies: [String] { recorder.received.withLock { $0.map(\.body) } }

    @Test("an event reaches the targets of the rules whose pattern matches it, and no others")
    func patterns() async throws {
        try await rule(
            #"{"source": ["shop"], "detail": {"price": [{"numeric": [">", 10]}]}}"#,
            targets: Self.queue("q", more: #", "SqsParameters": {"MessageGroupId": "g"}"#))
        #expect(try await put(#"{"price": 5}"#)["FailedEntryCount"] == 0)
        #expect(bodies.isEmpty)
        let answer = try await put(#"{"price": 50}"#)
        let event = try JSON(parsing: bodies.first ?? "")
        #expect(event["id"] == answer["Entries"]?[0]?["EventId"])
        #expect(event["detail"] == ["price": 50])
        #expect(event["detail-type"] == "order")
        #expect(recorder.received.withLock { $0.first?.group } == "g")
        _ = try await send("DisableRule", #"{"Name": "r"}"#)
        _ = try await put(#"{"price": 50}"#)
        #expect(bodies.count == 1)
    }

    @Test(
        "a target's input is a constant, a part of the event, or a template filled with parts",
        arguments: [
            (#""Input": "{\"a\": 1}""#, #"{"a": 1}"#), (#""InputPath": "$.detail.item""#, #"{"name":"ax\"e"}"#),
            (
                #""InputTransformer": {"InputPathsMap": {"n": "$.detail.item.name", "i": "$.detail.item"}, "InputTemplate": "{\"x\": <i>, \"y\": \"it is <n>\", \"z\": <n>, \"r\": \"<aws.events.rule-name>\"}"}"#,
                #"{"x": {"name":"ax\"e"}, "y": "it is ax\"e", "z": "ax\"e", "r": "r"}"#
            ),
            (
                #""InputTransformer": {"InputPathsMap": {"n": "$.detail.none"}, "InputTemplate": "\"nothing: <n>.\""}"#,
                #""nothing: .""#
            ),
        ])
    func inputs(input: String, expected: String) async throws {
        try await rule(#"{"source": ["shop"]}"#, targets: Self.queue("q", more: ", " + input))
        _ = try await put(#"{"item": {"name": "ax\"e"}}"#)
        #expect(bodies == [expected])
    }

    @Test("an event that one target refuses reaches the others, and the dead-letter queue")
    func refused() async throws {
        let dead = #", "DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:000000000000:dead"}"#
        try await rule(
            #"{"source": [{"prefix": "sh"}]}"#, targets: Self.queue("gone", more: dead) + ", " + Self.queue("q"))
        _ = try await put("{}")
        #expect(recorder.received.withLock { $0.map(\.resource) } == ["dead", "q"])
    }

    @Test("a bus has rules of its own, and can be the target of another bus's rule")
    func buses() async throws {
        let arn = try await send("CreateEventBus", #"{"Name": "side"}"#)["EventBusArn"]?.string ?? ""
        #expect(await fault("CreateEventBus", #"{"Name": "side"}"#)?.code == "ResourceAlreadyExistsException")
        try await rule(#"{"source": ["shop"]}"#, targets: Self.queue("q"), bus: "side")
        _ = try await put("{}")
        #expect(bodies.isEmpty)
        try await rule(#"{"source": ["shop"]}"#, targets: #"{"Id": "1", "Arn": "\#(arn)"}"#)
        _ = try await put("{}")
        #expect(bodies.count == 1)
        #expect(await fault("DeleteEventBus", #"{"Name": "side"}"#)?.code == "ValidationException")
        let listed = try await send("ListEventBuses", "{}")["EventBuses"]?.array ?? []
        #expect(listed.compactMap { $0["Name"]?.string } == ["default", "side"])
    }

    @Test("entries and rules are checked, one by one")
    func checks() async throws {
        let answer = try await send(
            "PutEvents",
            #"{"Entries": [{"Source": "a", "DetailType": "b", "Detail": "no"}, {"Source": "aws.x", "DetailType": "b", "Detail": "{}"}, {"DetailType": "b", "Detail": "{}"}]}"#
        )
        #expect(answer["FailedEntryCount"] == 3)
        let codes = (answer["Entries"]?.array ?? []).compactMap { $0["ErrorCode"]?.string }
        #expect(codes == ["MalformedDetail", "NotAuthorizedForSourceException", "InvalidArgument"])
        #expect(await fault("PutRule", #"{"Name": "r"}"#)?.code == "ValidationException")
        #expect(await fault("PutRule", #"{"Name": "r", "EventPattern": "{"}"#)?.code == "InvalidEventPatternException")
        #expect(await fault("DescribeRule", #"{"Name": "none"}"#)?.message == "Rule none does not exist.")
        try await rule(#"{"source": ["shop"]}"#, targets: Self.queue("q"))
        #expect(
            await fault("DeleteRule", #"{"Name": "r"}"#)?.message == "Rule can't be deleted since it has targets.")
        let test =
            #"{"EventPattern": "{\"source\": [\"s\"]}", "Event": "{\"id\": \"1\", \"detail-type\": \"d\", \"source\": \"s\", \"account\": \"1\", \"time\": \"t\", \"region\": \"r\", \"resources\": []}"}"#
        #expect(try await send("TestEventPattern", test)["Result"] == true)
    }

    @Test("a template's bus and rule are named as EventBridge names them")
    func resources() async throws {
        func declared(_ type: String, _ id: String, _ properties: JSON) -> DeclaredResource {
            DeclaredResource(logicalID: id, type: type, properties: properties)
        }
        let bus = try await events.provision(declared("AWS::Events::EventBus", "Bus", ["Name": "side"]))
        #expect(bus.attributes["Arn"] == "arn:aws:events:us-east-1:000000000000:event-bus/side")
        let rule = try await events.provision(
            declared(
                "AWS::Events::Rule", "Rule",
                [
                    "EventBusName": "side", "EventPattern": ["source": ["shop"]],
                    "Targets": [["Id": "1", "Arn": "arn:aws:sqs:us-east-1:000000000000:q"]],
                ]))
        #expect(rule.ref == "side|Rule")
        #expect(rule.attributes["Arn"] == "arn:aws:events:us-east-1:000000000000:rule/side/Rule")
        _ = try await put("{}", bus: "side")
        #expect(bodies.count == 1)
        try await events.remove("AWS::Events::Rule", rule.ref)
        try await events.remove("AWS::Events::EventBus", bus.ref)
        #expect(await fault("ListRules", #"{"EventBusName": "side"}"#)?.code == "ResourceNotFoundException")
    }
}
