import AWSModels
import Testing

@testable import AWSClient

@Suite struct CredentialsTests {
    /// Makes S3 calls with the credentials that `environment` configures, and returns the requests sent.
    private func requests(
        _ environment: [String: String], _ steps: [ScriptedTransport.Step], calls: Int = 1
    ) throws(AWSError) -> [HTTPRequest] {
        let transport = ScriptedTransport(steps)
        let configuration = AWSConfiguration(region: "eu-west-1", retry: RetryPolicy(attempts: 2))
        let source = CredentialsSource(environment: { environment[$0] })
        let client = AWSClient(configuration, source, transport, transport.clock)
        for _ in 0..<calls { _ = try ObjectStore(client).head(S3Object(bucket: "b", key: "k")) }
        return transport.requests
    }

    private func keyID(_ request: HTTPRequest?) -> String? {
        request?.headers["authorization"]?.split(separator: "=").dropFirst().first?.split(separator: "/").first
            .map(String.init)
    }

    static let head = ScriptedTransport.Step.answer(200, "", ["content-length": "1"])

    @Test("keys in the environment take precedence over the shared file") func environmentKeys() throws {
        let file = try TemporaryFile("[default]\naws_access_key_id=FILE\naws_secret_access_key=s\n")
        let environment = [
            "AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t",
            "AWS_SHARED_CREDENTIALS_FILE": file.path,
        ]
        let sent = try requests(environment, [Self.head])
        #expect(keyID(sent.first) == "ENV" && sent.first?.headers["x-amz-security-token"] == "t")
    }

    @Test("a profile's keys are found in either shared file") func profileKeys() throws {
        let credentials = try TemporaryFile(
            """
            # comment
            [default]
            aws_access_key_id = DEFAULT
            aws_secret_access_key = s
            [ work ]
            aws_access_key_id=WORK
            aws_secret_access_key=a=b
            aws_session_token = t
            """)
        let configuration = try TemporaryFile(
            """
            [profile other]
            region = ap-south-1
            aws_access_key_id = OTHER
            aws_secret_access_key = s
            s3 =
              region = nested
            """)
        for (profile, expected) in [(nil, "DEFAULT"), ("work", "WORK"), ("other", "OTHER")] {
            var environment = [
                "AWS_SHARED_CREDENTIALS_FILE": credentials.path, "AWS_CONFIG_FILE": configuration.path,
            ]
            environment["AWS_PROFILE"] = profile
            #expect(keyID(try requests(environment, [Self.head]).first) == expected)
        }
        let files = ["AWS_CONFIG_FILE": configuration.path, "AWS_PROFILE": "other"]
        #expect(try AWSConfiguration(environment: { files[$0] }).region == "ap-south-1")
    }

    @Test("container credentials are fetched with the token, cached, and renewed before they expire")
    func containerCredentials() throws {
        func credentials(_ name: String, expires: String) -> ScriptedTransport.Step {
            .answer(
                200,
                #"{"AccessKeyId":"\#(name)","SecretAccessKey":"s","Token":"t","Expiration":"\#(expires)"}"#)
        }
        let environment = [
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/uuid?x=1",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "token-1",
        ]
        // The scripted clock is at 2026-03-01T10:00:00Z.
        let sent = try requests(
            environment,
            [
                credentials("ONE", expires: "2026-03-01T10:04:59Z"), Self.head,
                credentials("TWO", expires: "2026-03-01T11:00:00Z"), Self.head, Self.head,
            ], calls: 3)
        #expect(sent[0].url == "http://169.254.170.2/v2/credentials/uuid?x=1")
        #expect(sent[0].headers["authorization"] == "token-1")
        #expect(sent.map { keyID($0) }.dropFirst() == ["ONE", nil, "TWO", "TWO"])
        #expect(sent[1].headers["x-amz-security-token"] == "t")
    }

    @Test(
        "container credentials are refused from a host other than the container's own",
        arguments: ["http://evil.example/creds", "ftp://localhost/creds", "http://127.0.0.1.evil.example/"])
    func containerHost(address: String) {
        let error = #expect(throws: AWSError.self) {
            try requests(["AWS_CONTAINER_CREDENTIALS_FULL_URI": address], [])
        }
        guard case .credentials(let reason) = error else {
            Issue.record("\(String(describing: error)) is not a credentials error")
            return
        }
        #expect(reason.hasPrefix("AWS_CONTAINER_CREDENTIALS_FULL_URI is \(address)"))
    }

    @Test("the content of the token file is the authorization header") func tokenFile() throws {
        let token = try TemporaryFile("token-from-file\n")
        let environment = [
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost:1234/creds",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": token.path,
        ]
        let answer = ScriptedTransport.Step.answer(200, #"{"AccessKeyId":"ONE","SecretAccessKey":"s"}"#)
        let sent = try requests(environment, [answer, Self.head])
        #expect(sent[0].url == "http://localhost:1234/creds")
        #expect(sent[0].headers["authorization"] == "token-from-file")
    }

    @Test("a web identity token is exchanged for a role's credentials") func webIdentity() throws {
        let token = try TemporaryFile("ey+/=\n")
        let environment = [
            "AWS_WEB_IDENTITY_TOKEN_FILE": token.path, "AWS_ROLE_ARN": "arn:aws:iam::1:role/r",
            "AWS_ROLE_SESSION_NAME": "task",
        ]
        let answer = ScriptedTransport.Step.answer(
            200,
            """
            <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
            <AssumeRoleWithWebIdentityResult><Credentials><SessionToken>st</SessionToken>
            <SecretAccessKey>s</SecretAccessKey><Expiration>2026-03-01T11:00:00Z</Expiration>
            <AccessKeyId>ROLE</AccessKeyId></Credentials></AssumeRoleWithWebIdentityResult>
            </AssumeRoleWithWebIdentityResponse>
            """)
        let sent = try requests(environment, [answer, Self.head])
        #expect(sent[0].url == "https://sts.eu-west-1.amazonaws.com/" && sent[0].headers["authorization"] == nil)
        #expect(
            String(decoding: sent[0].body, as: UTF8.self)
                == "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr"
                + "&RoleSessionName=task&WebIdentityToken=ey%2B%2F%3D")
        #expect(keyID(sent[1]) == "ROLE" && sent[1].headers["x-amz-security-token"] == "st")
    }

    @Test("expired container credentials are renewed once; fixed credentials are not") func expiredToken() throws {
        let expired = ScriptedTransport.Step.answer(400, "<Error><Code>ExpiredToken</Code></Error>")
        let fetched = ScriptedTransport.Step.answer(200, #"{"AccessKeyId":"K","SecretAccessKey":"s"}"#)
        let container = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/c"]
        #expect(try requests(container, [fetched, expired, fetched, Self.head]).count == 4)
        #expect(throws: AWSError.self) { try requests(container, [fetched, expired, fetched, expired, fetched]) }
        let fixed = ["AWS_ACCESS_KEY_ID": "K", "AWS_SECRET_ACCESS_KEY": "s"]
        #expect(throws: AWSError.self) { try requests(fixed, [expired, Self.head]) }
    }

    @Test("a call without credentials fails and names AWS_ACCESS_KEY_ID") func noCredentials() {
        let error = #expect(throws: AWSError.self) { try requests([:], []) }
        #expect(error.map { "\($0)".contains("AWS_ACCESS_KEY_ID") } == true)
    }
}
