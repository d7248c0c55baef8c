internal import ASL
internal import EmulatorCore
internal import JSON
internal import Time

/// Calls of S3 by the SDK integration and by distributed map states.
extension StepFunctionsService {
    /// - Parameter listsAll: whether a listing has all pages, as that of an item reader.
    func callS3(_ action: String, _ parameters: JSON, listsAll: Bool = false) async throws -> JSON {
        guard let objects = peers.objects else { throw TaskFailure.notEmulated("s3") }
        let bucket = parameters["Bucket"]?.string ?? ""
        let object = ObjectLocation(
            bucket: bucket, key: parameters["Key"]?.string ?? "", version: parameters["VersionId"]?.string)
        do {
            switch action {
            case "getObject":
                let (facts, contents) = try objects.getObject(object)
                var answer = described(facts)
                answer["Body"] = .string(String(decoding: contents, as: UTF8.self))
                return .object(answer)
            case "headObject": return .object(described(try objects.headObject(object)))
            case "putObject":
                // The SDK integration serializes every body as JSON, so a text is stored with its quotes.
                let lines = parameters[ResultWriter.linesParameter]?.array
                let contents = lines?.flatMap { $0.bytes + [0x0A] } ?? (parameters["Body"] ?? "").bytes
                let stored = try await objects.putObject(contents, to: object)
                var answer: JSONObject = ["ServerSideEncryption": "AES256", "ETag": .string(stored.etag)]
                answer["ChecksumCRC32"] = .text(stored.crc32)
                answer["ChecksumType"] = "FULL_OBJECT"
                answer["VersionId"] = .text(stored.version)
                return .object(answer)
            case "deleteObject":
                try await objects.deleteObject(object)
                return [:]
            case "listObjectsV2" where listsAll && parameters["MaxKeys"] == nil:
                let start = parameters["StartAfter"]?.string ?? ""
                let listed = try objects.allObjects(in: bucket, prefix: parameters["Prefix"]?.string ?? "")
                return [
                    "Contents": .array(listed.filter { $0.key > start }.map(Self.listed)), "Name": .string(bucket),
                ]
            case "listObjects", "listObjectsV2":
                let (listed, isTruncated) = try objects.listObjects(
                    in: bucket, prefix: parameters["Prefix"]?.string ?? "",
                    after: (parameters["StartAfter"] ?? parameters["Marker"])?.string ?? "",
                    limit: parameters["MaxKeys"]?.int ?? .max)
                var answer: JSONObject = ["Contents": .array(listed.map(Self.listed)), "Name": .string(bucket)]
                if isTruncated { answer["IsTruncated"] = true }
                return .object(answer)
            case "listBuckets":
                let buckets = try objects.listBuckets().map { bucket -> JSON in
                    ["Name": .string(bucket.name), "CreationDate": .string(bucket.createdAt.rfc3339)]
                }
                return ["Buckets": .array(buckets)]
            default: throw TaskFailure.notEmulated("s3:\(action)")
            }
        } catch let fault as AWSFault {
            let name = fault.code.hasSuffix("Exception") ? fault.code : fault.code + "Exception"
            throw TaskFailure(
                error: "S3.\(name)",
                cause: "\(fault.message) (Service: S3, Status Code: \(fault.status), "
                    + "Request ID: \(clock.uuid()), Extended Request ID: \(clock.uuid()))")
        }
    }

    private func described(_ facts: ObjectFacts) -> JSONObject {
        var members: JSONObject = [
            "ServerSideEncryption": "AES256", "ETag": .string(facts.etag),
            "LastModified": .string(facts.lastModified.httpDate), "ContentType": .string(facts.contentType),
            "AcceptRanges": "bytes", "ContentLength": .int(facts.size), "Metadata": [:],
        ]
        members["VersionId"] = .text(facts.version)
        return members
    }

    private static func listed(_ facts: ObjectFacts) -> JSON {
        [
            "Key": .string(facts.key), "LastModified": .string(facts.lastModified.rfc3339),
            "ETag": .string(facts.etag), "StorageClass": .string(facts.storageClass), "Size": .int(facts.size),
        ]
    }
}
