internal import EmulatorCore
internal import Time
internal import XML

extension S3 {
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html>
    func objectAttributes(_ request: S3Request) throws -> HTTPResponse {
        let wanted = request.headers.fields.filter { $0.name.lowercased() == "x-amz-object-attributes" }
            .flatMap { $0.value.split(separator: ",").map { String($0.drop { $0 == " " }) } }
        let known = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]
        guard !wanted.isEmpty, wanted.allSatisfy(known.contains) else {
            throw S3Fault.invalidArgument("Invalid attribute name specified.")
        }
        let (located, content) = try store.read { snapshot in
            let located = try locate(request, snapshot)
            let withParts = wanted.contains("ObjectParts") && located.object.partCount > 0
            return (located, withParts ? try snapshot.content(of: located.object) : .files([]))
        }
        let object = located.object
        let document = XMLWriter(s3: "GetObjectAttributesResponse") { text in
            if wanted.contains("ETag") { text.element("ETag", object.etag) }
            if wanted.contains("Checksum"), let checksum = object.checksum {
                text.element("Checksum") { text in
                    text.element(checksum.algorithm.element, checksum.value)
                    text.element("ChecksumType", checksum.scope.rawValue)
                }
            }
            if wanted.contains("ObjectParts"), object.partCount > 0, case .files(let segments) = content {
                Self.write(segments, of: object, request, to: &text)
            }
            if wanted.contains("StorageClass") { text.element("StorageClass", object.storageClass) }
            if wanted.contains("ObjectSize") { text.element("ObjectSize", object.size) }
        }
        return Self.answer(
            document,
            [("Last-Modified", object.lastModified.httpDate)] + located.bucket.versionHeader(object.version))
    }

    private static func write(
        _ segments: [ObjectContent.Segment], of object: StoredObject, _ request: S3Request, to text: inout XMLWriter
    ) {
        let limit = min(max(Int(request.headers["x-amz-max-parts"] ?? "") ?? 1000, 0), 1000)
        let marker = min(max(Int(request.headers["x-amz-part-number-marker"] ?? "") ?? 0, 0), segments.count)
        let page = segments.enumerated().dropFirst(marker).prefix(limit)
        text.element("ObjectParts") { text in
            text.element("PartsCount", segments.count)
            text.element("PartNumberMarker", marker)
            text.element("MaxParts", limit)
            text.element("NextPartNumberMarker", marker + page.count)
            text.element("IsTruncated", marker + page.count < segments.count)
            for (position, segment) in page {
                guard let algorithm = object.checksum?.algorithm, let checksum = segment.checksum else { continue }
                text.element("Part") { text in
                    text.element("PartNumber", position + 1)
                    text.element("Size", segment.size)
                    text.element(algorithm.element, checksum)
                }
            }
        }
    }
}
