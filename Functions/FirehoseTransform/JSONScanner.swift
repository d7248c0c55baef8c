internal import CKernels
internal import JSON

/// A validating scan over one JSON text, by the rules of ``JSONPolicy``. It finds values as byte ranges and builds nothing.
struct JSONScanner {
    /// Why the text is not JSON, and at which byte.
    struct Fault: Error, Equatable, CustomStringConvertible {
        let reason: String
        let byte: Int

        var description: String { "\(reason) at byte \(byte)" }
    }

    enum Kind: UInt8 {
        case object, array, string, number, `true`, `false`, null
    }

    /// One value in the text. The range of a string excludes its quotes.
    struct Value {
        let kind: Kind
        let range: Range<Int>
        /// A string: whether it has escapes. An object or array: whether it is spread over several lines.
        let needsCare: Bool

        /// The range, with the quotes of a string.
        var written: Range<Int> {
            kind == .string ? range.lowerBound - 1..<range.upperBound + 1 : range
        }
        var isScalar: Bool { kind != .object && kind != .array }
    }

    let text: ByteSlice
    private(set) var at = 0
    private var depth = 0
    private var lineBreaks = 0

    init(_ text: ByteSlice) { self.text = text }

    /// Passes over a text that is one object. `body` gets each member's name and must pass over its value.
    mutating func document(_ body: (inout JSONScanner, Value) throws(Fault) -> Void) throws(Fault) {
        try skipSpace()
        try object(body)
        try skipSpace(mayEnd: true)
        guard at == text.count else { throw fault("expected the end of the text") }
    }

    var isAtObject: Bool { peek == UInt8(ascii: "{") }

    /// Passes over the object that begins here. `body` gets each member's name and must pass over its value.
    @inline(__always)
    mutating func object(_ body: (inout JSONScanner, Value) throws(Fault) -> Void) throws(Fault) {
        guard peek == UInt8(ascii: "{") else { throw expected("an object") }
        try enter()
        guard peek != UInt8(ascii: "}") else { return leave() }
        while true {
            guard peek == UInt8(ascii: "\"") else { throw expected("a name in quotes") }
            let name = try string()
            try skipSpace()
            guard peek == UInt8(ascii: ":") else { throw expected("':' after the name") }
            at += 1
            try skipSpace()
            try body(&self, name)
            try skipSpace()
            if peek == UInt8(ascii: "}") { return leave() }
            guard peek == UInt8(ascii: ",") else { throw expected("',' or '}'") }
            at += 1
            try skipSpace()
        }
    }

    /// Passes over the array that begins here. `body` must pass over the element at which it is called.
    mutating func array(_ body: (inout JSONScanner) throws(Fault) -> Void) throws(Fault) {
        guard peek == UInt8(ascii: "[") else { throw expected("an array") }
        try enter()
        guard peek != UInt8(ascii: "]") else { return leave() }
        while true {
            try body(&self)
            try skipSpace()
            if peek == UInt8(ascii: "]") { return leave() }
            guard peek == UInt8(ascii: ",") else { throw expected("',' or ']'") }
            at += 1
            try skipSpace()
        }
    }

