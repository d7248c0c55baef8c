internal import CKernels

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Reads JSON of a known shape in place: the documents that carry thousands of records.
///
/// It knows no escapes and no errors: a member that answers nil or false has met something that is not plain, and the caller
/// parses the whole text as `JSON`, which says what is wrong.
///
/// The pointer is unsafe because checked arrays take several times as long. Each index is compared with the text's end.
package struct PlainJSON: ~Copyable {
    private let text: UnsafeBufferPointer<UInt8>
    package private(set) var position = 0

    package init(_ text: UnsafeBufferPointer<UInt8>) { self.text = text }

    /// Whether nothing but spaces follows.
    package var isAtEnd: Bool {
        mutating get {
            skipSpaces()
            return position == text.count
        }
    }

    private mutating func skipSpaces() {
        while position < text.count, text[position] <= 0x20, [0x20, 0x0A, 0x0D, 0x09].contains(text[position]) {
            position += 1
        }
    }

    /// Passes over `byte` and the spaces before it, if it is next.
    package mutating func take(_ byte: Unicode.Scalar) -> Bool {
        skipSpaces()
        guard position < text.count, text[position] == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    /// Passes over the bytes that were met at `range`, if the same ones are next.
    package mutating func takeAgain(_ range: Range<Int>) -> Bool {
        guard range.count <= text.count - position,
            bytes(range).equals(bytes(position..<position + range.count))
        else { return false }
        position += range.count
        return true
    }

    /// The bytes of a string without escapes.
    package mutating func string() -> Range<Int>? {
        guard take("\""), let base = text.baseAddress else { return nil }
        let found = ck_json_scan_string(base + position, text.count - position)
        guard found.outcome == CK_JSON_PLAIN else { return nil }
        let range = position..<position + found.length
        position = range.upperBound + 1
        return range
    }

    /// The bytes of a member's name, when a value follows.
    package mutating func name() -> Range<Int>? {
        guard let range = string(), take(":") else { return nil }
        return range
    }

    package func bytes(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: text[range])
    }

    package func text(_ range: Range<Int>) -> String { String(decoding: bytes(range), as: UTF8.self) }

    package func equals(_ range: Range<Int>, _ word: StaticString) -> Bool {
        bytes(range).equals(UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    /// Calls `member` with each name of an object; it reads the value.
    /// - Returns: false if the object is not plain, or `member` returned false.
    package mutating func object(_ member: (inout PlainJSON, Range<Int>) -> Bool) -> Bool {
        guard take("{") else { return false }
        if take("}") { return true }
        repeat {
            guard let name = name(), member(&self, name) else { return false }
        } while take(",")
        return take("}")
    }

    /// Calls `element` at each element of an array; it reads the element.
    /// - Returns: false if the array is not plain, or `element` returned false.
    package mutating func array(_ element: (inout PlainJSON) -> Bool) -> Bool {
        guard take("[") else { return false }
        if take("]") { return true }
        repeat {
            guard element(&self) else { return false }
        } while take(",")
        return take("]")
    }
}

/// Bytes that are decoded from base64 one after the other, into memory of a size that is known before.
package struct DecodedBytes: ~Copyable {
    private let space: UnsafeMutableBufferPointer<UInt8>
    private var count = 0

    private init(_ space: UnsafeMutableBufferPointer<UInt8>) { self.space = space }

    /// The bytes that `decode` appends; they come from at most `length` characters of base64, together.
    /// - Returns: nil if `decode` returns false.
    package static func of(
        _ length: Int, _ decode: (inout DecodedBytes) -> Bool
    ) -> [UInt8]? {
        var isDecoded = false
        let bytes = [UInt8](unsafeUninitializedCapacity: length / 4 * 3) { space, count in
            var decoded = DecodedBytes(space)
            isDecoded = decode(&decoded)
            count = decoded.count
        }
        return isDecoded ? bytes : nil
    }

    /// Where the bytes are that `text` says; nil if it is not padded base64.
    package mutating func append(_ text: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
        guard text.count.isMultiple(of: 4), text.count / 4 * 3 <= space.count - count else { return nil }
        guard let source = text.baseAddress, let target = space.baseAddress else { return count..<count }
        let length = ck_base64_decode(source, text.count, target + count)
        guard length >= 0 else { return nil }
        defer { count += length }
        return count..<count + length
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Whether both have the same bytes. The standard library compares them one by one.
    package func equals(_ other: Self) -> Bool {
        guard count == other.count else { return false }
        guard let left = baseAddress, let right = other.baseAddress else { return true }
        return memcmp(left, right, count) == 0
    }
}
