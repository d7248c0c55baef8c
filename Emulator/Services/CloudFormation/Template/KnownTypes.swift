/// The resource types that the services provide.
struct KnownTypes {
    private let types: Set<String>
    /// By the part before the last `::`, in order.
    private let byService: [Substring: [String]]

    init(_ types: some Sequence<String>) {
        self.types = Set(types)
        byService = Dictionary(grouping: self.types.sorted()) { Self.parts(of: $0).service }
    }

    /// The type that is meant by one whose name is nearly its own: one that differs in a letter or two of the last part.
    func meant(by type: String) -> String? {
        guard !types.contains(type) else { return nil }
        let (service, name) = Self.parts(of: type)
        return byService[service]?.first { Self.isNear(Self.parts(of: $0).name, name) }
    }

    private static func parts(of type: String) -> (service: Substring, name: Substring) {
        guard let colon = type.utf8.lastIndex(of: UInt8(ascii: ":")) else { return ("", type[...]) }
        return (type[..<colon], type[type.utf8.index(after: colon)...])
    }

    /// Whether one is the other without a letter, with another letter, or with two letters exchanged.
    private static func isNear(_ own: Substring, _ other: Substring) -> Bool {
        guard own.utf8.count > 4, abs(own.utf8.count - other.utf8.count) <= 1 else { return false }
        let (left, right) = (Array(own.utf8), Array(other.utf8))
        let start = zip(left, right).prefix { $0 == $1 }.count
        let end = zip(left.reversed(), right.reversed()).prefix { $0 == $1 }.count
        let rest = max(left.count, right.count) - start - end
        guard rest == 2, left.count == right.count, start + 1 < left.count else { return rest <= 1 }
        return left[start] == right[start + 1] && left[start + 1] == right[start]
    }
}
