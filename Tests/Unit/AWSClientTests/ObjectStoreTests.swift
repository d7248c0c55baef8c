import AWSModels
import Testing

@testable import AWSClient

@Suite struct ObjectStoreTests {
    let object = S3Object(bucket: "stage", key: "raw/beer/a b+c%é.csv.gz")

    // MARK: Addresses

    @Test(
        "the bucket is in the host or in the path, as the endpoint requires",
        arguments: [
            (
                HTTPOrigin(isSecure: false, host: "localhost", port: 4566), "stage",
                "http://localhost:4566/stage/a/b%20c"
            ),
            (nil, "stage", "https://stage.s3.eu-west-1.amazonaws.com/a/b%20c"),
            (nil, "dotted.stage", "https://s3.eu-west-1.amazonaws.com/dotted.stage/a/b%20c"),
        ] as [(HTTPOrigin?, String, String)])
    func bucketAddressing(endpoint: HTTPOrigin?, bucket: String, url: String) throws {
        let store = ObjectStore(ScriptedTransport([]).client(endpoint: endpoint))
        #expect(try store.request(.get, S3Object(bucket: bucket, key: "a/b c"), "test").url == url)
    }

    @Test("an invalid bucket name is refused before anything is sent", arguments: ["", "a/b", "a?b", "a b", "é"])
    func invalidBucketNames(bucket: String) {
        let transport = ScriptedTransport([])
        #expect(throws: AWSError.self) { try ObjectStore(transport.client()).head(S3Object(bucket: bucket, key: "k")) }
        #expect(transport.requests.isEmpty)
    }

    // MARK: Requests and answers

    @Test("a ranged read requests bytes of one version and returns the size of the whole object")
    func rangedRead() throws {
        let transport = ScriptedTransport([
            .answer(206, "ell", ["content-range": "bytes 1-3/443", "etag": "\"abc\"", "x-amz-version-id": "v1"])
        ])
        let version = S3Object(bucket: "stage", key: object.key, versionID: "v1")
        let (head, bytes) = try ObjectStore(transport.client()).get(version, range: .from(1, to: 4), ifMatch: "abc")
        #expect(bytes == Array("ell".utf8))
        #expect(head == ObjectHead(sizeInBytes: 443, eTag: "abc", versionID: "v1"))
        let request = try #require(transport.requests.first)
        #expect(request.url.hasSuffix("/stage/raw/beer/a%20b%2Bc%25%C3%A9.csv.gz?versionId=v1"))
        #expect(request.headers["range"] == "bytes=1-3" && request.headers["if-match"] == "\"abc\"")
        #expect(request.headers["authorization"]?.contains("SignedHeaders=host;if-match;range;x-amz") == true)
    }

    @Test(
        "a byte range is written as an HTTP range header",
        arguments: [
            (ObjectStore.ByteRange.from(5), "bytes=5-"), (.from(0, to: 1), "bytes=0-0"), (.last(4), "bytes=-4"),
        ])
    func rangeHeader(range: ObjectStore.ByteRange, header: String) {
        #expect(range.header == header)
    }

