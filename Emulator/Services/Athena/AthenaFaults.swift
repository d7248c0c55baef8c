internal import EmulatorCore
internal import JSON

/// Athena's own errors.
extension AWSFault {
    /// - Parameter code: Athena's own, such as `MALFORMED_QUERY`.
    static func invalidRequest(_ message: String, code: String = "INVALID_INPUT") -> AWSFault {
        AWSFault("InvalidRequestException", message, details: ["AthenaErrorCode": .string(code)])
    }

    static func noExecution(_ id: String) -> AWSFault { invalidRequest("QueryExecution \(id) was not found") }
    static func noWorkGroup(_ name: String) -> AWSFault { invalidRequest("WorkGroup \(name) is not found.") }

    /// - Parameter what: such as `Database`.
    static func metadata(_ message: String) -> AWSFault { AWSFault("MetadataException", message) }
}

extension JSON {
    func required(_ name: String) throws(AWSFault) -> String {
        guard let value = self[name]?.string, !value.isEmpty else { throw .missingMember(name) }
        return value
    }

    /// How many elements a page may have.
    func pageSize(limit: Int) throws(AWSFault) -> Int {
        guard let size = present("MaxResults") else { return limit }
        guard let size = size.int, (1...limit).contains(size) else {
            throw .invalidRequest("MaxResults is \(size.text); expected 1 to \(limit)")
        }
        return size
    }

    /// A page of a list in order. Its token is the number of elements before the next page.
    func page<Element>(of all: [Element], limit: Int = 50) throws(AWSFault) -> (
        elements: ArraySlice<Element>, next: String?
    ) {
        let size = try pageSize(limit: limit)
        var start = 0
        if let token = present("NextToken")?.string {
            guard let number = Int(token), (0...all.count).contains(number) else {
                throw .invalidRequest("NextToken is not one of this operation's")
            }
            start = number
        }
        let end = min(all.count, start + size)
        return (all[start..<end], end < all.count ? "\(end)" : nil)
    }
}

extension AWSFault {
    /// A member that Athena's model requires.
    static func missingMember(_ name: String) -> AWSFault {
        let path = name.prefix(1).lowercased() + name.dropFirst()
        return .invalidRequest(
            "1 validation error detected: Value null at '\(path)' failed to satisfy constraint: Member must not be null"
        )
    }
}
