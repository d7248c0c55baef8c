import AWSModels
import Testing

@testable import AWSClient

/// Profiles of the shared files: the requests and configuration that they lead to.
@Suite struct ProfileTests {
    /// Makes one S3 call with `profile` of a configuration file, and returns the requests sent.
    private func requests(
        _ profile: String, _ configuration: String, _ steps: [ScriptedTransport.Step] = [],
        environment: [String: String] = [:]
    ) throws -> [HTTPRequest] {
        let file = try TemporaryFile(configuration)
        let environment = environment.merging(["AWS_CONFIG_FILE": file.path]) { $1 }
        let transport = ScriptedTransport(steps + [.answer(200, "", ["content-length": "1"])])
        let source = CredentialsSource(environment: { environment[$0] }, profile: profile)
        let client = AWSClient(AWSConfiguration(region: "eu-west-1"), source, transport, transport.clock)
        _ = try ObjectStore(client).head(S3Object(bucket: "b", key: "k"))
        return transport.requests
    }

    private func keyID(_ request: HTTPRequest?) -> String? {
        request?.headers["authorization"]?.split(separator: "=").dropFirst().first?.split(separator: "/").first
            .map(String.init)
    }

    private func refusal(_ profile: String, _ configuration: String) -> String {
        do {
            _ = try requests(profile, configuration)
            return ""
        } catch {
            return "\(error)"
        }
    }

    static let roleAnswer = ScriptedTransport.Step.answer(
        200,
        """
        <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
        <AccessKeyId>ROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>st</SessionToken>
        <Expiration>2026-03-01T11:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>
        """)

    @Test("a requested profile takes precedence over keys in the environment") func requestedProfile() throws {
        let sent = try requests(
            "work", "[profile work]\naws_access_key_id=WORK\naws_secret_access_key=s\n",
            environment: ["AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s"])
        #expect(keyID(sent.first) == "WORK")
    }

