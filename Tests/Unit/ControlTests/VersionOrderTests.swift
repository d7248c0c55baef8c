import Control
import Testing
import Time

@Suite struct VersionOrderTests {
    func order(_ sequencer: String?, at milliseconds: Int64 = 0) throws -> VersionOrder {
        VersionOrder(
            controlID: try #require(ControlID("0123456789abcdef0123456789abcdef")), sequencer: sequencer,
            createdAt: Timestamp(milliseconds: milliseconds))
    }

    @Test(
        "of two sequencers, padded on the right with zeros, the greater is the later",
        arguments: [("0A", "0B"), ("0A", "0A1"), ("0A1", "0B"), ("0a", "0B"), ("00FF", "01")])
    func sequencers(older: String, newer: String) throws {
        #expect(try order(older, at: 9) < order(newer, at: 1))
        #expect(try !(order(newer, at: 1) < order(older, at: 9)))
    }

    @Test("sequencers that differ only in zeros at their end are equal, and the time decides") func padding() throws {
        #expect(try order("0A", at: 1) < order("0A00", at: 2))
        #expect(try order("0A00", at: 1) < order("0A", at: 2))
    }

    @Test("the time decides where an event had no sequencer") func missingSequencer() throws {
        #expect(try order("FF", at: 1) < order(nil, at: 2))
        #expect(try order(nil, at: 1) < order("00", at: 2))
    }
}
