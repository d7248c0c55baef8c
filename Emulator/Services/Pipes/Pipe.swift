internal import EmulatorCore
internal import JSON
internal import Time

/// A declared pipe from a queue or a stream of DynamoDB or Kinesis to a state machine, a function, a queue or a topic.
/// - SeeAlso: <https://docs.aws.amazon.com/eventbridge/latest/pipes-reference/API_CreatePipe.html>
struct Pipe: Sendable {
    enum Target: Sendable {
        /// A target that receives events without an answer, a batch as one.
        case queued(String)
        /// A target that receives each event of a batch alone.
        case each(String)
        /// A function whose answer the pipe waits for.
        case function(String)
    }

    let name: String
    let declaration: JSONObject
    let source: String
    let target: Target
    let start: StartingPosition
    private let streamParameters: JSON?
    private let filters: [EventPattern]
    private let template: InputTemplate?
    /// The function that makes of a batch what the target gets.
    let enrichment: String?
    private let enrichmentTemplate: InputTemplate?

    /// - Throws: ``AWSFault``, which names a part that is not emulated.
    init(_ declaration: JSONObject) throws(AWSFault) {
        guard let name = declaration["Name"]?.string, let source = declaration["Source"]?.string,
            let target = declaration["Target"]?.string
        else { throw AWSFault("ValidationException", "A pipe needs Name, Source and Target.") }
        let service = ARN(source)?.service
        guard service == "kinesis" || service == "sqs" || service == "dynamodb" && source.contains("/stream/") else {
            throw .notEmulated(
                "The pipe \(name)'s source \(source), which is no queue or stream of DynamoDB or Kinesis,")
        }
        let sourceParameters = declaration["SourceParameters"]
        let sources = [
            "kinesis": "KinesisStreamParameters", "dynamodb": "DynamoDBStreamParameters", "sqs": "SqsQueueParameters",
        ]
        streamParameters = sourceParameters?[sources[service ?? ""] ?? ""]
        let position = streamParameters?["StartingPosition"]?.string ?? "TRIM_HORIZON"
        guard
            let start = StartingPosition(position, timestamp: streamParameters?["StartingPositionTimestamp"]),
            start.earliest == nil || service == "kinesis"
        else {
            throw AWSFault(
                "ValidationException",
                "StartingPosition of the pipe \(name) is \(position); expected TRIM_HORIZON, LATEST or, for Kinesis with a "
                    + "StartingPositionTimestamp, AT_TIMESTAMP.")
        }
        self.start = start
        enrichment = declaration["Enrichment"]?.string
        if let enrichment, ARN(enrichment)?.service != "lambda" {
            throw .notEmulated("The enrichment \(enrichment) of the pipe \(name), which is no function,")
        }
        enrichmentTemplate = try declaration["EnrichmentParameters"]?["InputTemplate"]?.string.map {
            text throws(AWSFault) in try InputTemplate(text)
        }
        self.name = name
        self.declaration = declaration
        self.source = source
        let parameters = declaration["TargetParameters"]
        switch ARN(target)?.service {
        case "states":
            let type = parameters?["StepFunctionStateMachineParameters"]?["InvocationType"]?.string
            guard type ?? "FIRE_AND_FORGET" == "FIRE_AND_FORGET" else {
                throw .notEmulated("The invocation type \(type ?? "") of the pipe \(name)")
            }
            self.target = .queued(target)
        case "lambda":
            let type = parameters?["LambdaFunctionParameters"]?["InvocationType"]?.string
            self.target = type == "FIRE_AND_FORGET" ? .queued(target) : .function(target)
        case "sqs" where !target.hasSuffix(".fifo"): self.target = .each(target)
        case "sns": self.target = .each(target)
        default:
            throw .notEmulated("The pipe \(name)'s target \(target)")
        }
        var filters: [EventPattern] = []
        for filter in declaration["SourceParameters"]?["FilterCriteria"]?["Filters"]?.array ?? [] {
            let pattern: JSON
            do { pattern = try JSON(parsing: filter["Pattern"]?.string ?? "") } catch {
                throw .invalidPattern("a filter of the pipe \(name) is \(error)")
            }
            filters.append(try EventPattern(pattern))
        }
        self.filters = filters
        template = try parameters?["InputTemplate"]?.string.map { text throws(AWSFault) in try InputTemplate(text) }
    }

