internal import EmulatorCore
internal import JSON

/// What a delivery stream is declared to do.
/// - SeeAlso: <https://docs.aws.amazon.com/firehose/latest/APIReference/API_ExtendedS3DestinationConfiguration.html>
struct DeliveryConfiguration: Sendable {
    /// The function that changes records before they are delivered.
    struct Transformation: Sendable {
        let function: String
        /// A batch is sent when it has this many bytes, or when its first record has waited this long.
        let bufferBytes: Int
        let bufferMilliseconds: Int64
        let retries: Int
    }

    /// The ARN of the Kinesis stream that is read; nil for records that clients put.
    let sourceStream: String?
    let bucket: String
    let prefix: KeyPrefix
    let errorPrefix: KeyPrefix
    let bufferBytes: Int
    let bufferMilliseconds: Int64
    let isCompressed: Bool
    /// The end of object keys, such as `.json.gz`.
    let fileExtension: String
    let isPartitioned: Bool
    let appendsNewline: Bool
    let transformation: Transformation?
    let log: (group: String, stream: String)?

    /// - Parameter declaration: a request of CreateDeliveryStream, or the properties of a template's resource.
    init(_ declaration: JSON) throws(AWSFault) {
        sourceStream = try Self.source(declaration)
        let destination = try Self.destination(declaration)
        guard let arn = destination["BucketARN"]?.string, let bucket = ARN(arn), bucket.service == "s3" else {
            throw .firehoseArgument("The destination needs a BucketARN, such as arn:aws:s3:::bucket.")
        }
        self.bucket = bucket.resource
        isPartitioned = destination["DynamicPartitioningConfiguration"]?["Enabled"].map(Self.isTrue) ?? false
        (prefix, errorPrefix) = try Self.prefixes(destination, isPartitioned: isPartitioned)
        let hints = destination["BufferingHints"]
        let size = hints?["SizeInMBs"]?.looseInt ?? (isPartitioned ? 64 : 5)
        let interval = hints?["IntervalInSeconds"]?.looseInt ?? 300
        guard (isPartitioned ? 64 : 1)...128 ~= size else {
            throw .firehoseArgument(
                "BufferingHints.SizeInMBs is \(size); expected \(isPartitioned ? "64, for dynamic partitioning," : "1") to 128."
            )
        }
        guard 0...900 ~= interval else {
            throw .firehoseArgument("BufferingHints.IntervalInSeconds is \(interval); expected 0 to 900.")
        }
        bufferBytes = size << 20
        bufferMilliseconds = Int64(interval) * 1000
        let compression = destination["CompressionFormat"]?.string ?? "UNCOMPRESSED"
        guard ["UNCOMPRESSED", "GZIP"].contains(compression) else {
            throw .notEmulated("The compression format \(compression)")
        }
        isCompressed = compression == "GZIP"
        fileExtension = destination["FileExtension"]?.string ?? (isCompressed ? ".gz" : "")
        guard fileExtension.isEmpty || fileExtension.hasPrefix(".") else {
            throw .firehoseArgument("FileExtension is \(fileExtension); it begins with a dot, such as .json.gz.")
        }
        for name in ["CustomTimeZone", "S3BackupMode", "DataFormatConversionConfiguration"] {
            try Self.checkIsWithoutEffect(name, destination[name])
        }
        let processing = destination["ProcessingConfiguration"]
        let isProcessing = processing?["Enabled"].map(Self.isTrue) ?? false
        let processors = isProcessing ? processing?["Processors"]?.array ?? [] : []
        transformation = try Self.transformation(processors)
        appendsNewline = processors.contains { $0["Type"] == "AppendDelimiterToRecord" }
        let logging = destination["CloudWatchLoggingOptions"]
        if logging?["Enabled"].map(Self.isTrue) ?? false, let group = logging?["LogGroupName"]?.string,
            let stream = logging?["LogStreamName"]?.string
        {
            log = (group, stream)
        } else {
            log = nil
        }
    }

    /// The destination's document, under whichever name it was declared.
    static func destination(_ declaration: JSON) throws(AWSFault) -> JSON {
        for name in ["ExtendedS3DestinationConfiguration", "S3DestinationConfiguration"] {
            if let destination = declaration[name] { return destination }
        }
        let other = declaration.object?.first { $0.name.hasSuffix("DestinationConfiguration") }?.name
        if let other { throw .notEmulated("The destination \(other)") }
        throw .firehoseArgument("A delivery stream needs an ExtendedS3DestinationConfiguration.")
    }

