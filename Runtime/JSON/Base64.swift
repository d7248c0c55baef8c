// JSON has no type for bytes; AWS's protocols send them as base64 text.

extension Sequence<UInt8> {
    /// The bytes in the standard base64 alphabet, padded.
    /// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc4648#section-4>
    public var base64: String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        text.reserveCapacity((underestimatedCount + 2) / 3 * 4)
        var word: UInt32 = 0
        var bits = 0
        for byte in self {
            word = word << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                text.append(alphabet[Int(word >> bits & 63)])
            }
            word &= 63
        }
        if bits > 0 { text.append(alphabet[Int(word << (6 - bits) & 63)]) }
        while !text.count.isMultiple(of: 4) { text.append(UInt8(ascii: "=")) }
        return String(decoding: text, as: UTF8.self)
    }
}

extension [UInt8] {
    /// Decodes `text`; nil unless it is padded base64 without spaces.
    public init?(base64 text: String) {
        var text = text
        let decoded: [UInt8]? = text.withUTF8 { encoded in
            guard encoded.count.isMultiple(of: 4) else { return nil }
            let padding = encoded.reversed().prefix(2).prefix { $0 == UInt8(ascii: "=") }.count
            var bytes: [UInt8] = []
            bytes.reserveCapacity(encoded.count / 4 * 3)
            var word: UInt32 = 0
            var bits = 0
            for character in encoded.dropLast(padding) {
                guard let value = sextet(character) else { return nil }
                word = word << 6 | value
                bits += 6
                guard bits >= 8 else { continue }
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: word >> bits))
            }
            return bytes
        }
        guard let decoded else { return nil }
        self = decoded
    }
}

private func sextet(_ character: UInt8) -> UInt32? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character) - 65
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character) - 71
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character) + 4
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
}
