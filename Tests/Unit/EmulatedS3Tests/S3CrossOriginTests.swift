import EmulatorCore
import JSON
import Testing
import XML

@testable import EmulatedS3

@Suite struct S3CrossOriginTests {
    private static let rules = """
        <CORSConfiguration><CORSRule><AllowedOrigin>https://*.example.com</AllowedOrigin>
        <AllowedMethod>GET</AllowedMethod><AllowedMethod>PUT</AllowedMethod><AllowedHeader>x-amz-*</AllowedHeader>
        <ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>60</MaxAgeSeconds></CORSRule>
        <CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>HEAD</AllowedMethod></CORSRule></CORSConfiguration>
        """

    private func grant(
        _ s3: S3Fixture, _ method: String, _ path: String, _ origin: String, headers: String? = nil
    ) -> CrossOriginGrant? {
        var fields = [("Origin", origin), ("Access-Control-Request-Method", method)]
        if let headers { fields.append(("Access-Control-Request-Headers", headers)) }
        let request = HTTPRequest(method: "OPTIONS", path: path, headers: HTTPHeaders(fields))
        return CrossOriginRequest(request).flatMap { s3.service.grant(to: $0, for: request) }
    }

    @Test("a bucket grants what its CORS rules list, and nothing without rules")
    func rules() async throws {
        let s3 = try await S3Fixture()
        #expect(grant(s3, "GET", "/bucket/k", "https://a.example.com") == nil)
        #expect(try await s3.send("PUT", "/bucket?cors", text: Self.rules).status == 200)
        let granted = try #require(grant(s3, "PUT", "/bucket/k", "https://a.example.com", headers: "X-Amz-Date"))
        #expect(granted.methods == ["GET", "PUT"] && granted.headers == ["x-amz-date"] && !granted.isForAll)
        #expect(granted.exposedHeaders == ["ETag"] && granted.maximumAge == 60)
        #expect(grant(s3, "HEAD", "/bucket/k", "https://any.test")?.isForAll == true)
        #expect(grant(s3, "PUT", "/bucket/k", "https://any.test") == nil)
        #expect(grant(s3, "PUT", "/bucket/k", "https://example.com") == nil)
        #expect(grant(s3, "DELETE", "/bucket/k", "https://a.example.com") == nil)
        #expect(grant(s3, "PUT", "/bucket/k", "https://a.example.com", headers: "content-type") == nil)
        #expect(grant(s3, "GET", "/other/k", "https://a.example.com") == nil)
    }

    @Test("a page that may upload must not configure the bucket")
    func bucketOperations() async throws {
        let s3 = try await S3Fixture()
        #expect(try await s3.send("PUT", "/bucket?cors", text: Self.rules).status == 200)
        #expect(grant(s3, "GET", "/bucket", "https://a.example.com") != nil)
        #expect(grant(s3, "PUT", "/bucket", "https://a.example.com") == nil)
    }

    @Test("a template's rules become the bucket's configuration")
    func template() throws {
        let declared = try JSON(
            parsing: #"{"CorsRules": [{"AllowedOrigins": ["http://a"], "AllowedMethods": ["GET"], "MaxAge": 5}]}"#)
        let document = try XMLElement(parsing: S3.crossOriginDocument(declared).bytes)
        let rule = CrossOriginRule(try #require(document["CORSRule"]))
        #expect(rule.origins == ["http://a"] && rule.methods == ["GET"] && rule.maximumAge == 5)
    }
}