    private static func source(_ declaration: JSON) throws(AWSFault) -> String? {
        switch declaration["DeliveryStreamType"]?.string ?? "DirectPut" {
        case "DirectPut": return nil
        case "KinesisStreamAsSource":
            let source = declaration["KinesisStreamSourceConfiguration"]?["KinesisStreamARN"]?.string
            guard let source, ARN(source)?.service == "kinesis" else {
                throw .firehoseArgument(
                    "KinesisStreamAsSource needs a KinesisStreamSourceConfiguration with the stream's ARN.")
            }
            return source
        case let type: throw .notEmulated("The delivery stream type \(type)")
        }
    }

    private static func prefixes(
        _ destination: JSON, isPartitioned: Bool
    ) throws(AWSFault) -> (data: KeyPrefix, errors: KeyPrefix) {
        let prefix = try KeyPrefix(destination["Prefix"]?.string ?? KeyPrefix.defaultTime)
        let declared = destination["ErrorOutputPrefix"]?.string
        let errors = try KeyPrefix(declared ?? "!{firehose:error-output-type}/\(KeyPrefix.defaultTime)")
        guard prefix.isPartitioned == isPartitioned else {
            throw .firehoseArgument(
                isPartitioned
                    ? "With dynamic partitioning the Prefix must have an expression of a partition key."
                    : "The Prefix has an expression of a partition key; enable dynamic partitioning.")
        }
        guard !isPartitioned || declared != nil else {
            throw .firehoseArgument("With dynamic partitioning an ErrorOutputPrefix is required.")
        }
        guard !prefix.namesErrorType, !errors.isPartitioned else {
            throw .firehoseArgument(
                "Only ErrorOutputPrefix may have !{firehose:error-output-type}, and only Prefix partition keys.")
        }
        // Without the expression, the type follows the prefix.
        return (
            prefix, errors.namesErrorType ? errors : try KeyPrefix((declared ?? "") + "!{firehose:error-output-type}/")
        )
    }

    private static func transformation(_ processors: [JSON]) throws(AWSFault) -> Transformation? {
        var found: Transformation?
        for processor in processors {
            switch processor["Type"]?.string {
            case "AppendDelimiterToRecord": continue
            case "Lambda": break
            case let type: throw .notEmulated("The processor \(type ?? "without a type")")
            }
            var parameters: [String: String] = [:]
            for parameter in processor["Parameters"]?.array ?? [] {
                if let name = parameter["ParameterName"]?.string {
                    parameters[name] = parameter["ParameterValue"].map { $0.string ?? $0.text }
                }
            }
            guard let function = parameters["LambdaArn"] else {
                throw .firehoseArgument("The processor Lambda needs the parameter LambdaArn.")
            }
            func number(_ name: String, _ range: ClosedRange<Double>, orElse value: Double) throws(AWSFault) -> Double {
                guard let text = parameters[name] else { return value }
                guard let number = Double(text), range ~= number else {
                    throw .firehoseArgument("\(name) is \(text); expected \(range.lowerBound) to \(range.upperBound).")
                }
                return number
            }
            found = Transformation(
                function: function,
                bufferBytes: Int(try number("BufferSizeInMBs", 0.2...3, orElse: 1) * 1_048_576),
                bufferMilliseconds: Int64(try number("BufferIntervalInSeconds", 0...900, orElse: 60) * 1000),
                retries: Int(try number("NumberOfRetries", 0...300, orElse: 3)))
        }
        return found
    }

    /// Refuses what would change the delivery and is not emulated.
    private static func checkIsWithoutEffect(_ name: String, _ value: JSON?) throws(AWSFault) {
        guard let value, !value.isNull else { return }
        let isOff = value["Enabled"].map { !isTrue($0) } ?? ["UTC", "Disabled"].contains(value.string)
        guard isOff else { throw .notEmulated("\(name) of a delivery stream") }
    }

    /// A template's parameter carries a Boolean as text.
    private static func isTrue(_ value: JSON) -> Bool { value.bool ?? (value.string == "true") }
}
