import EmulatorCore
import JSON
import TestServices
import Testing

@testable import EmulatedKinesis

@Suite struct SubscriptionTests {
    @Test("a message has the bytes that another encoder gives it")
    func message() {
        // By Python's struct and zlib; botocore reads it.
        let recorded = """
            0000007200000060ab820d9e0d3a6d6573736167652d747970650700056576656e740b3a6576656e742d74797065070010696e697469616c2d\
            726573706f6e73650d3a636f6e74656e742d7479706507001a6170706c69636174696f6e2f782d616d7a2d6a736f6e2d312e317b7de16e66e4
            """
        let digits = recorded.compactMap(\.hexDigitValue)
        let bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
        #expect(EventMessage(event: "initial-response", Array("{}".utf8)).bytes == bytes)
    }

    @Test("consumers are registered once, twenty at most, and go with their stream")
    func consumers() async throws {
        let fixture = try StreamFixture()
        try await fixture.create("s", shards: 1)
        let arn = fixture.kinesis.arn(of: "s")
        func input(_ number: Int) -> JSON { ["StreamARN": .string(arn), "ConsumerName": .string("c\(number)")] }
        for number in 0..<20 { try await fixture.call("RegisterStreamConsumer", input(number)) }
        #expect(await fixture.fault("RegisterStreamConsumer", input(0))?.code == "ResourceInUseException")
        #expect(await fixture.fault("RegisterStreamConsumer", input(20))?.code == "LimitExceededException")
        try await fixture.restart()
        let page = try await fixture.call("ListStreamConsumers", ["StreamARN": .string(arn), "MaxResults": 19])
        let rest = try await fixture.call(
            "ListStreamConsumers", ["StreamARN": .string(arn), "NextToken": page["NextToken"] ?? .null])
        #expect(page["Consumers"]?.array?.count == 19 && rest["Consumers"]?.array?.count == 1)
        #expect(await fixture.fault("DeleteStream", ["StreamName": "s"])?.code == "ResourceInUseException")
        try await fixture.call("DeleteStream", ["StreamName": "s", "EnforceConsumerDeletion": true])
        try await fixture.create("s", shards: 1)
        #expect(await fixture.fault("DescribeStreamConsumer", input(0))?.code == "ResourceNotFoundException")
    }
}
