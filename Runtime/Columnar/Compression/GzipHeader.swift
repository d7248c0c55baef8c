internal import CRC

/// The header of a gzip member, read in pieces of any size: it is checked, and nothing of it is kept.
///
/// Both libraries could read it, but ISA-L computes a wrong checksum of a header in pieces and then refuses a valid file.
/// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc1952#section-2.3>
struct GzipHeader {
    private struct Flags: OptionSet {
        let rawValue: UInt8
        static let checksum = Flags(rawValue: 0x02)
        static let extra = Flags(rawValue: 0x04)
        static let name = Flags(rawValue: 0x08)
        static let comment = Flags(rawValue: 0x10)
        static let reserved = Flags(rawValue: 0xE0)
    }

    /// The parts in their order.
    private enum Part: CaseIterable {
        case fixed, extraLength, extra, name, comment, checksum, end
    }

    private static let fixedSize = 10

    private var part = Part.fixed
    private var flags: Flags = []
    /// The bytes of the part that have been read.
    private var offset = 0
    private var extraSize = 0
    /// The CRC-32 of everything before the header's checksum.
    private var sum = CyclicRedundancyCheck(.crc32)
    private var statedSum: UInt64 = 0

    var isComplete: Bool { part == .end }

    /// Reads on until the header or the input ends; the input is what follows then.
    mutating func read(_ input: inout UnsafeRawBufferPointer) throws(InflateFault) {
        while !isComplete, !input.isEmpty {
            let isSummed = part != .checksum
            let size = try readPart(input)
            if isSummed { sum.update(UnsafeRawBufferPointer(rebasing: input[..<size])) }
            input = UnsafeRawBufferPointer(rebasing: input[size...])
            if isComplete, flags.contains(.checksum), statedSum != sum.value & 0xFFFF { throw .wrongChecksum }
        }
    }

    /// Reads the front of `input`, at most to the end of the part.
    /// - Returns: the number of bytes read.
    private mutating func readPart(_ input: UnsafeRawBufferPointer) throws(InflateFault) -> Int {
        let byte = input[0]
        switch part {
        case .fixed:
            try checkFixed(byte)
            advance(by: 1, of: Self.fixedSize)
        case .extraLength:
            extraSize |= Int(byte) << (8 * offset)
            advance(by: 1, of: 2)
        case .extra:
            let size = min(input.count, extraSize - offset)
            advance(by: size, of: extraSize)
            return size
        case .name, .comment:
            guard let zero = input.firstIndex(of: 0) else { return input.count }
            beginNextPart()
            return zero + 1
        case .checksum:
            statedSum |= UInt64(byte) << (8 * offset)
            advance(by: 1, of: 2)
        case .end: return 0
        }
        return 1
    }

    private mutating func checkFixed(_ byte: UInt8) throws(InflateFault) {
        switch offset {
        case 0 where byte != 0x1F, 1 where byte != 0x8B: throw .notAMember
        // Deflate is the only method.
        case 2 where byte != 8: throw .notAMember
        case 3:
            flags = Flags(rawValue: byte)
            guard flags.isDisjoint(with: .reserved) else { throw .notAMember }
        default: break
        }
    }

    private mutating func advance(by size: Int, of partSize: Int) {
        offset += size
        if offset == partSize { beginNextPart() }
    }

    private mutating func beginNextPart() {
        offset = 0
        let following = Part.allCases.drop { $0 != part }.dropFirst()
        part = following.first { isThere($0) } ?? .end
    }

    private func isThere(_ part: Part) -> Bool {
        switch part {
        case .fixed, .end: true
        case .extraLength: flags.contains(.extra)
        case .extra: extraSize > 0
        case .name: flags.contains(.name)
        case .comment: flags.contains(.comment)
        case .checksum: flags.contains(.checksum)
        }
    }
}
