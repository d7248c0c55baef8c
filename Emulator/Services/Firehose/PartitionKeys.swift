internal import EmulatorCore

/// The partition keys of a record, by where they come from.
struct PartitionKeys: Sendable, Hashable {
    /// The namespaces of prefixes.
    enum Source: String, Sendable, Hashable, CaseIterable {
        /// `metadata.partitionKeys` of the function's answer.
        case lambda = "partitionKeyFromLambda"
        /// A query over the record.
        case query = "partitionKeyFromQuery"
    }

    var lambda: [String: String] = [:]
    var query: [String: String] = [:]

    subscript(source: Source, name: String) -> String? { source == .lambda ? lambda[name] : query[name] }
}

extension KeyPrefix {
    /// Refuses keys that no processor makes.
    func checkKeys(isPartitioned: Bool, by processors: Processors) throws(AWSFault) {
        for (source, name) in keys {
            switch source {
            case .lambda where processors.transformation == nil:
                throw .firehoseArgument(
                    "The Prefix needs the key \(name) of a function, and there is no processor Lambda.")
            case .query where processors.query == nil:
                throw .firehoseArgument(
                    "The Prefix needs the key \(name) of a query, and there is no processor MetadataExtraction.")
            default: continue
            }
        }
    }
}
