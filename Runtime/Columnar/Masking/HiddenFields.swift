internal import Contracts

/// Unknown fields that by their names hold values that the contract hides: `Email` beside a masked `email`.
///
/// Unknown fields are kept in `_rescued_data`. There a header in another spelling, or an object with a member of that name,
/// would show values that bronze must not show.
struct HiddenFields {
    /// The names of masked columns, reduced to what they have in common with their other spellings.
    private let names: Set<[UInt8]>

    init(_ columns: [BronzeColumn]) {
        names = Set(columns.flatMap(Self.maskedNames).map { Self.reduced($0.utf8) })
    }

    /// The names that a masked value of the column goes by: its column's, and its key's in a JSON line.
    private static func maskedNames(_ column: BronzeColumn) -> [String] {
        switch column.type {
        case .structure(let fields): fields.flatMap(maskedNames)
        // A list's element is masked under the name of the list.
        case .list(let element): element.masking == nil ? maskedNames(element) : [column.name, column.path.last ?? ""]
        default: column.masking == nil ? [] : [column.name, column.path.last ?? ""]
        }
    }

    var isEmpty: Bool { names.isEmpty }

    func contains(_ name: some Sequence<UInt8>) -> Bool { !names.isEmpty && names.contains(Self.reduced(name)) }

    /// Whether an object's member is such a field, or has one in it.
    /// - Parameter key: with its quotes, as it is written.
    func areIn(member key: FieldText, _ value: FieldText) -> Bool {
        guard !names.isEmpty else { return false }
        var spelling = JSONSpelling()
        // A key that cannot be read cannot be cleared either.
        guard let name = try? spelling.unescape(FieldText(rebasing: key[1..<key.count - 1])) else { return true }
        return contains(name) || areIn(value)
    }

    /// Whether a key anywhere in `json`, an object or array, is such a name.
    func areIn(_ json: FieldText) -> Bool {
        guard !names.isEmpty, let first = json.first, first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else {
            return false
        }
        var spelling = JSONSpelling()
        var at = 0
        while let start = json[at...].firstIndex(of: UInt8(ascii: "\"")) {
            var end = start + 1
            while end < json.count, json[end] != UInt8(ascii: "\"") { end += json[end] == UInt8(ascii: "\\") ? 2 : 1 }
            guard end < json.count else { return false }
            at = end + 1
            guard let next = json[at...].first(where: { $0 > 0x20 }), next == UInt8(ascii: ":") else { continue }
            let key = FieldText(rebasing: json[start + 1..<end])
            // A key that cannot be read cannot be cleared either.
            guard let name = try? spelling.unescape(key), !contains(name) else { return true }
        }
        return false
    }

    /// Letters in lowercase and digits, as far as they are ASCII; other scripts as they are.
    private static func reduced(_ name: some Sequence<UInt8>) -> [UInt8] {
        name.compactMap { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...: byte
            default: nil
            }
        }
    }
}
