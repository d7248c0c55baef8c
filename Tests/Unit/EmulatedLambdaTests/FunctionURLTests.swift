import Digest
import EmulatorCore
import Foundation
import FoundationNetworking
import JSON
import SignatureV4
import TestServices
import Testing
import Time

@testable import EmulatedLambda

/// Requests to function URLs, from outside over their listeners.
@Suite struct FunctionURLTests {
    private static let source = """
        import base64, json
        def handler(event, context):
            path = event["rawPath"]
            if path == "/fail":
                raise ValueError("no")
            if path == "/plain":
                return {"seen": True}
            if path == "/text":
                return "hello"
            if path == "/bytes":
                return {"statusCode": 200, "headers": {"content-type": "image/png"}, "isBase64Encoded": True,
                        "body": base64.b64encode(bytes([0, 255, 10])).decode()}
            return {"statusCode": 201, "headers": {"x-own": "1", "Content-Type": "application/json"},
                    "cookies": ["a=1; Path=/", "b=2"], "body": json.dumps(event)}

        """

    private func fixture(directory: TemporaryDirectory? = nil) async throws -> LambdaFixture {
        try LambdaFixture(directory: directory) { $0.programPath = "/usr/bin:/bin" }
    }

    private func create(_ lambda: LambdaFixture) async throws {
        let created = await lambda.request(
            "POST", "/2015-03-31/functions",
            body: JSON.object([
                "FunctionName": "site", "Role": "arn:aws:iam::000000000000:role/r", "Timeout": 60,
                "Handler": "app.handler", "Runtime": "python3.12",
                "Code": ["ZipFile": .string(StoredArchive(.init(name: "app.py", contents: Self.source)).base64)],
            ]).text)
        #expect(created.status == 201, "\(created.text)")
    }

    private func configure(_ lambda: LambdaFixture, _ method: String, _ body: JSON = [:]) async -> HTTPResponse {
        await lambda.request(method, "/2021-10-31/functions/site/url", body: method == "GET" ? "" : body.text)
    }

