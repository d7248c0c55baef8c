import Testing
import XML

@testable import EmulatedS3

/// The fixture's clock starts at 2026-05-28T20:26:40Z.
@Suite struct S3PresignedTests {
    private func url(_ date: String, _ lifetime: String) -> String {
        "/bucket/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=\(date)&X-Amz-Expires=\(lifetime)&X-Amz-Signature=00"
    }

    @Test("a presigned URL is valid until it expires")
    func expiry() async throws {
        let s3 = try await S3Fixture()
        #expect(try await s3.send("PUT", url("20260528T202600Z", "60"), text: "x").status == 200)
        s3.advance(milliseconds: 20_000)
        let expired = try await s3.send("GET", url("20260528T202600Z", "60"))
        #expect(expired.status == 403 && expired.code == "AccessDenied")
        #expect(try expired.document["Message"]?.text == "Request has expired")
        #expect(try expired.document["X-Amz-Expires"]?.text == "60")
        #expect(try expired.document["Expires"]?.text.hasPrefix("2026-05-28T20:27:00") == true)
        #expect(try expired.document["ServerTime"]?.text.hasPrefix("2026-05-28T20:27:00") == true)
        #expect(try await s3.send("GET", url("20260528T202600Z", "604800")).text == "x")
    }

    @Test("a URL of signature version 2 expires too")
    func versionTwo() async throws {
        let s3 = try await S3Fixture()
        let url = "/bucket/k?AWSAccessKeyId=a&Signature=s&Expires="
        #expect(try await s3.send("PUT", url + "1780000010", text: "x").status == 200)
        #expect(try await s3.send("GET", url + "1779999999").code == "AccessDenied")
    }

    @Test(
        "a presigned URL that S3 would refuse is refused",
        arguments: [
            ("20260528T202600Z", "604801", "AuthorizationQueryParametersError"),
            ("20260528T202600Z", "-1", "AuthorizationQueryParametersError"),
            ("20260528T202600Z", "soon", "AuthorizationQueryParametersError"),
            ("2026-05-28", "60", "AuthorizationQueryParametersError"),
            ("20261328T202600Z", "60", "AuthorizationQueryParametersError"),
            ("20260528T214640Z", "60", "AccessDenied"),
        ])
    func refused(date: String, lifetime: String, code: String) async throws {
        let s3 = try await S3Fixture()
        #expect(try await s3.send("GET", url(date, lifetime)).code == code)
        #expect(try await s3.send("GET", "/bucket/k?X-Amz-Algorithm=A&X-Amz-Date=\(date)").status == 400)
    }
}
