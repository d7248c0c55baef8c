internal import AWSClient
internal import JSON

extension LakeCatalog {
    /// The names of a namespace's Iceberg tables, sorted; none if there is no such namespace.
    public func tables(in namespace: String) throws(LakeError) -> [String] {
        var names: [String] = []
        var token = ""
        repeat {
            let answer: JSON
            do throws(LakeError) {
                answer = try Self.call(
                    client, .get, "\(root)/namespaces/\(namespace)/tables",
                    query: token.isEmpty ? [] : [.init("pageToken", token)], what: "the tables of \(namespace)")
            } catch {
                if case .catalog(_, let inner) = error, inner.isNotFound { return [] }
                throw error
            }
            names += (answer["identifiers"]?.array ?? []).compactMap { $0["name"]?.string }
            token = answer["next-page-token"]?.string ?? ""
        } while !token.isEmpty
        return names.sorted()
    }
}