    private func send(
        _ method: String, _ url: String, _ headers: [String: String] = [:], body: [UInt8]? = nil
    ) async throws -> (data: Data, response: HTTPURLResponse) {
        var request = URLRequest(url: try #require(URL(string: url)))
        request.httpMethod = method
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        request.httpBody = body.map { Data($0) }
        let session = URLSession(configuration: .ephemeral)
        defer { session.finishTasksAndInvalidate() }
        let (data, response) = try await session.data(for: request)
        return (data, try #require(response as? HTTPURLResponse))
    }

    @Test("a request becomes an event of format 2.0, and the function's answer the response")
    func roundTrip() async throws {
        let lambda = try await fixture()
        try await create(lambda)
        let created = await configure(lambda, "POST", ["AuthType": "NONE"])
        #expect(created.status == 201, "\(created.text)")
        let url = try #require(created.json?["FunctionUrl"]?.string)
        #expect(url.hasPrefix("http://127.0.0.1:") && url.hasSuffix("/"))
        let (data, response) = try await send(
            "POST", url + "orders/a%20b?x=1&x=2&y=%C3%BC",
            ["Content-Type": "application/json; charset=utf-8", "Cookie": "s=1; t=2", "X-Custom": "v"],
            body: Array("{}".utf8))
        #expect(response.statusCode == 201 && response.value(forHTTPHeaderField: "x-own") == "1")
        #expect(response.value(forHTTPHeaderField: "Set-Cookie")?.contains("a=1") == true)
        let event = try JSON(parsing: Array(data))
        #expect(event["version"] == "2.0" && event["routeKey"] == "$default")
        #expect(event["rawPath"] == "/orders/a b" && event["rawQueryString"] == "x=1&x=2&y=%C3%BC")
        #expect(event["queryStringParameters"] == ["x": "1,2", "y": "ü"])
        #expect(event["cookies"] == ["s=1", "t=2"] && event["headers"]?["cookie"] == nil)
        #expect(event["headers"]?["x-custom"] == "v")
        #expect(event["body"] == "{}" && event["isBase64Encoded"] == false)
        let context = try #require(event["requestContext"])
        #expect(context["accountId"] == "anonymous" && context["http"]?["method"] == "POST")
        #expect(context["http"]?["path"] == "/orders/a b" && context["stage"] == "$default")
        #expect(context["domainName"]?.string?.hasSuffix(".lambda-url.us-east-1.on.aws") == true)
        #expect(context["timeEpoch"]?.int != nil && context["time"]?.string?.hasSuffix(" +0000") == true)
        await lambda.close()
    }

    @Test("bodies of other types are Base64, and answers without a status are the body")
    func bodies() async throws {
        let lambda = try await fixture()
        try await create(lambda)
        let url = try #require(await configure(lambda, "POST", ["AuthType": "NONE"]).json?["FunctionUrl"]?.string)
        let form = try await send(
            "PUT", url + "form", ["Content-Type": "application/octet-stream"], body: [0, 1, 255])
        let event = try JSON(parsing: Array(form.data))
        #expect(event["body"]?.string == ([0, 1, 255] as [UInt8]).base64 && event["isBase64Encoded"] == true)
        let plain = try await send("GET", url + "plain")
        #expect(plain.response.statusCode == 200 && String(decoding: plain.data, as: UTF8.self) == #"{"seen": true}"#)
        #expect(plain.response.value(forHTTPHeaderField: "Content-Type") == "application/json")
        #expect(String(decoding: try await send("GET", url + "text").data, as: UTF8.self) == "hello")
        let bytes = try await send("GET", url + "bytes")
        #expect(Array(bytes.data) == [0, 255, 10])
        #expect(bytes.response.value(forHTTPHeaderField: "Content-Type") == "image/png")
        let failure = try await send("GET", url + "fail")
        #expect(failure.response.statusCode == 502)
        #expect(String(decoding: failure.data, as: UTF8.self) == "Internal Server Error")
        await lambda.close()
    }

    @Test("a URL is described, changed, and removed; one with AWS_IAM wants signed requests")
    func lifecycle() async throws {
        let lambda = try await fixture()
        try await create(lambda)
        #expect(await configure(lambda, "GET").status == 404)
        let unnamed = await configure(lambda, "POST", [:])
        #expect(unnamed.status == 400 && unnamed.text.contains("Value null at 'authType'"), "\(unnamed.text)")
        let unknown = await configure(lambda, "POST", ["AuthType": "OPEN"])
        #expect(unknown.text.contains("[NONE, AWS_IAM]"), "\(unknown.text)")
        let streaming = await configure(lambda, "POST", ["AuthType": "NONE", "InvokeMode": "RESPONSE_STREAM"])
        #expect(streaming.status == 501 && streaming.text.contains("RESPONSE_STREAM"), "\(streaming.text)")
        let created = await configure(lambda, "POST", ["AuthType": "AWS_IAM", "Cors": ["AllowOrigins": ["*"]]])
        let url = try #require(created.json?["FunctionUrl"]?.string)
        #expect(created.json?["InvokeMode"] == "BUFFERED" && created.json?["Cors"]?["AllowOrigins"] == ["*"])
        #expect(await configure(lambda, "POST", ["AuthType": "NONE"]).status == 409)
        let refused = try await send("GET", url)
        #expect(refused.response.statusCode == 403)
        let signed = try await send(
            "GET", url, ["Authorization": "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/lambda/aws4_request, …"])
        #expect(signed.response.statusCode == 201)
        let event = try JSON(parsing: Array(signed.data))
        #expect(event["requestContext"]?["authorizer"]?["iam"]?["accessKey"] == "AKID")
        let changed = await configure(lambda, "PUT", ["AuthType": "NONE"])
        #expect(changed.json?["AuthType"] == "NONE" && changed.json?["FunctionUrl"]?.string == url)
        #expect(try await send("GET", url).response.statusCode == 201)
        let list = await lambda.request("GET", "/2021-10-31/functions/site/urls")
        #expect(list.json?["FunctionUrlConfigs"]?[0]?["FunctionUrl"]?.string == url)
        #expect(await configure(lambda, "DELETE").status == 204)
        #expect(await configure(lambda, "GET").status == 404)
        await #expect(throws: (any Error).self) { try await send("GET", url) }
        await lambda.close()
    }

    @Test("a template's URL is there again after a restart, and goes with its resource")
    func template() async throws {
        let directory = try TemporaryDirectory()
        let resource = DeclaredResource(
            logicalID: "Site", type: "AWS::Lambda::Url",
            properties: [
                "TargetFunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:site", "AuthType": "NONE",
            ])
        let first = try await fixture(directory: directory)
        try await create(first)
        let made = try await first.service.provision(resource)
        #expect(made.ref == "arn:aws:lambda:us-east-1:000000000000:function:site")
        #expect(try await send("GET", try #require(made.attributes["FunctionUrl"])).response.statusCode == 201)
        await first.close()
        let second = try await fixture(directory: directory)
        try await second.service.start()
        let again = try await second.service.provision(resource)
        #expect(try await send("GET", try #require(again.attributes["FunctionUrl"])).response.statusCode == 201)
        try await second.service.remove("AWS::Lambda::Url", again.physicalID)
        #expect(await configure(second, "GET").status == 404)
        await second.close()
    }

    @Test("pages do what Cors allows: a preflight is answered without the function, and its answers carry the headers")
    func crossOrigin() async throws {
        let lambda = try await fixture()
        try await create(lambda)
        let cors: JSON = [
            "AllowOrigins": ["https://app.example"], "AllowMethods": ["GET", "PUT"], "AllowHeaders": ["X-Custom"],
            "ExposeHeaders": ["X-Own"], "AllowCredentials": true, "MaxAge": 60,
        ]
        let created = await configure(lambda, "POST", ["AuthType": "NONE", "Cors": cors])
        let url = try #require(created.json?["FunctionUrl"]?.string)
        func header(_ name: String, _ answer: (data: Data, response: HTTPURLResponse)) -> String? {
            answer.response.value(forHTTPHeaderField: "Access-Control-" + name)
        }
        func preflight(_ origin: String, _ method: String, _ headers: String) async throws -> (Data, HTTPURLResponse) {
            try await send(
                "OPTIONS", url + "fail",
                [
                    "Origin": origin, "Access-Control-Request-Method": method,
                    "Access-Control-Request-Headers": headers,
                ])
        }
        let asked = try await preflight("https://app.example", "PUT", "x-custom")
        #expect(asked.1.statusCode == 200, "the function would fail")
        #expect(header("Allow-Origin", asked) == "https://app.example" && header("Max-Age", asked) == "60")
        #expect(header("Allow-Methods", asked) == "GET, PUT" && header("Allow-Headers", asked) == "x-custom")
        #expect(header("Allow-Credentials", asked) == "true")
        for (origin, method, headers) in [
            ("https://other.example", "PUT", ""), ("https://app.example", "DELETE", ""),
            ("https://app.example", "PUT", "x-other"),
        ] {
            let refused = try await preflight(origin, method, headers)
            #expect(refused.1.statusCode == 403 && header("Allow-Origin", refused) == nil, "\(origin) \(method)")
        }
        let sent = try await send("GET", url, ["Origin": "https://app.example"])
        #expect(sent.response.statusCode == 201 && header("Allow-Origin", sent) == "https://app.example")
        #expect(header("Expose-Headers", sent) == "X-Own")
        let open: JSON = ["AllowOrigins": ["*"], "AllowMethods": ["*"]]
        _ = await configure(lambda, "PUT", ["Cors": open])
        let free = try await send("GET", url, ["Origin": "https://other.example"])
        #expect(header("Allow-Origin", free) == "*" && header("Allow-Credentials", free) == nil)
        #expect(try await preflight("https://other.example", "DELETE", "").1.statusCode == 200)
        await lambda.close()
    }

    @Test("where signatures are verified, a URL with AWS_IAM takes those of a known key only")
    func signatures() async throws {
        let key = AccessKey(id: "KNOWN", secret: "secret")
        let lambda = try LambdaFixture {
            $0.programPath = "/usr/bin:/bin"
            $0.signatures = SignatureVerifier([key], region: "us-east-1", clock: .system)
        }
        try await create(lambda)
        let url = try #require(await configure(lambda, "POST", ["AuthType": "AWS_IAM"]).json?["FunctionUrl"]?.string)
        let host = String(url.dropFirst("http://".count).dropLast())
        func signed(_ id: String, _ secret: String) async throws -> (data: Data, response: HTTPURLResponse) {
            let now = Timestamp.now()
            let scope = CredentialScope(at: now, region: "us-east-1", service: "lambda")
            let canonical = CanonicalRequest(
                method: "GET", path: "/", query: "", headers: [("host", host), ("x-amz-date", now.basicISO8601)],
                bodyHash: Digest.sha256("").hexadecimal, isForS3: false)
            let signature = SigningKey(secret: secret, scope: scope)
                .signature(of: scope.stringToSign(canonical, at: now.basicISO8601))
            return try await send(
                "GET", url,
                [
                    "X-Amz-Date": now.basicISO8601,
                    "Authorization": "AWS4-HMAC-SHA256 Credential=\(id)/\(scope), SignedHeaders=host;x-amz-date, "
                        + "Signature=\(signature)",
                ])
        }
        let accepted = try await signed("KNOWN", "secret")
        #expect(accepted.response.statusCode == 201, "\(String(decoding: accepted.data, as: UTF8.self))")
        let event = try JSON(parsing: Array(accepted.data))
        #expect(event["requestContext"]?["authorizer"]?["iam"]?["accessKey"] == "KNOWN")
        for (id, secret) in [("KNOWN", "wrong"), ("OTHER", "secret")] {
            #expect(try await signed(id, secret).response.statusCode == 403, "\(id) \(secret)")
        }
        let unsigned = try await send("GET", url)
        #expect(unsigned.response.statusCode == 403)
        #expect(String(decoding: unsigned.data, as: UTF8.self) == #"{"Message":"Forbidden"}"#)
        await lambda.close()
    }
}
