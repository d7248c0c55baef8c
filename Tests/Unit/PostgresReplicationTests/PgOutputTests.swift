import PostgresReplication
import Testing

/// Messages that PostgreSQL 15.18 sent.
///
/// The tables: `beer (beer_id bigint PRIMARY KEY, name text, abv numeric, mood mood, style text)`, with `style` stored
/// outside of the row, and `whole (a int, b text)` with REPLICA IDENTITY FULL. Recorded with
/// `pg_logical_slot_get_binary_changes(…, 'proto_version', '1' or '2', 'messages', 'true')` as hexadecimal digits.
@Suite struct PgOutputTests {
    @Test("a transaction begins with the place of its commit and ends with the place after it")
    func transaction() throws {
        let begin = try decode("4200000000019b0aa800030469eca7ba93000002f4")
        guard case .begin(let commit, let time, let transaction) = begin else {
            return #expect(Bool(false), "\(begin)")
        }
        #expect(commit == LogPosition("0/19B0AA8") && transaction == 756)
        // 2026-11-29T14:31:52.344723Z
        #expect(time == 0x0003_0469_ECA7_BA93 + 946_684_800_000_000)
        let end = try decode("430000000000019b0aa800000000019b0ce800030469eca7ba93")
        guard case .commit(let committed, let after, let ended) = end else { return #expect(Bool(false), "\(end)") }
        #expect(committed == commit && after == LogPosition("0/19B0CE8") && ended == time)
    }

    @Test("a relation has its columns, their types and which of them identify a row") func relation() throws {
        let message = try decode(
            "520000401d646d5f636f726500626565720064000501626565725f69640000000014ffffffff006e616d650000000019ffffffff0061"
                + "627600000006a4ffffffff006d6f6f640000004019ffffffff007374796c650000000019ffffffff")
        guard case .relation(let relation) = message else { return #expect(Bool(false), "\(message)") }
        #expect(relation.id == 0x401D && relation.schema == "dm_core" && relation.name == "beer")
        #expect(relation.identity == .primaryKey)
        #expect(relation.columns.map(\.name) == ["beer_id", "name", "abv", "mood", "style"])
        #expect(relation.columns.map(\.type) == [20, 25, 1700, 0x4019, 25])
        #expect(relation.columns.map(\.isIdentity) == [true, false, false, false, false])
    }

    @Test("an inserted row has its values as text, and nulls") func insert() throws {
        let rows = try rows("490000401d4e00057400000001326e74000000034e614e6e7400000000")
        #expect(rows == [["2", nil, "NaN", nil, ""]])
    }

    @Test("an update names what it does not carry") func unchanged() throws {
        let rows = try rows("550000401d4e00057400000001317400000001787400000004342e353074000000026f6b75")
        #expect(rows == [["1", "x", "4.50", "ok", "(unchanged)"]])
    }

    @Test("an update of the key has the old key; with the whole row as identity, the old row") func oldRows() throws {
        let key = try rows("550000401d4b00057400000001326e6e6e6e4e00057400000001336e74000000034e614e6e7400000000")
        #expect(key == [["2", nil, nil, nil, nil], ["3", nil, "NaN", nil, ""]])
        let whole = try rows("55000040244f000274000000013174000000036f6e654e00027400000001317400000003756e6f")
        #expect(whole == [["1", "one"], ["1", "uno"]])
    }

    @Test("a delete has what identifies the row") func delete() throws {
        #expect(try rows("440000401d4b00057400000001336e6e6e6e") == [["3", nil, nil, nil, nil]])
        #expect(try rows("44000040244f00027400000001316e") == [["1", nil]])
    }

    @Test("a truncate names all its tables") func truncate() throws {
        guard case .truncate(let relations) = try decode("5400000002000000401d00004024") else {
            return #expect(Bool(false))
        }
        #expect(relations == [0x401D, 0x4024])
    }

    @Test("types and messages of the application are read to their end") func others() throws {
        guard case .type(let id, "public", "mood") = try decode("59000040197075626c6963006d6f6f6400") else {
            return #expect(Bool(false))
        }
        #expect(id == 0x4019)
        guard case .logical("note", true) = try decode("4d0100000000019af6d86e6f7465000000000568656c6c6f") else {
            return #expect(Bool(false))
        }
        guard case .origin("east") = try decode("4f00000000019b0aa86561737400") else { return #expect(Bool(false)) }
    }

    @Test("in a transaction that has not ended, each change says which subtransaction it is of") func stream() throws {
        var decoder = PgOutputDecoder()
        guard case .streamStart(757) = try decode("53000002f501", &decoder).message else { return #expect(Bool(false)) }
        let insert = "49000002f70000401d4e00057400000002313074000000046b65707474000000013174000000026f6b7400000000"
        let (message, transaction) = try decode(insert, &decoder)
        #expect(transaction == 759)
        #expect(Self.rows(of: message) == [["10", "kept", "1", "ok", ""]])
        #expect(decoder.isInStream)
        guard case .streamStop = try decode("45", &decoder).message else { return #expect(Bool(false)) }
        #expect(!decoder.isInStream)
        let end = try decode("63000002f50000000000019e377000000000019e37a800030469ecadde5e", &decoder).message
        guard case .streamCommit(757, let commit, let after, _) = end else { return #expect(Bool(false), "\(end)") }
        #expect(commit == LogPosition("0/19E3770") && after == LogPosition("0/19E37A8"))
        // The form of the documentation: an aborted subtransaction.
        guard case .streamAbort(757, 759) = try decode("41000002f5000002f7", &decoder).message else {
            return #expect(Bool(false))
        }
    }

    @Test("a message that is cut anywhere, or too long, is refused and says where") func broken() throws {
        let whole = bytes("55000040244f000274000000013174000000036f6e654e00027400000001317400000003756e6f")
        for length in 0..<whole.count {
            #expect(throws: ReplicationFault.self, "\(length) bytes") {
                var decoder = PgOutputDecoder()
                _ = try whole[..<length].withUnsafeBytes { try decoder.decode($0).message }
            }
        }
        #expect(throws: ReplicationFault.tooLong(offset: whole.count)) {
            var decoder = PgOutputDecoder()
            _ = try (whole + [0]).withUnsafeBytes { try decoder.decode($0).message }
        }
        #expect(throws: ReplicationFault.unknownMessage(UInt8(ascii: "?"))) { _ = try decode("3f") }
        // A length below zero.
        #expect(throws: ReplicationFault.self) { _ = try decode("49000040244e000174ffffffff") }
    }

    private func rows(_ digits: String) throws -> [[String?]] { Self.rows(of: try decode(digits)) }

    private func decode(_ digits: String) throws -> PgOutputMessage {
        var decoder = PgOutputDecoder()
        return try decode(digits, &decoder).message
    }

    private func decode(
        _ digits: String, _ decoder: inout PgOutputDecoder
    ) throws -> (message: PgOutputMessage, transaction: UInt32?) {
        // The messages stay where they are until the process ends.
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: digits.utf8.count / 2, alignment: 1)
        bytes.copyBytes(from: self.bytes(digits))
        return try decoder.decode(UnsafeRawBufferPointer(bytes))
    }

    private func bytes(_ digits: String) -> [UInt8] {
        let digits = Array(digits)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16) ?? 0 }
    }

    private static func rows(of message: PgOutputMessage) -> [[String?]] {
        switch message {
        case .insert(_, let new): [values(new)]
        case .update(_, let old, let new): (old.map { [values($0.tuple)] } ?? []) + [values(new)]
        case .delete(_, let old): [values(old.tuple)]
        default: []
        }
    }

    private static func values(_ tuple: TupleData) -> [String?] {
        var values = tuple.values
        return (0..<tuple.columnCount).map { _ in
            switch values.next() {
            case .null: nil
            case .unchanged: "(unchanged)"
            case .text(let text): String(decoding: text, as: UTF8.self)
            }
        }
    }
}
