internal import EmulatorCore
internal import URLCoding

/// The decoded parameters of a query.
struct S3Query: Sendable {
    private(set) var parameters: [(name: String, value: String)] = []

    init(_ query: String) throws(S3Fault) {
        for pair in query.split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            parameters.append((try Self.decoded(halves[0]), halves.count > 1 ? try Self.decoded(halves[1]) : ""))
        }
    }

    subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }

    func contains(_ name: String) -> Bool { self[name] != nil }

    /// The value of a parameter with a count; nil if it is absent.
    func count(_ name: String) throws(S3Fault) -> Int? {
        guard let text = self[name], !text.isEmpty else { return nil }
        guard let count = Int(text), (0...Int(Int32.max)).contains(count) else {
            throw .argument(name, text, "Argument \(name) must be an integer between 0 and 2147483647")
        }
        return count
    }

    private static func decoded(_ text: Substring) throws(S3Fault) -> String {
        guard let decoded = String(formURLDecoding: String(text)) else { throw .invalidURI }
        return decoded
    }
}
