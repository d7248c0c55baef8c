import Testing

@testable import EmulatorCore

@Suite struct PackedBytesTests {
    private static func packed(_ strings: [[UInt8]]) -> PackedBytes {
        var packed = PackedBytes()
        for string in strings { packed.append(string[...]) }
        return packed
    }

    private static func strings(_ stored: [UInt8]) throws -> [[UInt8]] {
        var packed = try PackedBytes(stored: stored)
        var strings: [[UInt8]] = []
        while let string = packed.next() { strings.append(Array(string)) }
        return strings
    }

    @Test(
        "what is stored is what was packed, and less of it where strings repeat themselves",
        arguments: [0, 1, 5, 400, 70_000])
    func roundTrip(count: Int) throws {
        let strings = (0..<count).map { number in
            number % 7 == 0 ? [] : Array(#"{"beer_id":\#(number),"beer_name":"Kölsch"}"#.utf8)
        }
        let packed = Self.packed(strings)
        #expect(try Self.strings(packed.stored) == strings)
        #expect(packed.stored.count <= packed.bytes.count)
        if count >= 400 { #expect(packed.stored.count * 4 < packed.bytes.count) }
    }

    @Test("a single string grows") func single() throws {
        var packed = PackedBytes.single()
        #expect(packed.singleCount == 0)
        #expect(try Self.strings(packed.stored) == [[]])
        for number in 0..<2000 { packed.extend(by: Array("\(number),".utf8)[...]) }
        let text = (0..<2000).map { "\($0)," }.joined()
        #expect(packed.singleCount == text.utf8.count)
        #expect(try Self.strings(packed.stored) == [Array(text.utf8)])
    }

    @Test("bytes that do not compress, or look like a compressed row, are stored as they are")
    func notCompressed() throws {
        var state: UInt64 = 7
        let random = (0..<5000).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
        for string in [random, [0x28, 0xB5, 0x2F, 0xFD], [0x28, 0xB5, 0x2F, 0xFD] + random] {
            let packed = Self.packed([string])
            #expect(packed.stored == packed.bytes)
            #expect(try Self.strings(packed.stored) == [string])
        }
    }

    @Test("a row that is damaged is an error, not a crash")
    func damaged() throws {
        let stored = Self.packed([[UInt8](repeating: 7, count: 9000)]).stored
        #expect(stored.count < 100)
        for length in 4..<stored.count {
            #expect(throws: StoreError.self) { try PackedBytes(stored: Array(stored[..<length])) }
        }
        var changed = stored
        changed[4] ^= 0xFF
        #expect(throws: StoreError.self) { try PackedBytes(stored: changed) }
    }
}
