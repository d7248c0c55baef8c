internal import EmulatorCore
internal import JSON
internal import URLCoding

/// A request to the Iceberg REST catalog.
struct IcebergCall: Sendable {
    private static let bodyLimit = 32 << 20

    let method: String
    let body: JSON
    private let query: [(name: String, value: String)]
    /// Whether the client asks for the keys to a table's files.
    let wantsCredentials: Bool

    init(_ request: HTTPRequest) async throws {
        method = request.method
        wantsCredentials =
            request.headers["X-Iceberg-Access-Delegation"]?.lowercased().contains("vended-credentials") ?? false
        query = request.query.split(separator: "&").map { part in
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let value = sides.count > 1 ? sides[1] : ""
            return (String(formURLDecoding: sides[0]) ?? sides[0], String(formURLDecoding: value) ?? value)
        }
        let bytes = try await request.body.collect(upTo: Self.bodyLimit)
        do throws(JSONError) {
            body = bytes.isEmpty ? [:] : try JSON(parsing: bytes)
        } catch { throw AWSFault.badRequest("Malformed request: the body is \(error)") }
    }

    /// A parameter of the query; nil if it is missing or empty.
    func parameter(_ name: String) -> String? {
        query.first { $0.name == name }.flatMap { $0.value.isEmpty ? nil : $0.value }
    }

    /// The namespace in a body's member.
    static func namespace(_ value: JSON?) throws(AWSFault) -> Namespace {
        let levels = (value?.array ?? []).compactMap(\.string)
        guard !levels.isEmpty, levels.count == value?.array?.count, !levels.contains("") else {
            throw .badRequest("Cannot parse namespace: expected a list of names, each of at least one character")
        }
        return Namespace(levels: levels)
    }

    /// A page of sorted names; the token is the last name of the page before.
    func page(of names: [String]) throws(AWSFault) -> (names: [String], next: JSONObject) {
        guard let limit = try pageSize() else { return (names, [:]) }
        let token = parameter("pageToken")
        let rest = names.drop { name in token.map { name <= $0 } ?? false }
        let page = Array(rest.prefix(limit))
        guard rest.count > limit, let last = page.last else { return (page, [:]) }
        return (page, ["next-page-token": .string(last)])
    }

    private func pageSize() throws(AWSFault) -> Int? {
        guard let text = parameter("pageSize") else { return parameter("pageToken") == nil ? nil : 1000 }
        guard let size = Int(text), size > 0 else { throw .badRequest("Invalid pageSize: \(text)") }
        return size
    }
}
