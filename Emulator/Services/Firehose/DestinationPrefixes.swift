internal import EmulatorCore
internal import JSON

/// The prefixes of a destination's objects: as declared, or as they follow from each other.
/// - SeeAlso: <https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html>, semantic rules.
struct DestinationPrefixes: Sendable {
    let data: KeyPrefix
    let errors: KeyPrefix

    private static let time = "!{timestamp:yyyy/MM/dd/HH/}"
    private static let errorType = "!{firehose:error-output-type}"

    init(_ document: JSON, isPartitioned: Bool) throws(AWSFault) {
        func declared(_ name: String) -> String? { document[name]?.string.flatMap { $0.isEmpty ? nil : $0 } }
        let text = declared("Prefix") ?? ""
        let prefix = try KeyPrefix(text)
        guard prefix.isPartitioned == isPartitioned else {
            throw .firehoseArgument(
                isPartitioned
                    ? "With dynamic partitioning the Prefix must have an expression of a partition key."
                    : "The Prefix has an expression of a partition key; enable dynamic partitioning.")
        }
        guard !prefix.namesErrorType else {
            throw .firehoseArgument("Only ErrorOutputPrefix may have !{firehose:error-output-type}.")
        }
        // The documented example of a partitioned prefix has no time, although the rule makes no exception.
        data = isPartitioned || prefix.namesTime ? prefix : try KeyPrefix(text + Self.time)
        if let errorText = declared("ErrorOutputPrefix") {
            let errors = try KeyPrefix(errorText)
            guard !errors.isPartitioned else {
                throw .firehoseArgument("Only Prefix may have partition keys, and ErrorOutputPrefix has one.")
            }
            guard errors.namesErrorType || errors.isPlain else {
                throw .firehoseArgument(
                    "ErrorOutputPrefix has expressions, so it must have \(Self.errorType) among them.")
            }
            self.errors = errors.isPlain ? try KeyPrefix("\(errorText)\(Self.errorType)/") : errors
        } else {
            guard prefix.isPlain else {
                throw .firehoseArgument("ErrorOutputPrefix can't be null when Prefix contains expressions.")
            }
            errors = try KeyPrefix("\(text)\(Self.errorType)/\(Self.time)")
        }
        for (name, prefix) in [("Prefix", data), ("ErrorOutputPrefix", errors)] where prefix.isTooLong(at: 0) {
            throw .firehoseArgument("\(name) has more than \(KeyPrefix.limit) characters once it is evaluated.")
        }
    }
}
