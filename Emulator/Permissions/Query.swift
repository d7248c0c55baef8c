internal import URLCoding

/// The decoded parameters of a query.
struct Query: Sendable {
    private let parameters: [(name: String, value: String)]

    init(_ text: String) {
        parameters = text.split(separator: "&").map { pair in
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { half in
                String(formURLDecoding: String(half)) ?? String(half)
            }
            return (halves[0], halves.count > 1 ? halves[1] : "")
        }
    }

    subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }

    func contains(_ name: String) -> Bool { self[name] != nil }
}
