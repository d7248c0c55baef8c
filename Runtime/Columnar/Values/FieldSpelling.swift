internal import Contracts

/// How a format writes a field's value: its quotes and escapes, and its null.
///
/// The decoded text stays valid until the next field is decoded.
protocol FieldSpelling: ~Copyable {
    /// The field's text without quotes and escapes; nil for a null.
    /// - Parameter isText: whether the column is one of text, for which empty text is a value.
    mutating func decode(
        _ raw: FieldText, isCareful: Bool, isText: Bool
    ) throws(FieldFault) -> FieldText?

    /// Whether a field that is not a string is checked JSON.
    static var valuesAreJSON: Bool { get }

    /// The JSON text that the field is or holds; nil for a null.
    mutating func decodeJSON(_ raw: FieldText, isCareful: Bool) throws(FieldFault) -> FieldText?
}

extension FieldSpelling where Self: ~Copyable {
    /// The place of a column's values in a row: the column's name, or in JSON its path.
    static func place(of column: BronzeColumn) -> String {
        valuesAreJSON ? column.path.joined(separator: ".") : column.name
    }
}

/// A buffer for text that has to be rewritten before it can be read.
struct RewrittenText: ~Copyable {
    private var buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 256)
    private var count = 0

    deinit { buffer.deallocate() }

    /// Empties the buffer and makes room for `capacity` bytes.
    mutating func begin(capacity: Int) {
        count = 0
        guard capacity > buffer.count else { return }
        buffer.deallocate()
        buffer = .allocate(capacity: capacity)
    }

    mutating func append(_ byte: UInt8) {
        buffer[count] = byte
        count += 1
    }

    var text: FieldText { FieldText(rebasing: buffer[..<count]) }
}

/// RFC 4180: a field may be in quotes, and a quote inside is doubled. An empty field is a null; a quoted empty one is
/// empty text, or a null where the column holds no text.
///
/// With escapes, a character behind a backslash is text, and `\N` alone is a null. A letter or digit behind a backslash is a
/// fault: programs differ in what they mean by it.
struct CSVSpelling: FieldSpelling, ~Copyable {
    static var valuesAreJSON: Bool { false }

    private var rewritten = RewrittenText()
    private let hasEscapes: Bool

    init(hasEscapes: Bool = false) { self.hasEscapes = hasEscapes }

    mutating func decode(
        _ raw: FieldText, isCareful: Bool, isText: Bool
    ) throws(FieldFault) -> FieldText? {
        let quote = UInt8(ascii: "\"")
        guard let first = raw.first else { return nil }
        guard first == quote else { return hasEscapes ? try unescape(raw) : raw }
        rewritten.begin(capacity: raw.count)
        var index = 1
        while index < raw.count {
            if hasEscapes, raw[index] == UInt8(ascii: "\\") {
                index += 1
                try appendEscaped(raw, at: index)
                index += 1
                continue
            }
            if raw[index] == quote {
                guard index + 1 < raw.count else {
                    let text = rewritten.text
                    return text.isEmpty && !isText ? nil : text
                }
                index += 1
                guard raw[index] == quote else { break }
            }
            rewritten.append(raw[index])
            index += 1
        }
        throw FieldFault(.misplacedQuote, "has text after its closing quote")
    }

    private mutating func unescape(_ raw: FieldText) throws(FieldFault) -> FieldText? {
        guard raw.contains(UInt8(ascii: "\\")) else { return raw }
        if raw.elementsEqual([UInt8(ascii: "\\"), UInt8(ascii: "N")]) { return nil }
        rewritten.begin(capacity: raw.count)
        var index = 0
        while index < raw.count {
            if raw[index] == UInt8(ascii: "\\") {
                index += 1
                try appendEscaped(raw, at: index)
            } else {
                rewritten.append(raw[index])
            }
            index += 1
        }
        return rewritten.text
    }

    private mutating func appendEscaped(_ raw: FieldText, at index: Int) throws(FieldFault) {
        guard index < raw.count else { throw FieldFault(.misplacedEscape, "ends in a backslash") }
        switch raw[index] {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            throw FieldFault(
                .misplacedEscape, "has a backslash before a letter or digit; write a backslash that is text twice")
        default: rewritten.append(raw[index])
        }
    }

    mutating func decodeJSON(_ raw: FieldText, isCareful: Bool) throws(FieldFault) -> FieldText? {
        try decode(raw, isCareful: isCareful, isText: false)
    }
}

extension CSVSpelling {
    /// The unknown fields of a row that are not null, as a JSON object; nil if there are none.
    mutating func rescue(
        _ unknown: [UnknownField], of row: Int, in matrix: borrowing FieldMatrix,
        _ text: UnsafePointer<UInt8>, hidesValues: Bool
    ) throws(FieldFault) -> [UInt8]? {
        var members = UnknownMembers(hidesValues: hidesValues)
        for field in unknown {
            let raw = matrix.fields(field.index, of: text).raw(row)
            guard let value = try decode(raw, isCareful: false, isText: true) else { continue }
            members.append(name: field.name, text: value)
        }
        return members.object
    }
}
