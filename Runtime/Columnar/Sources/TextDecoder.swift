internal import Contracts

/// Makes UTF-8 of text in another encoding, piece by piece.
///
/// What is no text becomes the byte 0xFF, which no UTF-8 has: the reader rejects the row that has it.
struct TextDecoder {
    private let encoding: TextEncoding
    /// The first byte of a unit whose second one has not come.
    private var half: UInt8?
    /// The first half of a pair of units.
    private var high: UInt32?

    init(_ encoding: TextEncoding) { self.encoding = encoding }

    mutating func decode(_ bytes: some Sequence<UInt8>, into text: inout [UInt8]) {
        switch encoding {
        case .utf8: text += bytes
        case .latin1: for byte in bytes { Self.append(UInt32(byte), to: &text) }
        case .windows1252: for byte in bytes { Self.append(Self.windows1252(byte), to: &text) }
        case .utf16LittleEndian, .utf16BigEndian:
            for byte in bytes {
                guard let first = half.take() else {
                    half = byte
                    continue
                }
                let unit =
                    encoding == .utf16LittleEndian
                    ? UInt32(byte) << 8 | UInt32(first) : UInt32(first) << 8 | UInt32(byte)
                add(unit, to: &text)
            }
        }
    }

    /// The end of the text: half a character is none.
    mutating func finish(into text: inout [UInt8]) {
        if half.take() != nil { text.append(Self.noText) }
        if high.take() != nil { text.append(Self.noText) }
    }

    private static let noText: UInt8 = 0xFF

    private mutating func add(_ unit: UInt32, to text: inout [UInt8]) {
        switch unit {
        case 0xD800...0xDBFF:
            if high != nil { text.append(Self.noText) }
            high = unit
        case 0xDC00...0xDFFF:
            if let first = high.take() {
                Self.append(0x10000 + (first - 0xD800) << 10 + (unit - 0xDC00), to: &text)
            } else {
                text.append(Self.noText)
            }
        default:
            if high.take() != nil { text.append(Self.noText) }
            Self.append(unit, to: &text)
        }
    }

    private static func append(_ scalar: UInt32, to text: inout [UInt8]) {
        switch scalar {
        case 0..<0x80: text.append(UInt8(scalar))
        case 0x80..<0x800:
            text.append(UInt8(0xC0 | scalar >> 6))
            text.append(UInt8(0x80 | scalar & 0x3F))
        case 0x800..<0x10000:
            text.append(UInt8(0xE0 | scalar >> 12))
            text.append(UInt8(0x80 | scalar >> 6 & 0x3F))
            text.append(UInt8(0x80 | scalar & 0x3F))
        default:
            text.append(UInt8(0xF0 | scalar >> 18 & 0x07))
            text.append(UInt8(0x80 | scalar >> 12 & 0x3F))
            text.append(UInt8(0x80 | scalar >> 6 & 0x3F))
            text.append(UInt8(0x80 | scalar & 0x3F))
        }
    }

    /// - SeeAlso: <https://encoding.spec.whatwg.org/#windows-1252>
    private static func windows1252(_ byte: UInt8) -> UInt32 {
        guard (0x80..<0xA0).contains(byte) else { return UInt32(byte) }
        return upper[Int(byte - 0x80)]
    }

    /// The characters of the bytes from 0x80 to 0x9F.
    private static let upper: [UInt32] = [
        0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,
        0x017D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
        0x0153, 0x9D, 0x017E, 0x0178,
    ]
}
