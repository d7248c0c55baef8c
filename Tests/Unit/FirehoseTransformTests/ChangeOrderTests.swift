import JSON
import TestRandom
import Testing

@testable import FirehoseTransform

/// `_cdc_order`: the text order of its values is the order of the changes.
@Suite struct ChangeOrderTests {
    private func change(_ members: String, operation: String = "update") -> String {
        #"{"data":{"beer_id":1},"metadata":{"record-type":"data","operation":"\#(operation)","table-name":"beer"\#(members)}}"#
    }

    private func order(_ members: String, operation: String = "update", sequence: String? = "4965") throws -> String? {
        var batch = Batch()
        batch.add(Array(change(members, operation: operation).utf8), sequenceNumber: sequence)
        let answer = try transform(batch)
        try #require(answer.results == ["Ok"], "\(members): \(answer.log)")
        let order = try #require(try JSON(parsing: answer.line())["_cdc_order"])
        return order.string
    }

    private let committed = #","commit-timestamp":"2024-07-29T00:58:17.974340Z""#

    @Test(
        "a change is placed by its commit, its position in PostgreSQL's log and its index in the transaction",
        arguments: [
            (#""00000002/7C007178.3.00000002/7C007178""#, "1", "000000027C007178-0000000001"),
            (#""16/B374D848""#, "4294967296", "00000016B374D848-4294967296"),
            (#""0/0""#, "null", "0000000000000000-0000000000"),
            (#""ffffffff/ffffffff""#, "9999999999", "FFFFFFFFFFFFFFFF-9999999999"),
            (#""0/a""#, #""7""#, "000000000000000A-0000000007"),
            (#""16\/B374D848""#, "1", "00000016B374D848-0000000001"),
        ])
    func logPlace(position: String, index: String, expected: String) throws {
        let members = committed + #","stream-position":\#(position),"transaction-record-id":\#(index)"#
        #expect(try order(members) == "001722214697974340-" + expected)
        #expect(try order(members, sequence: nil) == "001722214697974340-" + expected)
    }

    private func inStream(_ time: String) -> String {
        time + "-" + String(repeating: "0", count: 52) + "4965-0000000000"
    }

    @Test(
        "the stream places a change whose position is another engine's or none",
        arguments: [
            "null", #""mysql-bin.000012:345""#, #""1/2/3""#, #""/1""#, #""1/""#, #""1/123456789""#, #""123456789/1""#,
            #""g/1""#, #""1/.3""#, #""""#, "7", #""1\u002f""#,
        ])
    func otherEngines(position: String) throws {
        let members = committed + #","stream-position":\#(position)"#
        #expect(try order(members) == inStream("001722214697974340"))
        #expect(try order(members, sequence: nil) == nil)
    }

    @Test("without its commit's time, a change has that of its arrival") func arrival() throws {
        #expect(try order("") == inStream("001752000000000000"))
        #expect(try order(#","commit-timestamp":null,"stream-position":"0/1""#) == inStream("001752000000000000"))
        #expect(try order("", sequence: String(repeating: "9", count: 57)) == nil)
        #expect(try order("", sequence: "49 65") == nil && order("", sequence: "") == nil)
    }

    @Test("a row of a full load is below every change") func load() throws {
        let row = try order(committed + #","stream-position":"0/1""#, operation: "load")
        #expect(row == inStream("000000000000000000"))
    }

    @Test(
        "a time is read to the microsecond, in any spelling of RFC 3339",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.000001Z", 1),
            ("2024-02-29T23:59:59.9Z", 1_709_251_199_900_000),
            ("2024-02-29T23:59:59.1234567Z", 1_709_251_199_123_456),
            ("2024-03-01T01:59:59.5+02:00", 1_709_251_199_500_000),
            ("2024-02-29 23:59:59Z", 1_709_251_199_000_000), ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
            ("2024-02-29T23:59:59\\u005a", 1_709_251_199_000_000),
        ])
    func times(text: String, microseconds: Int) throws {
        let order = try order(#","commit-timestamp":"\#(text)","stream-position":"0/1""#)
        let expected = String(repeating: "0", count: 18 - "\(microseconds)".count) + "\(microseconds)"
        #expect(order.map { String($0.prefix(18)) } == expected)
    }

    @Test(
        "a change whose place cannot be read fails",
        arguments: [
            #""commit-timestamp":"soon""#, #""commit-timestamp":1722214697"#, #""commit-timestamp":"""#,
            #""commit-timestamp":"1969-12-31T23:59:59Z""#, #""commit-timestamp":"2023-02-29T00:00:00Z""#,
            #""commit-timestamp":"2024-02-29T24:00:00Z""#, #""commit-timestamp":"2024-02-29T00:00:00.Z""#,
            #""commit-timestamp":"2024-02-29T00:00:00""#, #""commit-timestamp":[]"#,
            #""transaction-record-id":10000000000"#, #""transaction-record-id":-1"#, #""transaction-record-id":1.5"#,
            #""transaction-record-id":"""#, #""transaction-record-id":{}"#,
            #""transaction-record-id":18446744073709551617"#,
        ])
    func unreadable(member: String) throws {
        let answer = try transform(.of(change("," + member)))
        #expect(answer.results == ["ProcessingFailed"])
        #expect(answer.log.first?.contains("the envelope's metadata.") == true)
    }

    @Test("sorted as text, the orders are those of time, position and index") func textOrder() throws {
        var random = SeededGenerator(seed: 7)
        var changes: [(place: [Int], order: String)] = []
        for _ in 0..<300 {
            // Few values for each part, so that the next one decides; of all lengths.
            let place = (0..<3).map { _ in [0, 1, 9, 15, 16, 255, 4096, 700_000].randomElement(using: &random) ?? 0 }
            let time = #","commit-timestamp":"2026-01-02T03:04:05.\#(place[0] + 100_000)Z""#
            let position = "\(String(place[1] >> 4, radix: 16))/\(String(place[1] & 15, radix: 16))"
            let members = time + #","stream-position":"\#(position)","transaction-record-id":\#(place[2])"#
            changes.append((place, try #require(try order(members))))
        }
        let sorted = changes.sorted { $0.order < $1.order }.map(\.place)
        for (before, after) in zip(sorted, sorted.dropFirst()) {
            #expect(!after.lexicographicallyPrecedes(before), "\(before) \(after)")
        }
    }
}
