internal import CRC
internal import Digest
internal import EmulatorCore
internal import JSON
internal import XML

/// A part in the client's request to complete an upload.
private struct NamedPart: Sendable {
    var number: Int
    var etag: String
    var checksums: [(algorithm: ChecksumAlgorithm, value: String)]

    static func all(in document: XMLElement) throws(S3Fault) -> [NamedPart] {
        guard document.name == "CompleteMultipartUpload" else { throw .malformedXML }
        var parts: [NamedPart] = []
        for part in document.all("Part") {
            guard let number = Int(part["PartNumber"]?.text ?? ""), let etag = part["ETag"]?.text else {
                throw .malformedXML
            }
            let checksums = ChecksumAlgorithm.allCases.compactMap { algorithm in
                part[algorithm.element].map { (algorithm, $0.text) }
            }
            parts.append(NamedPart(number: number, etag: etag.unquoted, checksums: checksums))
        }
        guard !parts.isEmpty else { throw .malformedXML }
        guard zip(parts, parts.dropFirst()).allSatisfy({ $0.number < $1.number }) else {
            throw S3Fault(
                "InvalidPartOrder",
                "The list of parts was not in ascending order. The parts list must be specified in order by part number.",
                400)
        }
        return parts
    }
}

extension S3 {
    /// All parts but the last have at least this many bytes.
    static let smallestPart = 5 << 20

    /// The files of the parts become the files of the object without a copy.
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>
    func completeUpload(_ request: S3Request, _ requestID: String) async throws -> HTTPResponse {
        let id = request.query["uploadId"] ?? ""
        let named = try NamedPart.all(in: try await request.document(describesObject: true))
        if let answered = try store.read({ try $0.completion(of: id, request.bucket, request.key) }) {
            return answered.answer(request)
        }
        let (upload, parts) = try store.read { snapshot in
            (try snapshot.upload(id, request.bucket, request.key), try snapshot.parts(of: id))
        }
        if let type = request.headers["x-amz-checksum-type"]?.uppercased(), !upload.isDefault,
            type != upload.scope.rawValue
        {
            throw S3Fault.invalidRequest(
                "The upload was created using the \(upload.scope.rawValue) checksum mode. The complete request must use the same checksum mode."
            )
        }
        if let size = request.headers["x-amz-mp-object-size"], Int(size) != parts.reduce(0, { $0 + $1.size }) {
            throw S3Fault.invalidRequest(
                "The provided 'x-amz-mp-object-size' header does not match what was computed.")
        }
        let chosen = try Self.choose(named, from: parts, of: upload)
        let digests = chosen.flatMap { Self.bytes(ofHexadecimal: $0.etag) }
        var object = StoredObject(
            key: upload.key, version: "", size: chosen.reduce(0) { $0 + $1.size },
            etag: "\(Digest.md5(digests).hexadecimal)-\(chosen.count)", modified: 0)
        object.headers = upload.headers
        object.tags = upload.tags
        object.partCount = chosen.count
        object.checksum = try Self.checksum(of: chosen, upload)
        // Parts of an upload that an earlier run started may lack the default checksum.
        if upload.isDefault, chosen.contains(where: { $0.checksum == nil }) { object.checksum = nil }
        if let checksum = object.checksum, let expected = request.headers[checksum.algorithm.header],
            expected != checksum.value
        {
            throw S3Fault(
                "BadDigest",
                "The \(checksum.algorithm.rawValue.lowercased()) you specified did not match the calculated checksum.",
                400)
        }
        let publication = Publication(
            object: object,
            content: .files(
                chosen.map { ObjectContent.Segment(file: $0.file, size: $0.size, checksum: $0.checksum) }),
            event: "ObjectCreated:CompleteMultipartUpload", conditions: try WriteConditions(request.headers),
            requestID: requestID)
        let expected = parts.map(\.file)
        let (stored, bucket) = try await publish(publication, in: request.bucket) { transaction in
            _ = try transaction.snapshot.upload(id, request.bucket, request.key)
            // Another upload replaced one of the parts meanwhile.
            guard try transaction.snapshot.parts(of: id).map(\.file) == expected else {
                throw S3Fault(
                    "OperationAborted",
                    "A conflicting conditional operation is currently in progress against this resource. Try again.",
                    409)
            }
            try transaction.execute("DELETE FROM s3_part WHERE upload = ?", .text(id))
            try transaction.execute("DELETE FROM s3_upload WHERE id = ?", .text(id))
        }
        let used = Set(chosen.map(\.file))
        reclaimer.reclaim(expected.filter { !used.contains($0) })
        let completion = Completion(
            etag: stored.quotedETag, checksum: stored.checksum,
            headers: bucket.versionHeader(stored.version) + stored.headers.encryption)
        try await remember(completion, of: id, request)
        return completion.answer(request)
    }

    private static func choose(
        _ named: [NamedPart], from parts: [UploadedPart], of upload: MultipartUpload
    ) throws(S3Fault) -> [UploadedPart] {
        let known = Dictionary(parts.map { ($0.number, $0) }) { $1 }
        var chosen: [UploadedPart] = []
        for name in named {
            guard let part = known[name.number], part.etag == name.etag else {
                throw S3Fault(
                    "InvalidPart",
                    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
                    400, details: [("UploadId", upload.id), ("PartNumber", String(name.number)), ("ETag", name.etag)])
            }
            for checksum in name.checksums
            where checksum.algorithm == upload.algorithm && checksum.value != part.checksum {
                throw S3Fault(
                    "InvalidPart",
                    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
                    400, details: [("UploadId", upload.id), ("PartNumber", String(name.number)), ("ETag", name.etag)])
            }
            chosen.append(part)
        }
        if let small = chosen.dropLast().first(where: { $0.size < smallestPart }) {
            throw S3Fault(
                "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size", 400,
                details: [
                    ("ProposedSize", String(small.size)), ("MinSizeAllowed", String(smallestPart)),
                    ("PartNumber", String(small.number)), ("ETag", small.etag),
                ])
        }
        return chosen
    }

    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>
    private static func checksum(of parts: [UploadedPart], _ upload: MultipartUpload) throws(S3Fault) -> Checksum? {
        guard let algorithm = upload.algorithm else { return nil }
        let values = parts.map { [UInt8](base64: $0.checksum ?? "") ?? [] }
        guard upload.scope == .fullObject, let crc = algorithm.crc else {
            var whole = RunningChecksum(algorithm)
            for value in values { whole.update(value) }
            return Checksum(
                algorithm: algorithm, value: "\(whole.finish().base64)-\(parts.count)", scope: .composite)
        }
        let numbers = values.map { $0.reduce(0) { $0 << 8 | UInt64($1) } }
        var whole = numbers[0]
        for (number, part) in zip(numbers, parts).dropFirst() {
            whole = CyclicRedundancyCheck.joined(whole, number, count: part.size, crc)
        }
        return Checksum(algorithm: algorithm, value: crc.bytes(of: whole).base64)
    }

    private static func bytes(ofHexadecimal text: String) -> [UInt8] {
        let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
