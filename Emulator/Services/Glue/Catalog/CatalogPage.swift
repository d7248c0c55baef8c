internal import EmulatorCore
internal import JSON

/// A page of a sorted list. Its token is the key of its last element, so that changes between two pages neither repeat nor
/// hide other elements.
struct CatalogPage<Element> {
    let elements: [Element]
    let token: String?

    /// - Parameters:
    ///   - isAfter: whether an element comes after the one with a key, which may be gone.
    init(
        of all: [Element], _ input: JSON, limit: Int = 100, key: (Element) -> String,
        isAfter: (Element, String) -> Bool
    ) throws(AWSFault) {
        let size = try input.pageSize(limit: limit)
        var rest = all[...]
        if let token = input.present("NextToken")?.string, !token.isEmpty {
            rest = rest.drop { !isAfter($0, token) }
        }
        elements = Array(rest.prefix(size))
        token = rest.count > size ? elements.last.map(key) : nil
    }

    func answer(_ member: String, _ show: (Element) -> JSON) -> JSON {
        var answer: JSONObject = [member: .array(elements.map(show))]
        if let token { answer["NextToken"] = .string(token) }
        return .object(answer)
    }
}
