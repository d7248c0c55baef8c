internal import EmulatorCore
internal import JSON
internal import Time

/// A declared connection of a stream with a function that its records invoke.
/// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html>
struct EventSourceMapping: Sendable {
    let id: String
    /// The members of CreateEventSourceMapping, or a template's properties.
    let declaration: JSONObject
    let function: String
    let source: String
    let start: StartingPosition
    let batchSize: Int
    /// For how long a batch that is not full waits, in milliseconds.
    let batchingWindow: Int64
    let parallelizationFactor: Int
    let bisectsBatches: Bool
    let reportsItemFailures: Bool
    /// Nil for no limit.
    let maximumRetryAttempts: Int?
    /// In milliseconds; nil for no limit.
    let maximumRecordAge: Int64?
    /// In milliseconds; nil without windows.
    let tumblingWindow: Int64?
    /// The ARN of the queue, topic or bucket that receives word of discarded batches.
    let onFailure: String?
    let isEnabled: Bool
    /// Whether the source is a queue, whose messages have no positions.
    let isQueue: Bool
    /// How many invocations the messages of a queue have at a time, at most; nil for no limit.
    let maximumConcurrency: Int?
    private let filters: [EventPattern]

    /// - Throws: ``AWSFault`` that names the member that is missing, wrong or not emulated.
    init(id: String, _ declaration: JSONObject) throws(AWSFault) {
        self.id = id
        self.declaration = declaration
        try Self.checkNames(declaration)
        guard let function = declaration["FunctionName"]?.string, let source = declaration["EventSourceArn"]?.string
        else { throw .validation("An event source mapping needs FunctionName and EventSourceArn.") }
        self.function = function
        self.source = source
        let service = ARN(source)?.service
        guard service == "kinesis" || service == "dynamodb" || service == "sqs" else {
            throw .notEmulated(
                "The event source \(source), which is neither a queue nor a stream of Kinesis or DynamoDB,")
        }
        isQueue = service == "sqs"
        if isQueue { try Self.checkQueue(declaration, source) }
        let position = isQueue ? "TRIM_HORIZON" : declaration["StartingPosition"]?.string
        guard let start = StartingPosition(position, timestamp: declaration["StartingPositionTimestamp"]) else {
            throw .validation(
                "StartingPosition is \(position ?? "missing"); expected TRIM_HORIZON, LATEST, or AT_TIMESTAMP with a "
                    + "StartingPositionTimestamp.")
        }
        guard start.earliest == nil || service == "kinesis" else {
            throw .validation("StartingPosition AT_TIMESTAMP is for Kinesis streams only.")
        }
        self.start = start
        func number(_ name: String, _ range: ClosedRange<Int>, orElse value: Int) throws(AWSFault) -> Int {
            guard let given = declaration[name], !given.isNull else { return value }
            guard let number = given.looseInt, range ~= number else {
                throw .validation("\(name) is \(given.text); expected \(range.lowerBound) to \(range.upperBound).")
            }
            return number
        }
        batchSize = try number("BatchSize", 1...10_000, orElse: isQueue ? 10 : 100)
        batchingWindow = Int64(try number("MaximumBatchingWindowInSeconds", 0...300, orElse: 0)) * 1000
        guard !isQueue || batchSize <= 10 || batchingWindow > 0 else {
            throw .validation(
                "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10")
        }
        maximumConcurrency = declaration["ScalingConfig"]?["MaximumConcurrency"]?.looseInt
        if let most = maximumConcurrency, !isQueue || !(2...1000).contains(most) {
            throw .validation("MaximumConcurrency is \(most); expected 2 to 1000, for a queue.")
        }
        parallelizationFactor = try number("ParallelizationFactor", 1...10, orElse: 1)
        let attempts = try number("MaximumRetryAttempts", -1...10_000, orElse: -1)
        maximumRetryAttempts = attempts < 0 ? nil : attempts
        let age = try number("MaximumRecordAgeInSeconds", -1...604_800, orElse: -1)
        guard age < 0 || age >= 60 else {
            throw .validation("MaximumRecordAgeInSeconds is \(age); expected -1, or 60 to 604800.")
        }
        maximumRecordAge = age < 0 ? nil : Int64(age) * 1000
        let window = try number("TumblingWindowInSeconds", 0...900, orElse: 0)
        tumblingWindow = window == 0 ? nil : Int64(window) * 1000
        guard tumblingWindow == nil || parallelizationFactor == 1 else {
            throw .notEmulated("A tumbling window with a ParallelizationFactor above 1")
        }
        bisectsBatches = declaration["BisectBatchOnFunctionError"].map(Self.isTrue) ?? false
        let types = declaration["FunctionResponseTypes"]?.array ?? []
        guard types.allSatisfy({ $0 == "ReportBatchItemFailures" }) else {
            throw .validation("FunctionResponseTypes has \(JSON.array(types).text); expected ReportBatchItemFailures.")
        }
        reportsItemFailures = !types.isEmpty
        isEnabled = declaration["Enabled"].map(Self.isTrue) ?? true
        onFailure = try Self.onFailure(declaration)
        filters = try Self.filters(declaration)
    }

