package import JSON

/// The entries of a batch request, each of which succeeds or fails alone.
/// - SeeAlso: <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-batch-api-actions.html>
package struct BatchEntries: Sendable {
    private static let limit = 10

    package let all: [JSON]

    /// - Parameters:
    ///   - kind: the service's word for an entry.
    ///   - member: the name of the list in the request.
    package init(_ input: JSON, _ kind: String, member: String = "Entries") throws(AWSFault) {
        all = input[member]?.array ?? []
        guard !all.isEmpty else {
            throw AWSFault("EmptyBatchRequest", "There should be at least one \(kind) in the request.")
        }
        guard all.count <= Self.limit else {
            throw AWSFault(
                "TooManyEntriesInBatchRequest",
                "Maximum number of entries per request are \(Self.limit). You have sent \(all.count).")
        }
        var ids: Set<String> = []
        for entry in all {
            guard let id = entry["Id"]?.string, Self.isID(id) else {
                throw AWSFault(
                    "InvalidBatchEntryId",
                    "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at "
                        + "most 80 letters long.")
            }
            guard ids.insert(id).inserted else {
                throw AWSFault("BatchEntryIdsNotDistinct", "Id \(id) repeated.")
            }
        }
    }

    private static func isID(_ text: String) -> Bool {
        (1...80).contains(text.utf8.count) && text.utf8.allSatisfy(\.isNamePart)
    }

    /// Runs `body`, which must check before it changes anything, for each entry, and collects its answer or fault.
    /// - Parameter code: the code of a failed entry.
    package func answer(
        in transaction: borrowing Transaction, code: (AWSFault) -> String = \.code,
        _ body: (JSON, borrowing Transaction) throws -> JSONObject
    ) throws -> JSON {
        var successful: [JSON] = []
        var failed: [JSON] = []
        for entry in all {
            let id = entry["Id"] ?? ""
            do {
                var answer = try body(entry, transaction)
                answer["Id"] = id
                successful.append(.object(answer))
            } catch let fault as AWSFault {
                failed.append([
                    "Id": id, "SenderFault": .bool(fault.status < 500), "Code": .string(code(fault)),
                    "Message": .string(fault.message),
                ])
            }
        }
        var answer: JSONObject = ["Successful": .array(successful)]
        if !failed.isEmpty { answer["Failed"] = .array(failed) }
        return .object(answer)
    }
}
