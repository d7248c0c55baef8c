import TestRandom
import Testing

@testable import EmulatedKinesis

@Suite struct SequenceNumberTests {
    @Test("a sequence number has 56 digits, grows with its index, and is read back")
    func roundTrip() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            let opened = Int64.random(in: 1_400_000_000...4_000_000_000, using: &random)
            let number = SequenceNumber(
                shardOpened: opened, shard: Int.random(in: 0...Int(Int32.max), using: &random),
                index: Int64.random(in: 0..<SequenceNumber.endIndex, using: &random),
                arrived: opened + Int64.random(in: 0...100_000, using: &random))
            #expect(number.text.utf8.count == 56)
            #expect(SequenceNumber(number.text) == number)
            var next = number
            next.index += 1
            next.arrived += Int64.random(in: 0...10, using: &random)
            #expect(next.text > number.text)
        }
    }

    @Test("the layout is the service's: a recorded number of a shard's start has its shard and second")
    func recorded() throws {
        // StartingSequenceNumber of shardId-000000000000 in a public recording of 2015.
        let number = try #require(SequenceNumber("49554751971385712311965096607999491514675643249030332418"))
        #expect(number.shard == 0)
        #expect(number.text == "49554751971385712311965096607999491514675643249030332418")
        #expect((1_420_070_400..<1_451_606_400).contains(number.shardOpened), "opened in 2015")
    }

    @Test(
        "a text that no shard gives is no sequence number",
        arguments: ["", "0", "12a", "1", String(repeating: "9", count: 129)])
    func invalid(text: String) {
        #expect(SequenceNumber(text) == nil)
    }
}
