import Digest
import EmulatorCore
import SignatureV4
import Testing
import Time

/// Requests that AWS published with their signatures: its Signature Version 4 test suite (in awslabs/aws-c-auth) and the
/// worked examples of the S3 API Reference.
@Suite struct SignatureVerifierTests {
    private static let key = AccessKey(id: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    private static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    private static let mismatch =
        "The request signature we calculated does not match the signature you provided."

    private func verify(
        _ request: HTTPRequest, for service: String = "s3", in region: String = "us-east-1", at time: String
    ) async -> String? {
        let now = Timestamp(rfc3339: time)
        let clock = ClockAndChance(now: { now ?? .now() })
        let verifier = SignatureVerifier(
            [Self.key, AccessKey(id: "AKIDEXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")],
            region: region, clock: clock)
        do throws(SignatureFault) {
            _ = try await verifier.verified(request, for: service)
            return nil
        } catch { return error.jsonFault(status: 400).message }
    }

    /// "GET Object" of the S3 API Reference.
    private func getObject(_ further: [(String, String)] = []) -> HTTPRequest {
        let authorization =
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            + "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        return HTTPRequest(
            method: "GET", path: "/test.txt",
            headers: HTTPHeaders(
                [
                    ("Host", "examplebucket.s3.amazonaws.com"), ("Authorization", authorization),
                    ("Range", "bytes=0-9"), ("x-amz-content-sha256", Self.emptyHash),
                    ("x-amz-date", "20130524T000000Z"),
                ] + further))
    }

    @Test("a request of the S3 API Reference is accepted within 15 minutes of its time")
    func header() async {
        for time in ["2013-05-24T00:00:00Z", "2013-05-23T23:45:00Z", "2013-05-24T00:15:00Z"] {
            #expect(await verify(getObject(), at: time) == nil)
        }
        #expect(
            await verify(getObject(), at: "2013-05-24T00:15:01Z")
                == "Signature expired: 20130524T000000Z is now earlier than 20130524T000001Z "
                + "(20130524T001501Z - 15 min.)")
        #expect(
            await verify(getObject(), at: "2013-05-23T23:44:59Z")
                == "Signature not yet current: 20130524T000000Z is still later than 20130523T235959Z "
                + "(20130523T234459Z + 15 min.)")
    }

    @Test("a header of AWS that is not signed is refused by name")
    func unsignedHeader() async {
        #expect(
            await verify(getObject([("X-Amz-Acl", "private")]), at: "2013-05-24T00:00:00Z")
                == "'x-amz-acl' must be a 'SignedHeader' in the AWS Authorization.")
    }

    @Test("the presigned URL of the S3 API Reference is accepted, and no other with its signature")
    func presigned() async {
        let query =
            "X-Amz-Algorithm=AWS4-HMAC-SHA256"
            + "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
            + "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
            + "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        let headers = HTTPHeaders([("Host", "examplebucket.s3.amazonaws.com")])
        let request = HTTPRequest(method: "GET", path: "/test.txt", query: query, headers: headers)
        #expect(await verify(request, at: "2013-05-24T12:00:00Z") == nil)
        var other = request
        other.method = "PUT"
        #expect(await verify(other, at: "2013-05-24T12:00:00Z")?.hasPrefix(Self.mismatch) == true)
        other = request
        other.query += "&versionId=1"
        #expect(await verify(other, at: "2013-05-24T12:00:00Z")?.hasPrefix(Self.mismatch) == true)
    }

    @Test("post-vanilla of AWS's test suite is accepted, and not with another body or for another service")
    func testSuite() async {
        let authorization =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            + "SignedHeaders=host;x-amz-date, "
            + "Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
        func request(_ body: String = "", _ path: String = "/") -> HTTPRequest {
            HTTPRequest(
                method: "POST", path: path,
                headers: HTTPHeaders([
                    ("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z"),
                    ("Authorization", authorization),
                ]), body: RequestBody(Array(body.utf8)))
        }
        let time = "2015-08-30T12:36:00Z"
        #expect(await verify(request(), for: "service", at: time) == nil)
        #expect(await verify(request("", "/a/../."), for: "service", at: time) == nil)
        #expect(await verify(request("{}"), for: "service", at: time)?.hasPrefix(Self.mismatch) == true)
        #expect(
            await verify(request(), for: "service", in: "eu-west-1", at: time)
                == "Credential should be scoped to a valid region, not 'us-east-1'. ")
        #expect(
            await verify(request(), for: "dynamodb", at: time)
                == "Credential should be scoped to correct service: 'dynamodb'. ")
    }

    @Test("a key never prints its secret")
    func secret() {
        var dumped = ""
        dump(Self.key, to: &dumped)
        for text in ["\(Self.key)", String(reflecting: Self.key), dumped] { #expect(!text.contains("EXAMPLEKEY")) }
    }

    @Test("the key of a session is known until the session ends, and only with its token")
    func sessions() async throws {
        let sessions = SessionKeys(Self.key)
        let start = try #require(Timestamp(rfc3339: "2026-01-01T00:00:00Z"))
        let end = start.milliseconds + 60_000
        let key = sessions.key(for: .init(arn: "arn:aws:sts::0:assumed-role/r/s", expiresAt: end), .system)
        func code(_ secret: String, _ token: String?, after milliseconds: Int64) async -> String? {
            let now = start.advanced(byMilliseconds: milliseconds)
            let scope = CredentialScope(at: now, region: "us-east-1", service: "sqs")
            var headers = [("host", "h"), ("x-amz-date", now.basicISO8601)]
            if let token { headers.append(("x-amz-security-token", token)) }
            let canonical = CanonicalRequest(
                method: "POST", path: "/", query: "", headers: headers.map { (name: $0.0, value: $0.1) },
                bodyHash: Digest.sha256("").hexadecimal, isForS3: false)
            let signature = SigningKey(secret: secret, scope: scope)
                .signature(of: scope.stringToSign(canonical, at: now.basicISO8601))
            headers.append(
                (
                    "Authorization",
                    "AWS4-HMAC-SHA256 Credential=\(key.id)/\(scope), SignedHeaders=\(canonical.signedHeaders), "
                        + "Signature=\(signature)"
                ))
            let verifier = SignatureVerifier(
                [], region: "us-east-1", clock: ClockAndChance(now: { now }), sessions: sessions)
            do throws(SignatureFault) {
                _ = try await verifier.verified(
                    HTTPRequest(method: "POST", path: "/", headers: HTTPHeaders(headers)), for: "sqs")
                return nil
            } catch { return error.jsonFault(status: 400).code }
        }
        #expect(await code(key.secret, key.token, after: 59_000) == nil)
        #expect(await code(key.secret, key.token, after: 60_000) == "ExpiredTokenException")
        #expect(await code("other", key.token, after: 0) == "InvalidSignatureException")
        #expect(await code(key.secret, nil, after: 0) == "UnrecognizedClientException")
        let forged = SessionKeys(AccessKey(id: "x", secret: "y"))
        let other = forged.key(for: .init(arn: "a", expiresAt: end), .system)
        #expect(await code(other.secret, other.token, after: 0) == "UnrecognizedClientException")
    }
}
