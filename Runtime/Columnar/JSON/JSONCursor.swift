internal import CKernels

/// Walks through JSON that has been checked before, without checking it again.
struct JSONCursor {
    private let text: UnsafePointer<UInt8>
    private var at: Int

    /// - Parameter start: where an object or array begins.
    init(_ text: UnsafePointer<UInt8>, inside start: Int) {
        self.text = text
        at = start + 1
    }

    /// The next member of the object; nil at its end. Keys and strings are ranges with their quotes.
    mutating func nextMember() -> (key: JSONLine.Value, value: JSONLine.Value)? {
        guard skipToNext() else { return nil }
        let key = string()
        skipSpace()
        at += 1
        skipSpace()
        return (key, value())
    }

    /// The next element of the array; nil at its end.
    mutating func nextElement() -> JSONLine.Value? { skipToNext() ? value() : nil }

    /// Skips the comma before a member or an element; false at the end.
    private mutating func skipToNext() -> Bool {
        skipSpace()
        if text[at] == UInt8(ascii: ",") {
            at += 1
            skipSpace()
        }
        return text[at] != UInt8(ascii: "}") && text[at] != UInt8(ascii: "]")
    }

    private mutating func value() -> JSONLine.Value {
        switch text[at] {
        case UInt8(ascii: "\""): return string()
        case UInt8(ascii: "{"), UInt8(ascii: "["): return nested()
        default:
            let start = at
            while text[at] > 0x20, text[at] != UInt8(ascii: ","), text[at] | 0x20 != UInt8(ascii: "}") { at += 1 }
            return JSONLine.Value(start: start, end: at, hasEscapes: false)
        }
    }

    private mutating func string() -> JSONLine.Value {
        let start = at
        var hasEscapes = false
        at = ck_json_string_stop(text, at + 1)
        while text[at] != UInt8(ascii: "\"") {
            hasEscapes = true
            at = ck_json_string_stop(text, at + 2)
        }
        at += 1
        return JSONLine.Value(start: start, end: at, hasEscapes: hasEscapes)
    }

    private mutating func nested() -> JSONLine.Value {
        let start = at
        var depth = 0
        repeat {
            // With the bit 0x20 set a bracket is a brace, and no other byte becomes one.
            switch text[at] | 0x20 {
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "}"): depth -= 1
            default:
                if text[at] == UInt8(ascii: "\"") {
                    _ = string()
                    continue
                }
            }
            at += 1
        } while depth > 0
        return JSONLine.Value(start: start, end: at, hasEscapes: false)
    }

    /// A carriage return is white space; a checked value never has a newline.
    private mutating func skipSpace() {
        while text[at] == 0x20 || text[at] == 0x09 || text[at] == 0x0D { at += 1 }
    }
}