    /// - Parameter message: a message of a queue as filters see it.
    func matches(message: JSON) -> Bool { filters.isEmpty || filters.contains { $0.matches(message) } }

    func matches(_ record: StreamRecord) -> Bool {
        guard !filters.isEmpty else { return true }
        let event = record.filtered
        return filters.contains { $0.matches(event) }
    }

    // MARK: Reading

    private static let names: Set<String> = [
        "FunctionName", "EventSourceArn", "StartingPosition", "StartingPositionTimestamp", "BatchSize",
        "MaximumBatchingWindowInSeconds", "ParallelizationFactor", "BisectBatchOnFunctionError",
        "FunctionResponseTypes", "MaximumRetryAttempts", "MaximumRecordAgeInSeconds", "TumblingWindowInSeconds",
        "DestinationConfig", "FilterCriteria", "Enabled", "Tags", "KmsKeyArn", "KMSKeyArn", "MetricsConfig",
        "ScalingConfig",
    ]

    /// Reports members that only streams have.
    private static func checkQueue(_ declaration: JSONObject, _ source: String) throws(AWSFault) {
        let streamOnly = [
            "StartingPosition", "StartingPositionTimestamp", "ParallelizationFactor", "BisectBatchOnFunctionError",
            "MaximumRetryAttempts", "MaximumRecordAgeInSeconds", "TumblingWindowInSeconds", "DestinationConfig",
        ]
        for name in streamOnly where declaration[name].map({ !$0.isNull }) == true {
            throw .validation("\(name) is not for a queue, such as \(source).")
        }
        if source.hasSuffix(".fifo"), declaration["MaximumBatchingWindowInSeconds"]?.looseInt ?? 0 > 0 {
            throw .validation("Batching window is not supported for FIFO queues")
        }
    }

    private static func checkNames(_ declaration: JSONObject) throws(AWSFault) {
        for (name, value) in declaration where !names.contains(name) && !value.isNull {
            throw .notEmulated("\(name) of an event source mapping")
        }
    }

    private static func onFailure(_ declaration: JSONObject) throws(AWSFault) -> String? {
        guard let arn = declaration["DestinationConfig"]?["OnFailure"]?["Destination"]?.string, !arn.isEmpty else {
            return nil
        }
        guard ["sqs", "sns", "s3"].contains(ARN(arn)?.service) else {
            throw .notEmulated("The destination \(arn) of an event source mapping")
        }
        return arn
    }

    private static func filters(_ declaration: JSONObject) throws(AWSFault) -> [EventPattern] {
        let declared = declaration["FilterCriteria"]?["Filters"]?.array ?? []
        guard declared.count <= 10 else {
            throw .validation("FilterCriteria has \(declared.count) filters; at most 10 are possible.")
        }
        var filters: [EventPattern] = []
        for filter in declared {
            let pattern: JSON
            do { pattern = try JSON(parsing: filter["Pattern"]?.string ?? "") } catch {
                throw .validation("Invalid filter pattern definition: the pattern is \(error).")
            }
            do throws(AWSFault) { filters.append(try EventPattern(pattern)) } catch {
                throw .validation("Invalid filter pattern definition: \(error.message)")
            }
        }
        return filters
    }

    /// A template's parameter carries a Boolean as text.
    private static func isTrue(_ value: JSON) -> Bool { value.bool ?? (value.string == "true") }
}
