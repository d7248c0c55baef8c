#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// A row as COPY writes it as text: fields between tabs, `\N` for a null.
/// - SeeAlso: <https://www.postgresql.org/docs/current/sql-copy.html>
struct CopyRow {
    private let text: UnsafeRawBufferPointer
    private var offset = 0

    init(_ row: UnsafeRawBufferPointer) {
        text = row.last == UInt8(ascii: "\n") ? UnsafeRawBufferPointer(rebasing: row.dropLast()) : row
    }

    /// The next field as it is written; nil after the last.
    @inline(__always)
    mutating func next() -> UnsafeRawBufferPointer? {
        guard offset <= text.count, let base = text.baseAddress else { return nil }
        let tab = memchr(base + offset, Int32(UInt8(ascii: "\t")), text.count - offset)
        let end = tab.map { UnsafeRawPointer($0) - base } ?? text.count
        defer { offset = end + 1 }
        return UnsafeRawBufferPointer(rebasing: text[offset..<end])
    }
}

extension ByteBuffer {
    /// Appends a field of a row of COPY as JSON. `scratch` is for fields with escapes.
    @inline(__always)
    mutating func append(
        copyField field: UnsafeRawBufferPointer, as kind: RowShape.Kind, _ scratch: inout ByteBuffer
    ) {
        guard let base = field.baseAddress, memchr(base, Int32(UInt8(ascii: "\\")), field.count) != nil else {
            return append(field, as: kind)
        }
        if field.count == 2, field[1] == UInt8(ascii: "N") { return append("null") }
        scratch.removeAll()
        var isEscaped = false
        for byte in field {
            if isEscaped {
                scratch.append(Self.unescaped(byte))
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else {
                scratch.append(byte)
            }
        }
        append(scratch.bytes, as: kind)
    }

    private static func unescaped(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "b"): 8
        case UInt8(ascii: "t"): 9
        case UInt8(ascii: "n"): 10
        case UInt8(ascii: "v"): 11
        case UInt8(ascii: "f"): 12
        case UInt8(ascii: "r"): 13
        default: byte
        }
    }
}