    @Test("a role is assumed with the keys of the source profile") func sourceProfile() throws {
        let sent = try requests(
            "prod",
            """
            [default]
            aws_access_key_id = BASE
            aws_secret_access_key = s
            [profile prod]
            role_arn = arn:aws:iam::1:role/reader
            source_profile = default
            external_id = x/1
            role_session_name = me
            duration_seconds = 900
            """, [Self.roleAnswer])
        #expect(sent[0].url == "https://sts.eu-west-1.amazonaws.com/" && keyID(sent[0]) == "BASE")
        #expect(sent[0].headers["authorization"]?.contains("/eu-west-1/sts/aws4_request") == true)
        #expect(
            String(decoding: sent[0].body, as: UTF8.self)
                == "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Freader"
                + "&RoleSessionName=me&DurationSeconds=900&ExternalId=x%2F1")
        #expect(keyID(sent[1]) == "ROLE" && sent[1].headers["x-amz-security-token"] == "st")
    }

    @Test("a chain of roles starts with a profile's own keys") func roleChain() throws {
        let sent = try requests(
            "last",
            """
            [profile last]
            role_arn = arn:aws:iam::2:role/last
            source_profile = first
            [profile first]
            role_arn = arn:aws:iam::1:role/first
            source_profile = first
            aws_access_key_id = BASE
            aws_secret_access_key = s
            """, [Self.roleAnswer, Self.roleAnswer])
        #expect(sent.map { keyID($0) } == ["BASE", "ROLE", "ROLE"])
        #expect(String(decoding: sent[0].body, as: UTF8.self).contains("role%2Ffirst"))
        #expect(String(decoding: sent[1].body, as: UTF8.self).contains("role%2Flast"))
    }

    @Test("a role can be assumed with the environment's keys") func credentialSource() throws {
        let sent = try requests(
            "ci", "[profile ci]\nrole_arn = arn:aws:iam::1:role/r\ncredential_source = Environment\n",
            [Self.roleAnswer], environment: ["AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s"])
        #expect(sent.map { keyID($0) } == ["ENV", "ROLE"])
    }

    @Test("a credential process supplies the credentials") func credentialProcess() throws {
        let printed = #"{"Version": 1, "AccessKeyId": "PROC", "SecretAccessKey": "s", "SessionToken": "t"}"#
        let sent = try requests("sso", "[profile sso]\ncredential_process = printf '%s' '\(printed)'\n")
        #expect(keyID(sent.first) == "PROC" && sent.first?.headers["x-amz-security-token"] == "t")
        #expect(
            refusal("x", "[profile x]\ncredential_process = exit 3\n").contains("credential_process failed: exit 3"))
        #expect(
            refusal("x", "[profile x]\ncredential_process = echo '{}'\n").contains("did not print JSON with Version 1"))
    }

    @Test(
        "the error says what an unusable profile lacks",
        arguments: [
            ("gone", "[profile other]\nregion = x\n", "the profile gone is missing in"),
            (
                "a", "[profile a]\nrole_arn = r\nsource_profile = b\n",
                "the profile b, source_profile of a, is missing in"
            ),
            (
                "a", "[profile a]\nrole_arn = r\nsource_profile = b\n[profile b]\nrole_arn = r\nsource_profile = a\n",
                "a, b, a"
            ),
            ("a", "[profile a]\nrole_arn = r\n", "needs either source_profile or credential_source"),
            (
                "a", "[profile a]\nrole_arn = r\ncredential_source = Ec2InstanceMetadata\n",
                "Environment or EcsContainer"
            ),
            ("a", "[profile a]\nrole_arn = r\nsource_profile = b\nmfa_serial = m\n[profile b]\n", "mfa_serial"),
            ("a", "[profile a]\nsso_session = s\nsso_account_id = 1\n", "aws configure export-credentials --profile a"),
            ("a", "[profile a]\nrole_arn = r\nsource_profile = b\n[profile b]\nregion = x\n", "has no credentials"),
        ])
    func unusableProfiles(profile: String, configuration: String, text: String) {
        let refusal = refusal(profile, configuration)
        #expect(refusal.contains(text), "\(refusal)")
    }

    @Test("a profile's endpoints apply where the environment sets none") func profileEndpoints() throws {
        let file = try TemporaryFile(
            """
            [profile local]
            region = eu-west-1
            endpoint_url = http://localhost:4566
            services = mine
            [services mine]
            dynamodb =
              endpoint_url = http://localhost:8000
            s3 =
              endpoint_url = http://localhost:9000
            """)
        func origins(_ variables: [String: String] = [:]) throws -> [String] {
            let environment = variables.merging(["AWS_CONFIG_FILE": file.path]) { $1 }
            let configuration = try AWSConfiguration(environment: { environment[$0] }, profile: "local")
            return ["dynamodb", "s3", "logs"].map { "\(configuration.origin(of: $0))" }
        }
        #expect(try origins() == ["http://localhost:8000", "http://localhost:9000", "http://localhost:4566"])
        #expect(
            try origins(["AWS_ENDPOINT_URL_DYNAMODB": "http://h:1"])
                == ["http://h:1", "http://localhost:9000", "http://localhost:4566"])
        #expect(try origins(["AWS_ENDPOINT_URL": "http://h:2"]) == ["http://h:2", "http://h:2", "http://h:2"])
        #expect(
            try origins(["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"]).last == "https://logs.eu-west-1.amazonaws.com")
    }

    @Test("a missing profile is reported before its missing region") func missingProfile() throws {
        let file = try TemporaryFile("[profile other]\n")
        let error = #expect(throws: AWSError.self) {
            try AWSConfiguration(environment: { ["AWS_CONFIG_FILE": file.path][$0] }, profile: "gone")
        }
        #expect(error.map { "\($0)".contains("the profile gone is missing in \(file.path)") } == true)
    }

    @Test("a stack's outputs are read by name") func stackOutputs() throws {
        let transport = ScriptedTransport([
            .answer(
                200,
                """
                <DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
                <DescribeStacksResult><Stacks><member><StackName>s</StackName><Outputs>
                <member><OutputKey>ControlTable</OutputKey><OutputValue>cupel-prod-control</OutputValue></member>
                <member><OutputKey>FunctionPrefix</OutputKey><OutputValue>cupel-prod-</OutputValue></member>
                </Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>
                """)
        ])
        let client = AWSClient(
            AWSConfiguration(region: "eu-west-1"), .fixed(Credentials(accessKeyID: "K", secretAccessKey: "s")),
            transport,
            transport.clock)
        #expect(
            try CloudFormation(client).outputs(ofStack: "s")
                == ["ControlTable": "cupel-prod-control", "FunctionPrefix": "cupel-prod-"])
        #expect(transport.requests[0].url == "https://cloudformation.eu-west-1.amazonaws.com/")
        #expect(
            String(decoding: transport.requests[0].body, as: UTF8.self)
                == "Action=DescribeStacks&Version=2010-05-15&StackName=s")
    }
}