    var batchSize: Int { max(1, streamParameters?["BatchSize"]?.looseInt ?? 100) }
    /// For how long a batch that is not full waits, in milliseconds.
    var batchingWindow: Int64 {
        Int64(min(300, max(0, streamParameters?["MaximumBatchingWindowInSeconds"]?.looseInt ?? 0))) * 1000
    }
    /// In how many parts each shard is read.
    var parallelizationFactor: Int { min(10, max(1, streamParameters?["ParallelizationFactor"]?.looseInt ?? 1)) }
    /// How many readers a shard has. What is queued in a commit needs one: several would read and filter each record several
    /// times, and wait for nothing.
    var laneCount: Int { if case .function = target { parallelizationFactor } else { 1 } }
    /// Nil means no limit.
    var maximumRetryAttempts: Int? {
        streamParameters?["MaximumRetryAttempts"]?.looseInt.flatMap { $0 < 0 ? nil : $0 }
    }
    /// In milliseconds; nil means no limit.
    var maximumRecordAge: Int64? {
        streamParameters?["MaximumRecordAgeInSeconds"]?.looseInt.flatMap { $0 < 0 ? nil : Int64($0) * 1000 }
    }
    /// Whether a failing batch is retried in halves.
    var bisectsBatches: Bool { streamParameters?["OnPartialBatchItemFailure"]?.string == "AUTOMATIC_BISECT" }
    /// The ARN that receives messages about records without retries left.
    var deadLetters: String? { streamParameters?["DeadLetterConfig"]?["Arn"]?.string }
    /// Whether a template reads the contents of events, which it sees as JSON where they are JSON.
    var readsContents: Bool { (enrichment == nil ? template : enrichmentTemplate) != nil }
    var isFromQueue: Bool { ARN(source)?.service == "sqs" }
    var isStopped: Bool { declaration["DesiredState"]?.string == "STOPPED" }

    func matches(_ record: StreamRecord) -> Bool {
        guard record.arrivedAt >= start.earliest ?? .min else { return false }
        guard !filters.isEmpty else { return true }
        return matches(event: record.filtered)
    }

    /// Whether a filter takes the event, where there are filters.
    func matches(event: JSON) -> Bool { filters.isEmpty || filters.contains { $0.matches(event) } }

    /// The target's input for one record of a batch. A template sees the data of a Kinesis record as JSON, if they are that.
    func input(
        for record: StreamRecord, shard: StreamShard, account: Account, arn: String, ingestedAt time: Int64
    ) -> JSON {
        let event = record.event(shard: shard, stream: source, account: account, readable: readsContents)
        return input(for: event, arn: arn, ingestedAt: time)
    }

    /// What the enrichment gets of an event, or the target where there is none.
    func input(for event: JSON, arn: String, ingestedAt time: Int64) -> JSON {
        fill(enrichment == nil ? template : enrichmentTemplate, from: event, arn: arn, ingestedAt: time)
    }

    /// What the target gets of an event that comes from the enrichment.
    func targetInput(for event: JSON, arn: String, ingestedAt time: Int64) -> JSON {
        fill(template, from: event, arn: arn, ingestedAt: time)
    }

    private func fill(_ template: InputTemplate?, from event: JSON, arn: String, ingestedAt time: Int64) -> JSON {
        guard let template else { return event }
        return template.fill(
            from: event,
            variables: [
                "aws.pipes.pipe-arn": .string(arn), "aws.pipes.pipe-name": .string(name),
                "aws.pipes.source-arn": .string(source),
                "aws.pipes.target-arn": declaration["Target"] ?? "",
                "aws.pipes.event.ingestion-time": .string(Timestamp(milliseconds: time).rfc3339),
            ])
    }
}

extension StreamRecord {
    /// The event that a pipe delivers.
    /// - Parameter readable: whether the data of a Kinesis record are JSON where they can be, instead of base64.
    func event(shard: StreamShard, stream: String, account: Account, readable: Bool = false) -> JSON {
        if case .change(let event) = content { return event }
        var members = (readable ? filtered.object : kinesis) ?? [:]
        for (name, value) in origin(shard: shard, stream: stream, account: account) { members[name] = value }
        return .object(members)
    }
}
