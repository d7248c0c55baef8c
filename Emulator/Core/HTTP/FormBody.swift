package import JSON
internal import URLCoding

/// The parameters of a request in AWS's query protocol, which are a form.
/// - SeeAlso: <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>
package struct FormBody {
    private var values: [String: String] = [:]

    package init(_ bytes: [UInt8]) {
        for pair in String(decoding: bytes, as: UTF8.self).split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { half in
                String(formURLDecoding: String(half)) ?? String(half)
            }
            values[halves[0]] = halves.count > 1 ? halves[1] : ""
        }
    }

    package subscript(name: String) -> String? { values[name] }

    /// The parameters as the document of a JSON protocol: `A.member.1` is an element of a list, and `A.entry.1.key`
    /// with `A.entry.1.value` a member of a map. All values are text.
    package var document: JSON {
        var root = Node()
        for (name, value) in values {
            let path = name.split(separator: ".")
            // No operation has parameters this deep. The limit protects against a deep recursion.
            if path.count <= Self.deepestPath { root.insert(value, at: path[...]) }
        }
        return root.document
    }

    private static let deepestPath = 16

    private struct Node {
        var value: String?
        var children: [String: Node] = [:]

        mutating func insert(_ value: String, at path: ArraySlice<Substring>) {
            guard let first = path.first else {
                self.value = value
                return
            }
            children[String(first), default: Node()].insert(value, at: path.dropFirst())
        }

        /// The children whose names are numbers, in their order.
        private var numbered: [Node] {
            children.compactMap { name, node in Int(name).map { ($0, node) } }.sorted { $0.0 < $1.0 }.map(\.1)
        }

        var document: JSON {
            if children.isEmpty { return .string(value ?? "") }
            if let list = children["member"] { return .array(list.numbered.map(\.document)) }
            if let map = children["entry"] {
                return .object(
                    JSONObject(
                        map.numbered.compactMap { entry in
                            guard let name = (entry.children["key"] ?? entry.children["Name"])?.value else {
                                return nil
                            }
                            let value = entry.children["value"] ?? entry.children["Value"]
                            return (name, value?.document ?? "")
                        }))
            }
            return .object(JSONObject(children.sorted { $0.key < $1.key }.map { ($0.key, $0.value.document) }))
        }
    }
}