    /// Passes over the value that begins here.
    mutating func value() throws(Fault) -> Value {
        switch peek {
        case UInt8(ascii: "\""): return try string()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "{"):
            return try compound(.object) { scanner throws(Fault) in
                try scanner.object { scanner, _ throws(Fault) in _ = try scanner.value() }
            }
        case UInt8(ascii: "["):
            return try compound(.array) { scanner throws(Fault) in
                try scanner.array { scanner throws(Fault) in _ = try scanner.value() }
            }
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "t"): return try literal("true", .true)
        case UInt8(ascii: "f"): return try literal("false", .false)
        default: throw expected("a value")
        }
    }

    /// The value that `body` passes over.
    @inline(__always)
    mutating func compound(
        _ kind: Kind, _ body: (inout JSONScanner) throws(Fault) -> Void
    ) throws(Fault) -> Value {
        let start = at
        let lineBreaksBefore = lineBreaks
        try body(&self)
        return Value(kind: kind, range: start..<at, needsCare: lineBreaks > lineBreaksBefore)
    }

    // MARK: Steps

    /// The byte here; at the end 0, which JSON allows nowhere.
    @inline(__always)
    private var peek: UInt8 { at < text.count ? text.start[at] : 0 }

    func fault(_ reason: String) -> Fault { Fault(reason: reason, byte: at) }

    private func expected(_ what: String) -> Fault {
        fault(at < text.count ? "expected \(what)" : "expected \(what) before the end of the text")
    }

    @inline(__always)
    private mutating func enter() throws(Fault) {
        depth += 1
        guard depth <= JSONPolicy.depthLimit else { throw fault(JSONPolicy.tooDeep) }
        at += 1
        try skipSpace()
    }

    @inline(__always)
    private mutating func leave() {
        at += 1
        depth -= 1
    }

    @inline(__always)
    private mutating func skipSpace(mayEnd: Bool = false) throws(Fault) {
        while at < text.count {
            let byte = text.start[at]
            guard byte <= 0x20 else { return }
            switch byte {
            case 0x20, 0x09: break
            case 0x0A, 0x0D: lineBreaks += 1
            default: throw fault("an unescaped control character")
            }
            at += 1
        }
        guard mayEnd else { throw fault("expected the rest of the value before the end of the text") }
    }

    @inline(__always)
    private mutating func string() throws(Fault) -> Value {
        let start = at + 1
        let found = ck_json_scan_string(text.start + start, text.count - start)
        at = start + found.length
        switch found.outcome {
        case CK_JSON_PLAIN, CK_JSON_ESCAPED:
            at += 1
            return Value(
                kind: .string, range: start..<start + found.length, needsCare: found.outcome == CK_JSON_ESCAPED)
        case CK_JSON_UNENDED: throw fault("expected '\"' before the end of the text")
        default: throw fault(wrongPartOfString)
        }
    }

    /// What is wrong at the byte where the kernel stopped in a string.
    private var wrongPartOfString: String {
        switch peek {
        case ..<0x20: return "an unescaped control character"
        case UInt8(ascii: "\\"):
            let escape = text[at..<min(at + 6, text.count)].bytes
            let isUnit = escape.count == 6 && escape[1] == UInt8(ascii: "u") && escape[2...].allSatisfy(isHexadecimal)
            return isUnit ? JSONPolicy.halfSurrogatePair : "an unknown escape"
        default: return "a string that is not UTF-8"
        }
    }

    private func isHexadecimal(_ byte: UInt8) -> Bool { Character(UnicodeScalar(byte)).isHexDigit }

    private mutating func number() throws(Fault) -> Value {
        let start = at
        if peek == UInt8(ascii: "-") { at += 1 }
        if peek == UInt8(ascii: "0") { at += 1 } else { try digits() }
        if peek == UInt8(ascii: ".") {
            at += 1
            try digits()
        }
        if peek | 0x20 == UInt8(ascii: "e") {
            at += 1
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { at += 1 }
            try digits()
        }
        return Value(kind: .number, range: start..<at, needsCare: false)
    }

    @inline(__always)
    private mutating func digits() throws(Fault) {
        let start = at
        while peek >= 0x30, peek <= 0x39 { at += 1 }
        guard at > start else { throw expected("a digit") }
    }

    private mutating func literal(_ literal: StaticString, _ kind: Kind) throws(Fault) -> Value {
        let end = at + literal.utf8CodeUnitCount
        guard end <= text.count, text[at..<end].equals(literal) else {
            throw fault("expected a value, not an unknown word")
        }
        defer { at = end }
        return Value(kind: kind, range: at..<end, needsCare: false)
    }
}
