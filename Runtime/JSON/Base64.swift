// JSON has no type for bytes; AWS's protocols send them as base64 text.
//
// Pointers are unsafe here because every record of a stream passes through twice: with checked arrays it takes three times as
// long. All of them stay inside the closures that receive them, and every index is below the count that its line checks.

private let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

/// The value of each character, or 255 for a character that is not of the alphabet.
private let sextets: [UInt8] = {
    var values = [UInt8](repeating: 255, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
    return values
}()

extension Sequence<UInt8> {
    /// The bytes in the standard base64 alphabet, padded.
    /// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc4648#section-4>
    public var base64: String {
        withContiguousStorageIfAvailable(encoded) ?? Array(self).withUnsafeBufferPointer(encoded)
    }
}

private func encoded(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    let count = (bytes.count + 2) / 3 * 4
    return String(unsafeUninitializedCapacity: count) { text in
        alphabet.withUnsafeBufferPointer { alphabet in
            var (read, written) = (0, 0)
            while read + 3 <= bytes.count {
                let word = Int(bytes[read]) << 16 | Int(bytes[read + 1]) << 8 | Int(bytes[read + 2])
                text[written] = alphabet[word >> 18]
                text[written + 1] = alphabet[word >> 12 & 63]
                text[written + 2] = alphabet[word >> 6 & 63]
                text[written + 3] = alphabet[word & 63]
                read += 3
                written += 4
            }
            guard read < bytes.count else { return }
            let isPair = read + 2 == bytes.count
            let word = Int(bytes[read]) << 16 | (isPair ? Int(bytes[read + 1]) << 8 : 0)
            text[written] = alphabet[word >> 18]
            text[written + 1] = alphabet[word >> 12 & 63]
            text[written + 2] = isPair ? alphabet[word >> 6 & 63] : UInt8(ascii: "=")
            text[written + 3] = UInt8(ascii: "=")
        }
        return count
    }
}

extension [UInt8] {
    /// Decodes `text`; nil unless it is padded base64 without spaces.
    public init?(base64 text: String) {
        var text = text
        let bytes: [UInt8]? = text.withUTF8 { encoded in
            guard encoded.count.isMultiple(of: 4) else { return nil }
            let padding = encoded.reversed().prefix(2).prefix { $0 == UInt8(ascii: "=") }.count
            return decoded(encoded, padding: padding)
        }
        guard let bytes else { return nil }
        self = bytes
    }
}

/// - Parameter encoded: its count is a multiple of four, and its last `padding` characters, at most two, are padding.
private func decoded(_ encoded: UnsafeBufferPointer<UInt8>, padding: Int) -> [UInt8]? {
    let size = encoded.count / 4 * 3 - padding
    var isValid = true
    let bytes = [UInt8](unsafeUninitializedCapacity: Swift.max(0, size)) { bytes, count in
        sextets.withUnsafeBufferPointer { sextets in
            var (read, written) = (0, 0)
            // Whole groups without padding.
            let end = padding == 0 ? encoded.count : encoded.count - 4
            while read < end {
                let (a, b) = (sextets[Int(encoded[read])], sextets[Int(encoded[read + 1])])
                let (c, d) = (sextets[Int(encoded[read + 2])], sextets[Int(encoded[read + 3])])
                guard a | b | c | d < 64 else {
                    isValid = false
                    return
                }
                bytes[written] = a << 2 | b >> 4
                bytes[written + 1] = b << 4 | c >> 2
                bytes[written + 2] = c << 6 | d
                read += 4
                written += 3
            }
            guard padding > 0 else { return }
            let (a, b) = (sextets[Int(encoded[read])], sextets[Int(encoded[read + 1])])
            let c = padding == 1 ? sextets[Int(encoded[read + 2])] : 0
            guard a | b | c < 64 else {
                isValid = false
                return
            }
            bytes[written] = a << 2 | b >> 4
            if padding == 1 { bytes[written + 1] = b << 4 | c >> 2 }
        }
        count = isValid ? Swift.max(0, size) : 0
    }
    return isValid ? bytes : nil
}
