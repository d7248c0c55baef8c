internal import EmulatorCore
internal import JSON

/// Glue's own errors, with the texts that AWS sends.
/// - SeeAlso: <https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-exceptions.html>
extension AWSFault {
    static func notFound(_ message: String) -> AWSFault { AWSFault("EntityNotFoundException", message) }
    static func noDatabase(_ name: String) -> AWSFault { notFound("Database \(name) not found.") }
    static func noTable(_ name: String) -> AWSFault { notFound("Table \(name) not found.") }
    static let noPartition = notFound("Cannot find partition.")

    /// - Parameter what: such as `Table`.
    static func exists(_ what: String) -> AWSFault { AWSFault("AlreadyExistsException", "\(what) already exists.") }
    static func invalidInput(_ message: String) -> AWSFault { AWSFault("InvalidInputException", message) }

    static let concurrentUpdate = AWSFault(
        "ConcurrentModificationException", "Update table failed due to concurrent modifications.")

    /// A member that Glue's model requires.
    static func missingMember(_ name: String) -> AWSFault {
        let path = name.prefix(1).lowercased() + name.dropFirst()
        return AWSFault(
            "ValidationException",
            "1 validation error detected: Value null at '\(path)' failed to satisfy constraint: Member must not be null"
        )
    }

    /// An entry of a batch that failed.
    var errorDetail: JSON { ["ErrorCode": .string(code), "ErrorMessage": .string(message)] }
}

/// Members of a request to Glue's JSON API.
extension JSON {
    func required(_ name: String) throws(AWSFault) -> String {
        guard let value = self[name]?.string, !value.isEmpty else { throw .missingMember(name) }
        return value
    }

    func requiredObject(_ name: String) throws(AWSFault) -> JSON {
        guard let value = self[name], value.object != nil else { throw .missingMember(name) }
        return value
    }

    func requiredList(_ name: String) throws(AWSFault) -> [JSON] {
        guard let value = self[name]?.array else { throw .missingMember(name) }
        return value
    }

    /// A list of texts, such as the values of a partition.
    func requiredTexts(_ name: String) throws(AWSFault) -> [String] {
        let list = try requiredList(name)
        let texts = list.compactMap(\.string)
        guard texts.count == list.count else {
            throw AWSFault("SerializationException", "\(name): expected a list of strings")
        }
        return texts
    }

    /// How many elements a page may have.
    func pageSize(limit: Int) throws(AWSFault) -> Int {
        guard let size = present("MaxResults") else { return limit }
        guard let size = size.int, (1...limit).contains(size) else {
            throw AWSFault(
                "ValidationException",
                "1 validation error detected: Value '\(size)' at 'maxResults' failed to satisfy constraint: Member must "
                    + "have a value from 1 to \(limit)")
        }
        return size
    }
}
