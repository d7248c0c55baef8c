internal import EmulatorCore
internal import JSON

/// What a delivery stream does with records before it stores them, in Firehose's order: separate them, transform them, take
/// partition keys from them.
/// - SeeAlso: <https://docs.aws.amazon.com/firehose/latest/APIReference/API_Processor.html>
struct Processors: Sendable {
    private(set) var separation: RecordSeparation?
    private(set) var transformation: Transformation?
    private(set) var query: MetadataQuery?
    private(set) var appendsNewline = false

    /// - Parameter configuration: a destination's `ProcessingConfiguration`.
    init(_ configuration: JSON?) throws(AWSFault) {
        guard configuration?["Enabled"]?.isTrue ?? false else { return }
        for processor in configuration?["Processors"]?.array ?? [] {
            let parameters = try Self.parameters(of: processor)
            switch processor["Type"]?.string {
            case "RecordDeAggregation":
                separation = try RecordSeparation(parameters)
            case "Lambda":
                transformation = try Transformation(parameters)
            case "MetadataExtraction":
                query = try MetadataQuery(parameters)
            case "AppendDelimiterToRecord":
                guard [nil, "\n", #"\n"#].contains(parameters["Delimiter"]) else {
                    throw .notEmulated("A delimiter after records other than a newline")
                }
                appendsNewline = true
            case let type:
                throw .notEmulated("The processor \(type ?? "without a type")")
            }
        }
    }

    private static let known = [
        "RecordDeAggregation": ["SubRecordType", "Delimiter"],
        "Lambda": ["LambdaArn", "RoleArn", "NumberOfRetries", "BufferSizeInMBs", "BufferIntervalInSeconds"],
        "MetadataExtraction": ["MetadataExtractionQuery", "JsonParsingEngine"],
        "AppendDelimiterToRecord": ["Delimiter"],
    ]

    private static func parameters(of processor: JSON) throws(AWSFault) -> [String: String] {
        let type = processor["Type"]?.string ?? ""
        var parameters: [String: String] = [:]
        for parameter in processor["Parameters"]?.array ?? [] {
            guard let name = parameter["ParameterName"]?.string else { continue }
            guard known[type]?.contains(name) ?? true else {
                throw .firehoseArgument("The processor \(type) has no parameter \(name).")
            }
            parameters[name] = parameter["ParameterValue"].map { $0.string ?? $0.text }
        }
        return parameters
    }
}

extension JSON {
    /// A template's parameter carries a Boolean as text.
    var isTrue: Bool { bool ?? (string == "true") }
}
