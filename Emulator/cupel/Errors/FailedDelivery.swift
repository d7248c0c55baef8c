internal import AWSClient
internal import AWSModels
internal import JSON

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// A delivery stream, and what it keeps of records that it could not process.
struct FailedDelivery: Sendable {
    private enum Source: Sendable {
        case puts
        case kinesis(arn: String)
    }

    let name: String
    let bucket: String
    /// What the keys of all objects with failed records begin with.
    let prefix: String
    private let source: Source
    private let pipeline: Pipeline

    /// - Throws: ``CommandFailure`` if there is no such delivery stream.
    init(_ name: String, of pipeline: Pipeline) throws(CommandFailure) {
        self.name = name
        self.pipeline = pipeline
        let answer: JSON
        do throws(AWSError) {
            answer = try Self.call("DescribeDeliveryStream", ["DeliveryStreamName": .string(name)], pipeline)
        } catch {
            if error.code == "ResourceNotFoundException" {
                throw .notFound("\(error); name the delivery stream with --delivery-stream")
            }
            throw pipeline.failure(error)
        }
        let description = answer["DeliveryStreamDescription"]
        let destination = description?["Destinations"]?[0]?["ExtendedS3DestinationDescription"]
        guard let arn = destination?["BucketARN"]?.string, let bucket = arn.split(separator: ":").last else {
            throw .failed("the delivery stream \(name) has no S3 destination, so it keeps no failed records there")
        }
        self.bucket = String(bucket)
        prefix = Self.prefix(
            errors: destination?["ErrorOutputPrefix"]?.string, data: destination?["Prefix"]?.string)
        let stream = description?["Source"]?["KinesisStreamSourceDescription"]?["KinesisStreamARN"]?.string
        source = stream.map { .kinesis(arn: $0) } ?? .puts
    }

    /// The part of the error prefix that is the same for all objects.
    static func prefix(errors: String?, data: String?) -> String {
        let type = "!{firehose:error-output-type}"
        var text = errors.flatMap { $0.isEmpty ? nil : $0 } ?? (data ?? "") + type + "/"
        if let place = text.firstRange(of: type) { text.replaceSubrange(place, with: "processing-failed") }
        return text.firstRange(of: "!{").map { String(text[..<$0.lowerBound]) } ?? text
    }

    private static func call(_ action: String, _ input: JSON, _ pipeline: Pipeline) throws(AWSError) -> JSON {
        try pipeline.client.jsonCall(
            service: "firehose", target: "Firehose_20150804", action: action, input: input, version: "1.1",
            isRepeatable: true)
    }

    // MARK: Reading

    private var objects: ObjectStore { ObjectStore(pipeline.client) }

    /// The keys of the objects with failed records, the oldest first.
    func keys() throws(CommandFailure) -> [String] {
        do throws(AWSError) {
            return try objects.listAll(bucket: bucket, prefix: prefix).map(\.key)
                // Other delivery streams may share the prefix.
                .filter { key in key.split(separator: "/").last?.hasPrefix(name + "-") ?? false }
        } catch { throw pipeline.failure(error) }
    }

    func records(in key: String) throws(CommandFailure) -> [FailedRecord] {
        let bytes: [UInt8]
        do throws(AWSError) { bytes = try objects.get(S3Object(bucket: bucket, key: key)).bytes } catch {
            throw pipeline.failure(error)
        }
        guard bytes.starts(with: [0x1F, 0x8B]) else { return try FailedRecord.all(in: bytes, of: key) }
        guard let content = GzipContent.decompressed(bytes) else {
            throw .unreadable("s3://\(bucket)/\(key): the gzip file is broken")
        }
        return try FailedRecord.all(in: content, of: key)
    }

    func delete(_ key: String) throws(CommandFailure) {
        do throws(AWSError) { try objects.delete(S3Object(bucket: bucket, key: key)) } catch {
            throw pipeline.failure(error)
        }
    }

    // MARK: Putting again

    private static let requestRecords = 500
    /// Firehose takes 4 MiB at once, Kinesis more.
    private static let requestBytes = 3 << 20
    private static let attempts = 10

    /// Puts records where they came from, in their order.
    ///
    /// Records of a Kinesis stream get the object's key as their partition key: their own is not known.
    func put(_ records: [FailedRecord]) throws(CommandFailure) {
        var (start, end, size) = (0, 0, 0)
        while start < records.count {
            while end < records.count, end - start < Self.requestRecords,
                end == start || size + records[end].data.count <= Self.requestBytes
            {
                size += records[end].data.count
                end += 1
            }
            try putBatch(Array(records[start..<end]))
            (start, size) = (end, 0)
        }
    }

    private func putBatch(_ records: [FailedRecord]) throws(CommandFailure) {
        var left = records
        for attempt in 1...Self.attempts {
            let refused: [(index: Int, reason: String)]
            do throws(AWSError) { refused = try putOnce(left) } catch { throw pipeline.failure(error) }
            guard let first = refused.first else { return }
            guard attempt < Self.attempts else {
                throw .failed("\(refused.count) records were refused \(attempt) times, lastly with \(first.reason)")
            }
            left = refused.map { left[$0.index] }
            usleep(useconds_t(100_000 << min(attempt, 6)))
        }
    }

    /// - Returns: the records that were refused.
    private func putOnce(_ records: [FailedRecord]) throws(AWSError) -> [(index: Int, reason: String)] {
        switch source {
        case .puts:
            let input: JSON = [
                "DeliveryStreamName": .string(name),
                "Records": .array(records.map { ["Data": .string($0.data.base64)] }),
            ]
            let answer = try Self.call("PutRecordBatch", input, pipeline)
            return (answer["RequestResponses"]?.array ?? []).enumerated().compactMap { index, response in
                response["ErrorCode"]?.string.map { (index, $0) }
            }
        case .kinesis(let arn):
            let input: JSON = [
                "StreamARN": .string(arn),
                "Records": .array(
                    records.map { record in
                        [
                            "Data": .string(record.data.base64),
                            "PartitionKey": .string(String(record.objectKey.suffix(256))),
                        ]
                    }),
            ]
            return try Kinesis(pipeline.client).putRecords(input.bytes).map { ($0.index, $0.code) }
        }
    }
}
