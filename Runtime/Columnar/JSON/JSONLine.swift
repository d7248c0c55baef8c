internal import CKernels
internal import JSON

/// Where a line stops being JSON.
struct JSONLineFault: Error {
    let reason: RejectedRow.Reason
    let message: String
    /// The field that is at fault; nil where the line as a whole is.
    var place: String?
}

/// Reads one line of NDJSON, whatever its shape: checks all of it, and notes where each known field's value lies.
///
/// The text ends in a newline, so a look at the next byte is always allowed.
struct JSONLine {
    /// A value of a line, as a range of offsets in the text.
    struct Value {
        let start: Int
        let end: Int
        let hasEscapes: Bool
    }

    private let text: UnsafePointer<UInt8>
    private let start: Int
    private let noun: StaticString
    private var at: Int

    /// - Parameter noun: what messages call the text.
    init(_ text: UnsafePointer<UInt8>, from start: Int, of noun: StaticString = "line") {
        self.text = text
        self.noun = noun
        self.start = start
        at = start
    }

    /// Reads the line's object, calling `member` with each key, value, and the offset at which what precedes them begins.
    /// Keys and strings are ranges with their quotes.
    /// - Returns: the offset of the byte after the closing brace.
    mutating func readObject(
        _ member: (_ key: Value, _ value: Value, _ separatorStart: Int) throws(JSONLineFault) -> Void
    ) throws(JSONLineFault) -> Int {
        var separatorStart = at
        skipSpace()
        guard text[at] == UInt8(ascii: "{") else {
            let value = try readValue(depth: 0)
            try expectEnd()
            throw JSONLineFault(
                reason: .notAnObject,
                message: "the line is \(kind(of: value)), not a JSON object; write each object on a line of its own")
        }
        at += 1
        skipSpace()
        if text[at] == UInt8(ascii: "}") {
            at += 1
            let end = at
            try expectEnd()
            return end
        }
        while true {
            skipSpace()
            guard text[at] == UInt8(ascii: "\"") else { throw fault("expected a key in quotes") }
            let key = try readString()
            skipSpace()
            try expect(UInt8(ascii: ":"), "':' after the key")
            skipSpace()
            let value = try readValue(depth: 1)
            try member(key, value, separatorStart)
            separatorStart = at
            skipSpace()
            if text[at] == UInt8(ascii: "}") { break }
            try expect(UInt8(ascii: ","), "',' or '}' after the value")
        }
        at += 1
        let end = at
        try expectEnd()
        return end
    }

    /// Reads a line that is one value of any kind.
    mutating func readOnlyValue() throws(JSONLineFault) -> Value {
        skipSpace()
        let value = try readValue(depth: 0)
        try checkEscapes(value)
        try expectEnd()
        return value
    }

    // MARK: Values

    private mutating func readValue(depth: Int) throws(JSONLineFault) -> Value {
        switch text[at] {
        case UInt8(ascii: "\""): return try readString()
        case UInt8(ascii: "{"), UInt8(ascii: "["): return try readNested(depth: depth)
        default: return try readScalar()
        }
    }

    private mutating func readString() throws(JSONLineFault) -> Value {
        let first = at
        var hasEscapes = false
        at += 1
        while true {
            at = ck_json_string_stop(text, at)
            switch text[at] {
            case UInt8(ascii: "\""):
                at += 1
                return Value(start: first, end: at, hasEscapes: hasEscapes)
            case UInt8(ascii: "\\") where text[at + 1] >= 0x20:
                hasEscapes = true
                at += 2
            default:
                throw fault("a string has a control character, or never ends")
            }
        }
    }

    private mutating func readScalar() throws(JSONLineFault) -> Value {
        let first = at
        while isScalarByte(text[at]) { at += 1 }
        let scalar = FieldText(start: text + first, count: at - first)
        guard scalar.isJSONNumber || scalar.isJSONWord else {
            at = first
            throw fault("expected a value")
        }
        return Value(start: first, end: at, hasEscapes: false)
    }

    private func isScalarByte(_ byte: UInt8) -> Bool {
        byte.isDigit || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".")
    }

    private mutating func readNested(depth: Int) throws(JSONLineFault) -> Value {
        guard depth < JSONPolicy.depthLimit else { throw fault(JSONPolicy.tooDeep) }
        let first = at
        let isObject = text[at] == UInt8(ascii: "{")
        let closing = isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
        at += 1
        skipSpace()
        if text[at] != closing {
            while true {
                skipSpace()
                if isObject {
                    guard text[at] == UInt8(ascii: "\"") else { throw fault("expected a key in quotes") }
                    try checkEscapes(try readString())
                    skipSpace()
                    try expect(UInt8(ascii: ":"), "':' after the key")
                    skipSpace()
                }
                try checkEscapes(try readValue(depth: depth + 1))
                skipSpace()
                if text[at] == closing { break }
                try expect(UInt8(ascii: ","), isObject ? "',' or '}' after the value" : "',' or ']' after the value")
            }
        }
        at += 1
        return Value(start: first, end: at, hasEscapes: false)
    }

    /// Checks the escapes of a string that nobody will decode.
    func checkEscapes(_ value: Value) throws(JSONLineFault) {
        guard value.hasEscapes else { return }
        var spelling = JSONSpelling()
        do throws(FieldFault) {
            let raw = FieldText(start: text + value.start, count: value.end - value.start)
            _ = try spelling.decode(raw, isCareful: true, isText: true)
        } catch {
            throw JSONLineFault(reason: error.reason, message: "a string \(error.complaint)")
        }
    }

    // MARK: Bytes

    /// Skips spaces and tabs, and carriage returns too, since a line may end in CRLF.
    private mutating func skipSpace() {
        while text[at] == 0x20 || text[at] == 0x09 || text[at] == 0x0D { at += 1 }
    }

    private mutating func expect(_ byte: UInt8, _ what: String) throws(JSONLineFault) {
        guard text[at] == byte else { throw fault("expected \(what)") }
        at += 1
    }

    private mutating func expectEnd() throws(JSONLineFault) {
        skipSpace()
        guard text[at] == UInt8(ascii: "\n") else { throw fault("expected the end of the \(noun)") }
    }

    private func fault(_ what: String) -> JSONLineFault {
        JSONLineFault(reason: .notJSON, message: "not JSON: \(what) at byte \(at - start) of the \(noun)")
    }

    private func kind(of value: Value) -> String {
        switch text[value.start] {
        case UInt8(ascii: "["): "an array"
        case UInt8(ascii: "\""): "a string"
        default: "a single value"
        }
    }
}
