import PostgresReplication
import Testing

@Suite struct ReplicationFrameTests {
    @Test("a position is two halves of 32 bits") func positions() {
        #expect(LogPosition("16/B374D848")?.value == 0x16_B374_D848)
        #expect(LogPosition("16/B374D848")?.description == "16/B374D848")
        #expect(LogPosition("0/0") == .zero)
        for text in ["", "/", "1/", "/1", "1", "1/2/3", "123456789/1", "x/1", "+1/1"] {
            #expect(LogPosition(text) == nil, "\(text)")
        }
        #expect(LogPosition(0xFFFF_FFFF) < LogPosition(0x1_0000_0000))
        #expect(
            LogPosition(30).bytes(since: LogPosition(10)) == 20 && LogPosition(10).bytes(since: LogPosition(30)) == 0)
    }

    @Test("a frame is a piece of output or a sign of life") func frames() throws {
        let data = [UInt8(ascii: "w")] + number(0x19B_0AA8) + number(0x19B_0CE8) + number(0) + [1, 2, 3]
        try data.withUnsafeBytes { bytes in
            guard case .data(let start, let message) = try ReplicationFrame(bytes) else { return #expect(Bool(false)) }
            #expect(start == LogPosition("0/19B0AA8") && Array(message) == [1, 2, 3])
        }
        let alive = [UInt8(ascii: "k")] + number(0x19B_0CE8) + number(0) + [1]
        try alive.withUnsafeBytes { bytes in
            guard case .keepalive(let end, true) = try ReplicationFrame(bytes) else { return #expect(Bool(false)) }
            #expect(end == LogPosition("0/19B0CE8"))
        }
        for length in 0..<alive.count {
            #expect(throws: ReplicationFault.self) {
                _ = try alive[..<length].withUnsafeBytes { _ = try ReplicationFrame($0) }
            }
        }
    }

    @Test("the status says how far the log is durable, three times, and when") func status() {
        let status = StandbyStatus(durable: LogPosition(0x102), time: 946_684_800_000_005, wantsReply: true)
        #expect(status.bytes == [UInt8(ascii: "r")] + number(0x102) + number(0x102) + number(0x102) + number(5) + [1])
    }

    private func number(_ value: UInt64) -> [UInt8] {
        stride(from: UInt64(56), through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
