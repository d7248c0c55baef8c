internal import EmulatorCore

/// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html> and its neighbours.
extension S3 {
    func tagging(_ request: S3Request) async throws -> HTTPResponse {
        switch request.method {
        case "GET":
            let located = try locate(request)
            return Self.answer(
                located.object.tags.document, located.bucket.versionHeader(located.object.version))
        case "PUT":
            return try await tag(request, try TagSet(try await request.document(), limit: 10), status: 200)
        case "DELETE": return try await tag(request, TagSet(), status: 204)
        default: throw S3Fault.methodNotAllowed
        }
    }

    private func tag(_ request: S3Request, _ tags: TagSet, status: Int) async throws -> HTTPResponse {
        let headers = try await store.write { [self] transaction in
            let located = try locate(request, transaction.snapshot)
            try transaction.execute(
                "UPDATE s3_object SET tags = ? WHERE sequence = ?", .text(tags.stored),
                .integer(located.object.sequence))
            return located.bucket.versionHeader(located.object.version)
        }
        return Self.answer(status, headers)
    }
}