    @Test("errors name the operation and the object, and distinguish not found from precondition failed")
    func errors() {
        let transport = ScriptedTransport([
            .answer(
                404, "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>gone &amp; lost</Message></Error>",
                ["x-amz-request-id": "R1"]), .answer(412), .answer(404),
        ])
        let store = ObjectStore(transport.client())
        let gone = #expect(throws: AWSError.self) { try store.get(object) }
        #expect(gone?.isNotFound == true && gone?.code == "NoSuchKey")
        #expect(
            gone.map { "\($0)" }
                == "s3 GetObject s3://stage/raw/beer/a b+c%é.csv.gz: NoSuchKey: gone & lost (status 404, request R1)")
        let changed = #expect(throws: AWSError.self) { try store.get(object, ifMatch: "x") }
        #expect(changed?.isPreconditionFailed == true)
        let absent = #expect(throws: AWSError.self) { try store.head(object) }
        #expect(absent?.isNotFound == true && absent?.code == "NotFound")
    }

    @Test("a put that must not replace sends if-none-match") func onlyIfAbsent() throws {
        let transport = ScriptedTransport([.answer(200, "", ["etag": "\"abc\""])])
        let stored = try ObjectStore(transport.client()).put([1], to: object, condition: .absent)
        #expect(stored.eTag == "abc")
        #expect(transport.requests.first?.headers["if-none-match"] == "*")
    }

    @Test("a listing follows its pages and decodes the keys") func listing() throws {
        let transport = ScriptedTransport([
            .answer(
                200,
                """
                <?xml version="1.0" encoding="UTF-8"?>
                <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><EncodingType>url</EncodingType>
                <IsTruncated>true</IsTruncated><NextContinuationToken>t/1=</NextContinuationToken>
                <Contents><Key>a%2Bb+c</Key><LastModified>2026-03-01T00:00:00.000Z</LastModified>
                <ETag>&quot;e1&quot;</ETag><Size>3</Size></Contents></ListBucketResult>
                """),
            .answer(
                200,
                """
                <ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>x&amp;y</Key><Size>0</Size></Contents>
                </ListBucketResult>
                """),
        ])
        let objects = try ObjectStore(transport.client()).listAll(bucket: "stage", prefix: "a")
        #expect(objects.map(\.key) == ["a+b c", "x&y"])
        #expect(objects[0].eTag == "e1" && objects[0].sizeInBytes == 3)
        #expect(transport.requests[1].query.contains(.init("continuation-token", "t/1=")))
    }

    // MARK: Streams

    static func head(_ size: Int, _ first: Int = 0) -> HTTPHeaders {
        first == 0
            ? ["content-length": "\(size)", "etag": "\"abc\"", "x-amz-version-id": "v1"]
            : ["content-range": "bytes \(first)-\(size - 1)/\(size)", "etag": "\"abc\""]
    }

    private func readAll(_ stream: ObjectStream) throws(AWSError) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 8)
        while true {
            let count = try buffer.withUnsafeMutableBytes { (buffer) in
                Result { () throws(AWSError) in try stream.read(into: buffer) }
            }.get()
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }

    @Test("a broken stream resumes at its position in the same version") func streamResumes() throws {
        let transport = ScriptedTransport([
            .breakAfter(
                HTTPResponseHead(status: 200, headers: Self.head(10)), [0, 1, 2, 3], TransportError(.lost, "cut")),
            .fail(.notSent),
            .breakAfter(
                HTTPResponseHead(status: 206, headers: Self.head(10, 4)), [4], TransportError(.timedOut, "slow")),
            .answer(HTTPResponse(status: 206, headers: Self.head(10, 5), body: [5, 6, 7])),
            .answer(HTTPResponse(status: 206, headers: Self.head(10, 8), body: [8, 9])),
        ])
        let stream = try ObjectStore(transport.client()).stream(object)
        #expect(stream.head.sizeInBytes == 10)
        #expect(try readAll(stream) == Array(0..<10))
        let ranges = transport.requests.map { $0.headers["range"] }
        #expect(ranges == [nil, "bytes=4-", "bytes=4-", "bytes=5-", "bytes=8-"])
        for request in transport.requests.dropFirst() {
            #expect(request.headers["if-match"] == "\"abc\"" && request.query == [.init("versionId", "v1")])
        }
    }

    @Test("a stream of a replaced object ends with an error") func replacedObject() throws {
        let transport = ScriptedTransport([
            .breakAfter(HTTPResponseHead(status: 200, headers: Self.head(10)), [0], TransportError(.lost, "cut")),
            .answer(412),
        ])
        let stream = try ObjectStore(transport.client()).stream(object)
        let error = #expect(throws: AWSError.self) { try readAll(stream) }
        #expect(error?.isPreconditionFailed == true)
    }

    @Test("a stream without progress fails after three attempts") func stalledStream() throws {
        let broken = ScriptedTransport.Step.breakAfter(
            HTTPResponseHead(status: 206, headers: Self.head(10, 1)), [], TransportError(.lost, "cut"))
        let transport = ScriptedTransport(
            [.breakAfter(HTTPResponseHead(status: 200, headers: Self.head(10)), [0], TransportError(.lost, "cut"))]
                + Array(repeating: broken, count: 9))
        let stream = try ObjectStore(transport.client()).stream(object)
        let error = #expect(throws: AWSError.self) { try readAll(stream) }
        #expect(error.map { "\($0)".contains("at byte 1 of 10") } == true)
        #expect(transport.requests.count == 3)
    }

    @Test("the stream of an empty object is empty") func emptyStream() throws {
        let transport = ScriptedTransport([.answer(200, "", ["content-length": "0"])])
        #expect(try readAll(try ObjectStore(transport.client()).stream(object)).isEmpty)
    }

    // MARK: Uploads

    @Test("a multipart upload lists its parts in order") func partOrder() throws {
        let transport = ScriptedTransport([
            .answer(200, "<InitiateMultipartUploadResult><UploadId>u/1</UploadId></InitiateMultipartUploadResult>"),
            .answer(200, "", ["etag": "\"e2\""]), .answer(200, "", ["etag": "\"e1\""]),
            .answer(
                200, "<CompleteMultipartUploadResult><ETag>&quot;done-2&quot;</ETag></CompleteMultipartUploadResult>"),
        ])
        let upload = try ObjectStore(transport.client()).startMultipartUpload(to: object)
        let second = try upload.upload([2], asPart: 2)
        let first = try upload.upload([1], asPart: 1)
        #expect(try upload.complete([second, first]).eTag == "done-2")
        #expect(transport.requests[1].query == [.init("partNumber", "2"), .init("uploadId", "u/1")])
        let body = String(decoding: transport.requests[3].body, as: UTF8.self)
        #expect(
            body.hasSuffix(
                "<Part><PartNumber>1</PartNumber><ETag>&quot;e1&quot;</ETag></Part>"
                    + "<Part><PartNumber>2</PartNumber><ETag>&quot;e2&quot;</ETag></Part></CompleteMultipartUpload>"))
    }

    @Test("starting an upload is not retried; completing it is, also after an error inside a status 200")
    func uploadRetries() throws {
        let start = ScriptedTransport([.fail(.lost)])
        #expect(throws: AWSError.self) { try ObjectStore(start.client()).startMultipartUpload(to: object) }
        #expect(start.requests.count == 1)
        let transport = ScriptedTransport([
            .answer(200, "\n<Error><Code>InternalError</Code></Error>"), .fail(.lost),
            .answer(200, "<CompleteMultipartUploadResult><ETag>\"x-1\"</ETag></CompleteMultipartUploadResult>"),
        ])
        let upload = MultipartUpload(ObjectStore(transport.client()), object, uploadID: "u")
        #expect(try upload.complete([UploadedPart(number: 1, eTag: "e")]).eTag == "x-1")
    }

    @Test("an upload whose completion succeeded but whose response was lost counts as completed")
    func lostCompletion() throws {
        let parts = [
            UploadedPart(number: 1, eTag: "5d41402abc4b2a76b9719d911017c592"),
            UploadedPart(number: 2, eTag: "7d793037a0760186574b0282f2f435e7"),
        ]
        // printf '5d41402abc4b2a76b9719d911017c5927d793037a0760186574b0282f2f435e7' | xxd -r -p | md5sum
        let eTag = "065947336a2f2a95ba8899f3675c3be6-2"
        let unknown = ScriptedTransport.Step.answer(404, "<Error><Code>NoSuchUpload</Code></Error>")
        let done = ScriptedTransport([
            .fail(.lost), unknown, .answer(200, "", ["etag": "\"\(eTag)\"", "content-length": "9"]),
        ])
        #expect(
            try MultipartUpload(ObjectStore(done.client()), object, uploadID: "u").complete(parts).eTag == eTag)
        let other = ScriptedTransport([unknown, .answer(200, "", ["etag": "\"other\"", "content-length": "9"])])
        let error = #expect(throws: AWSError.self) {
            try MultipartUpload(ObjectStore(other.client()), object, uploadID: "u").complete(parts)
        }
        #expect(error?.code == "NoSuchUpload")
    }
}
