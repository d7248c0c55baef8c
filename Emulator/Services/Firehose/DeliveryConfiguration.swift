internal import EmulatorCore
internal import JSON

/// What a delivery stream is declared to do.
/// - SeeAlso: <https://docs.aws.amazon.com/firehose/latest/APIReference/API_ExtendedS3DestinationConfiguration.html>
struct DeliveryConfiguration: Sendable {
    /// The ARN of the Kinesis stream that is read; nil for records that clients put.
    let sourceStream: String?
    /// The ARN of the role as which it is read.
    let sourceRole: String?
    let destination: BucketDestination
    /// Under which failed records are kept, in the destination's bucket.
    let errorPrefix: KeyPrefix
    /// Where records are kept as they were before their transformation.
    let backup: BucketDestination?
    let isPartitioned: Bool
    /// What answers to puts say; nothing is encrypted.
    let isEncrypted: Bool
    let processors: Processors
    let log: (group: String, stream: String)?
    /// The ARN of the role as which the stream writes and calls its function.
    let role: String?

    var transformation: Transformation? { processors.transformation }

    /// - Parameter declaration: a request of CreateDeliveryStream, or the properties of a template's resource.
    init(_ declaration: JSON) throws(AWSFault) {
        sourceStream = try Self.source(declaration)
        sourceRole = declaration["KinesisStreamSourceConfiguration"]?["RoleARN"]?.string
        isEncrypted = try Self.isEncrypted(declaration)
        let document = try Self.destination(declaration)
        if let conversion = document["DataFormatConversionConfiguration"], conversion["Enabled"]?.isTrue ?? true {
            throw .notEmulated("DataFormatConversionConfiguration of a delivery stream")
        }
        isPartitioned = document["DynamicPartitioningConfiguration"]?["Enabled"]?.isTrue ?? false
        processors = try Processors(document["ProcessingConfiguration"])
        let prefixes = try DestinationPrefixes(document, isPartitioned: isPartitioned)
        try prefixes.data.checkKeys(isPartitioned: isPartitioned, by: processors)
        errorPrefix = prefixes.errors
        let timeZone = try TimeZoneRules(named: document["CustomTimeZone"]?.string ?? "")
        destination = try BucketDestination(
            document, prefix: prefixes.data, isPartitioned: isPartitioned, timeZone: timeZone)
        backup = try Self.backup(document)
        guard processors.separation == nil || isPartitioned else {
            throw .firehoseArgument("RecordDeAggregation needs dynamic partitioning, which is not enabled.")
        }
        guard processors.query == nil || isPartitioned else {
            throw .firehoseArgument("MetadataExtraction needs dynamic partitioning, which is not enabled.")
        }
        role = document["RoleARN"]?.string
        let logging = document["CloudWatchLoggingOptions"]
        if logging?["Enabled"]?.isTrue ?? false, let group = logging?["LogGroupName"]?.string,
            let stream = logging?["LogStreamName"]?.string
        {
            log = (group, stream)
        } else {
            log = nil
        }
    }

    /// Where a buffer's objects go.
    func destination(of kind: StoredBuffer.Kind) -> BucketDestination {
        kind == .backup ? backup ?? destination : destination
    }

    private static func backup(_ document: JSON) throws(AWSFault) -> BucketDestination? {
        switch document["S3BackupMode"]?.string ?? "Disabled" {
        case "Disabled": return nil
        case "Enabled":
            guard let backup = document["S3BackupConfiguration"] else {
                throw .firehoseArgument("S3BackupMode Enabled needs an S3BackupConfiguration.")
            }
            // Its error prefix is ignored, as documented.
            let prefixes = try DestinationPrefixes(
                ["Prefix": backup["Prefix"] ?? "", "ErrorOutputPrefix": "!{firehose:error-output-type}/"],
                isPartitioned: false)
            return try BucketDestination(backup, prefix: prefixes.data, timeZone: .utc)
        case let mode: throw .firehoseArgument("S3BackupMode is \(mode); expected Enabled or Disabled.")
        }
    }

    /// The destination's document, under whichever name it was declared.
    static func destination(_ declaration: JSON) throws(AWSFault) -> JSON {
        let destinations = (declaration.object ?? [:]).filter { $0.name.hasSuffix("DestinationConfiguration") }
        guard destinations.count == 1, let declared = destinations.first else { throw .firehoseOneDestination }
        guard ["ExtendedS3DestinationConfiguration", "S3DestinationConfiguration"].contains(declared.name) else {
            throw .notEmulated("The destination \(declared.name)")
        }
        return declared.value
    }

    private static func source(_ declaration: JSON) throws(AWSFault) -> String? {
        switch declaration["DeliveryStreamType"]?.string ?? "DirectPut" {
        case "DirectPut":
            guard declaration["KinesisStreamSourceConfiguration"] == nil else {
                throw .firehoseArgument(
                    "KinesisSourceStreamConfig is only applicable for KinesisStreamAsSource stream type")
            }
            return nil
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
}
