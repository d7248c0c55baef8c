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

    /// The bytes as they are in the file.
    func restored(_ text: FieldText) -> [UInt8]

    /// Whether fields with text may be nulls: those of which ``mayBeNull(_:)`` says so, which no kernel knows.
    var hasNullMarkers: Bool { get }
    func mayBeNull(_ raw: FieldText) -> Bool
}

extension FieldSpelling where Self: ~Copyable {
    func restored(_ text: FieldText) -> [UInt8] { Array(text) }

    var hasNullMarkers: Bool { false }
    func mayBeNull(_ raw: FieldText) -> Bool { false }

    /// The text for a message, as it is in the file.
    func shown(_ raw: FieldText) -> String { restored(raw).withUnsafeBufferPointer { $0.shown } }

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

    func restore(by exchange: MarkExchange) { exchange.apply(UnsafeMutableBufferPointer(rebasing: buffer[..<count])) }
}

/// RFC 4180: a field may be in quotes, and a quote inside is doubled. An empty field is a null; a quoted empty one is
/// empty text, or a null where the column holds no text.
///
/// With escapes, a character behind a backslash is text, and `\N` alone is a null. A letter or digit behind a backslash is a
/// fault: programs differ in what they mean by it. Other marks than these have been exchanged with them: ``MarkExchange``.
///
/// A null marker of the dialect is a null; in quotes it is text, or a null where the column holds no text.
struct CSVSpelling: FieldSpelling, ~Copyable {
    static var valuesAreJSON: Bool { false }

    private var rewritten = RewrittenText()
    private let hasEscapes: Bool
    private let exchange: MarkExchange?
    /// The null markers, with marks exchanged.
    private let nulls: [[UInt8]]
    private let longestNull: Int

    init(_ dialect: CSVDialect = .standard) {
        hasEscapes = dialect.escape != nil
        let exchange = MarkExchange(dialect)
        let nulls = dialect.nulls.map { exchange?.applied(to: $0.utf8) ?? Array($0.utf8) }
        longestNull = nulls.map(\.count).max() ?? 0
        self.exchange = exchange
        self.nulls = nulls
    }

    var hasNullMarkers: Bool { longestNull > 0 }

    func mayBeNull(_ raw: FieldText) -> Bool {
        if isNullMarker(raw) { return true }
        let isQuoted = raw.count > 2 && raw.first == UInt8(ascii: "\"") && raw.last == UInt8(ascii: "\"")
        return isQuoted && isNullMarker(FieldText(rebasing: raw[1..<raw.count - 1]))
    }

    /// Whether a text is a null marker of the dialect.
    private func isNullMarker(_ text: FieldText) -> Bool {
        text.count <= longestNull && nulls.contains { text.elementsEqual($0) }
    }

    func restored(_ text: FieldText) -> [UInt8] { exchange?.applied(to: text) ?? Array(text) }

    mutating func decode(
        _ raw: FieldText, isCareful: Bool, isText: Bool
    ) throws(FieldFault) -> FieldText? {
        let quote = UInt8(ascii: "\"")
        guard let first = raw.first else { return nil }
        guard first == quote else {
            if hasNullMarkers, isNullMarker(raw) { return nil }
            return hasEscapes ? try unescape(raw) : unquoted(raw)
        }
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
                    if !isText, text.isEmpty || hasNullMarkers && isNullMarker(text) { return nil }
                    if let exchange { rewritten.restore(by: exchange) }
                    return text
                }
                index += 1
                guard raw[index] == quote else { break }
            }
            rewritten.append(raw[index])
            index += 1
        }
        let hint = raw[..<index].dropLast().last == UInt8(ascii: "\\") && exchange == nil ? Self.escapeHint : ""
        throw FieldFault(.misplacedQuote, "has text after its closing quote\(hint)")
    }

    /// Advice where a quote follows a backslash.
    static let escapeHint =
        "; if a backslash before a quote makes it text, let the contract say so with the custom property 'csvEscape: backslash'"

    private mutating func unquoted(_ raw: FieldText) -> FieldText {
        guard let exchange, exchange.changes(raw) else { return raw }
        rewritten.begin(capacity: raw.count)
        for byte in raw { rewritten.append(byte) }
        rewritten.restore(by: exchange)
        return rewritten.text
    }

    private mutating func unescape(_ raw: FieldText) throws(FieldFault) -> FieldText? {
        guard raw.contains(UInt8(ascii: "\\")) else { return unquoted(raw) }
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
        if let exchange { rewritten.restore(by: exchange) }
        return rewritten.text
    }

    private mutating func appendEscaped(_ raw: FieldText, at index: Int) throws(FieldFault) {
        guard index < raw.count else { throw FieldFault(.misplacedEscape, "ends in an escape") }
        switch raw[index] {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            throw FieldFault(
                .misplacedEscape, "has an escape before a letter or digit; write an escape that is text twice")
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
