extension String {
    /// Decodes a form-URL-encoded value: `+` is a space, `%XX` a byte of UTF-8.
    ///
    /// S3's event notifications encode object keys this way. Nil if an escape is invalid or the bytes are not UTF-8.
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
    public init?(formURLDecoding encoded: String) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(encoded.utf8.count)
        var input = encoded.utf8.makeIterator()
        while let byte = input.next() {
            switch byte {
            case UInt8(ascii: "+"):
                bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = input.next()?.hexadecimalDigit, let low = input.next()?.hexadecimalDigit
                else { return nil }
                bytes.append(high << 4 | low)
            default:
                bytes.append(byte)
            }
        }
        self.init(validating: bytes, as: UTF8.self)
    }

    /// The text with every byte as `%XX` except RFC 3986's unreserved ones, as Signature Version 4 requires.
    ///
    /// - Parameter keepingSlashes: Whether `/` stays unencoded: true for a path, false for a query.
    /// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc3986#section-2.3>
    public func percentEncoded(keepingSlashes: Bool = false) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        encoded.reserveCapacity(utf8.count)
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                encoded.append(byte)
            case UInt8(ascii: "/") where keepingSlashes:
                encoded.append(byte)
            default:
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}

extension UInt8 {
    /// The value of this byte as an ASCII hexadecimal digit; nil if it is not one.
    var hexadecimalDigit: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x37
        case 0x61...0x66: self - 0x57
        default: nil
        }
    }
}
