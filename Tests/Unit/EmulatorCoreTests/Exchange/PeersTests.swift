import EmulatorCore
import TestServices
import Testing

@Suite struct PeersTests {
    private let directory: TemporaryDirectory
    private let store: Store

    init() throws {
        directory = try TemporaryDirectory()
        store = try Store(directory: directory.path, schema: [TableTarget.schema])
    }

    @Test("an event reaches the service that its ARN names, in the sender's transaction")
    func delivery() async throws {
        defer { store.close() }
        let peers = Peers(TableTarget("sqs"), TableTarget("lambda"))
        try await store.write { transaction in
            try peers.deliver(TargetEvent("kept"), to: "arn:aws:sqs:us-east-1:000000000000:q", in: transaction)
        }
        await #expect(throws: CancellationError.self) {
            try await store.write { transaction in
                try peers.deliver(TargetEvent("undone"), to: "arn:aws:lambda:us-east-1:0:function:f", in: transaction)
                throw CancellationError()
            }
        }
        #expect(try TableTarget.bodies(in: store) == ["kept"])
    }

    @Test(
        "an event for a service that is not emulated, or for no ARN, is refused by name",
        arguments: ["arn:aws:kinesis:us-east-1:000000000000:stream/s", "https://example.com", ""])
    func unknownTarget(target: String) async throws {
        defer { store.close() }
        let peers = Peers(TableTarget("sqs"))
        #expect(!peers.acceptsEvents(for: target))
        let fault = await #expect(throws: AWSFault.self) {
            try await store.write { try peers.deliver(TargetEvent("x"), to: target, in: $0) }
        }
        #expect(fault?.isNotEmulated == true && fault?.message.contains(target) == true)
        #expect(throws: AWSFault.self) { try peers.stream(target) }
    }

    @Test("services can be connected after others asked for them")
    func lateConnection() throws {
        defer { store.close() }
        let peers = Peers()
        peers.write("dropped", group: "g", stream: "s")
        #expect(peers.objects == nil && peers.functions == nil)
        let logs = RecordedLogs()
        peers.connect([logs, NoObjects()])
        peers.write("kept", group: "g", stream: "s")
        #expect(logs.messages(in: "g") == ["kept"])
        #expect(peers.objects != nil)
    }
}
