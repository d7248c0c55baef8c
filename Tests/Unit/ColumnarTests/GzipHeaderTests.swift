import Testing

@testable import Columnar

/// The optional parts of a member's header and their contents.
private struct HeaderParts: Sendable, CustomTestStringConvertible {
    var extra: [UInt8]?
    var name: [UInt8]?
    var comment: [UInt8]?

    static let combinations: [HeaderParts] = (0..<8).map { bits in
        HeaderParts(
            extra: bits & 1 == 0 ? nil : Array("AB\u{2}\u{0}\u{0}\u{1F}".utf8),
            name: bits & 2 == 0 ? nil : Array("a.csv".utf8),
            comment: bits & 4 == 0 ? nil : Array("from the till".utf8))
    }

    var testDescription: String { "extra \(extra != nil), name \(name != nil), comment \(comment != nil)" }

    /// The header that RFC 1952 defines, with a header checksum to which `error` is added.
    func bytes(error: UInt16 = 0) -> [UInt8] {
        let flags: UInt8 = 0x02 | (extra == nil ? 0 : 0x04) | (name == nil ? 0 : 0x08) | (comment == nil ? 0 : 0x10)
        var bytes: [UInt8] = [0x1F, 0x8B, 8, flags, 1, 2, 3, 4, 0, 255]
        if let extra { bytes += [UInt8(extra.count), 0] + extra }
        if let name { bytes += name + [0] }
        if let comment { bytes += comment + [0] }
        let checksum = UInt16(truncatingIfNeeded: crc32(bytes)) &+ error
        return bytes + [UInt8(checksum & 0xFF), UInt8(checksum >> 8)]
    }

    func member(_ text: String, error: UInt16 = 0) -> [UInt8] {
        // Replaces the member's own header, which has no optional parts.
        bytes(error: error) + gzip(Array(text.utf8)).dropFirst(10)
    }
}

/// CRC-32, one bit at a time.
private func crc32(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(UInt32.max) { sum, byte in
        (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum >> 1 ^ (sum & 1 == 0 ? 0 : 0xEDB8_8320) }
    }
}

@Suite struct GzipHeaderTests {
    private static let libraries = InflateLibrary.allCases

    @Test(
        "a member whose header has a checksum is read in pieces of every size", arguments: HeaderParts.combinations,
        libraries)
    fileprivate func headerChecksum(parts: HeaderParts, library: InflateLibrary) throws {
        let bytes = parts.member("one") + parts.member("") + parts.member("three")
        for piece in 1...bytes.count {
            #expect(try inflate(bytes, by: library, piece: piece).bytes == Array("onethree".utf8), "pieces of \(piece)")
        }
    }

    @Test(
        "a wrong header checksum is an error at the end of the header", arguments: HeaderParts.combinations, libraries)
    fileprivate func wrongHeaderChecksum(parts: HeaderParts, library: InflateLibrary) throws {
        let first = parts.member("one")
        for error in [1, 0x8000] as [UInt16] {
            for front in [[], first] {
                let bytes = front + parts.member("two", error: error) + first
                let expected = ColumnarError.wrongChecksum(byte: front.count + parts.bytes().count)
                for piece in 1...bytes.count {
                    #expect(throws: expected, "pieces of \(piece)") { try inflate(bytes, by: library, piece: piece) }
                }
            }
        }
    }

    @Test("every truncation of a long header is an error with its offset", arguments: libraries)
    func truncatedHeader(library: InflateLibrary) throws {
        let bytes = HeaderParts.combinations[7].member("one")
        for length in 2..<bytes.count {
            for piece in [1, 3, .max] {
                #expect(throws: ColumnarError.truncatedGzip(byte: length), "pieces of \(piece)") {
                    try inflate(Array(bytes[..<length]), by: library, piece: piece)
                }
            }
        }
    }

    @Test("another compression method or a reserved flag is not gzip", arguments: libraries)
    func unsupportedMember(library: InflateLibrary) throws {
        let plain = gzip(Array("one".utf8))
        for (index, wrong) in [(2, 7), (3, 0x20), (3, 0x40), (3, 0x80)] as [(Int, UInt8)] {
            var broken = plain
            broken[index] = wrong
            for piece in [1, .max] {
                #expect(throws: ColumnarError.notGzip(byte: 0)) { try inflate(broken, by: library, piece: piece) }
                #expect(throws: ColumnarError.trailingGarbage(byte: plain.count)) {
                    try inflate(plain + broken, by: library, piece: piece)
                }
            }
        }
    }

    @Test("the text flag changes nothing", arguments: libraries) func textFlag(library: InflateLibrary) throws {
        var bytes = gzip(Array("one".utf8))
        bytes[3] = 0x01
        #expect(try inflate(bytes, by: library, piece: 1).bytes == Array("one".utf8))
    }
}
