extension String {
    /// The text with its `%XX` escapes decoded; nil when an escape is broken or the bytes are not UTF-8.
    /// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc3986#section-2.1>
    package var percentDecoded: String? {
        guard utf8.contains(UInt8(ascii: "%")) else { return self }
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst()?.hexadecimalDigit, let low = rest.popFirst()?.hexadecimalDigit else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension UInt8 {
    fileprivate var hexadecimalDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - 0x30
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - 0x37
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - 0x57
        default: nil
        }
    }
}
