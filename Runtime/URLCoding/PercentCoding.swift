extension String {
    /// The text with every byte of its UTF-8 that is not in `kept` written as `%XX`.
    /// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc3986#section-2.1>
    public func percentEncoded(keeping kept: URLByteSet = .unreserved) -> String {
        if utf8.allSatisfy(kept.contains) { return self }
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        encoded.reserveCapacity(utf8.count)
        for byte in utf8 {
            if kept.contains(byte) {
                encoded.append(byte)
            } else {
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// The text whose bytes `encoded` writes as `%XX`. Nil when an escape is broken or the bytes are not UTF-8.
    /// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc3986#section-2.1>
    public init?(percentDecoding encoded: String) { self.init(decoding: encoded, plusIsSpace: false) }

    /// The text of a form-URL-encoded value: `+` is a space, `%XX` a byte. Nil when an escape is broken or the bytes are
    /// not UTF-8.
    ///
    /// S3 writes object keys this way in its event notifications.
    /// - SeeAlso: <https://url.spec.whatwg.org/#urlencoded-parsing>,
    ///   <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>
    public init?(formURLDecoding encoded: String) { self.init(decoding: encoded, plusIsSpace: true) }

    private init?(decoding encoded: String, plusIsSpace: Bool) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(encoded.utf8.count)
        var input = encoded.utf8.makeIterator()
        while let byte = input.next() {
            switch byte {
            case UInt8(ascii: "+") where plusIsSpace:
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
}

extension UInt8 {
    /// The value of this byte as an ASCII hexadecimal digit.
    fileprivate var hexadecimalDigit: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x37
        case 0x61...0x66: self - 0x57
        default: nil
        }
    }
}
