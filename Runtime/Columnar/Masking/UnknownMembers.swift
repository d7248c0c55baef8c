internal import Contracts

/// The unknown fields of a row as members of a JSON object, for `_rescued_data`.
///
/// Where the contract hides a column, a value of that column may stand under any name: rows are shifted, and cells of
/// headers are broken. So all values are `[redacted]` there, and names are kept only if they look like names.
struct UnknownMembers {
    /// The members without the braces; empty if there are none.
    private(set) var text: [UInt8] = []
    let hidesValues: Bool

    init(hidesValues: Bool) { self.hidesValues = hidesValues }

    var isEmpty: Bool { text.isEmpty }

    mutating func removeAll() { text.removeAll(keepingCapacity: true) }

    /// Adds the member of a JSON object.
    /// - Parameters:
    ///   - path: Of the object; not escaped, empty for the line itself.
    ///   - key: With its quotes, as it is written.
    ///   - value: JSON.
    ///   - hidesName: Whether the object's keys may be values themselves, since the object as a whole is classified.
    mutating func append(of path: String = "", key: FieldText, value: FieldText, hidesName: Bool = false) {
        beginMember()
        let name = FieldText(rebasing: key[1..<key.count - 1])
        let isShown = !hidesValues || !hidesName && Self.isName(name)
        if path.isEmpty {
            text.append(UInt8(ascii: "\""))
        } else {
            text.appendJSON(path.utf8)
            text.removeLast()
            text.append(UInt8(ascii: "."))
        }
        if isShown { text.append(contentsOf: name) } else { text.append(contentsOf: Masker.redacted.utf8) }
        text.append(contentsOf: "\":".utf8)
        if hidesValues { text.appendJSON(Masker.redacted.utf8) } else { text.append(contentsOf: value) }
    }

    /// Adds a field of CSV.
    mutating func append(name: String, text value: FieldText) {
        beginMember()
        text.appendJSON(name.utf8)
        text.append(UInt8(ascii: ":"))
        if hidesValues { text.appendJSON(Masker.redacted.utf8) } else { text.appendJSON(value) }
    }

    private mutating func beginMember() {
        if !text.isEmpty { text.append(UInt8(ascii: ",")) }
    }

    /// The members as an object; nil if there are none.
    var object: [UInt8]? { isEmpty ? nil : [UInt8(ascii: "{")] + text + [UInt8(ascii: "}")] }

    /// Whether text looks like the name of a field, not like a value: a letter or `_`, then up to 63 letters, digits,
    /// `_`, `-`, `.` or `/`.
    static func isName(_ text: some Collection<UInt8>) -> Bool {
        guard let first = text.first, text.count <= 64 else { return false }
        func isLetter(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), 0x80...: true
            default: byte == UInt8(ascii: "_")
            }
        }
        return isLetter(first)
            && text.allSatisfy { byte in
                isLetter(byte) || "0123456789-./".utf8.contains(byte)
            }
    }
}
