import Testing

@testable import AWSClient

@Suite struct AWSConfigurationTests {
    @Test("region, endpoints, attempts and CA bundle come from the SDKs' environment variables")
    func environmentVariables() throws {
        let environment = [
            "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "http://localhost:4566/",
            "AWS_ENDPOINT_URL_S3": "https://[::1]:9000", "AWS_ENDPOINT_URL_SFN": "", "AWS_MAX_ATTEMPTS": "7",
            "AWS_CA_BUNDLE": "/ca.pem",
        ]
        let configuration = try AWSConfiguration(environment: { environment[$0] })
        #expect(configuration.region == "eu-west-1" && configuration.retry.attempts == 7)
        #expect("\(configuration.origin(of: "dynamodb"))" == "http://localhost:4566")
        #expect("\(configuration.origin(of: "states"))" == "http://localhost:4566")
        #expect(configuration.customOrigin(of: "s3").map { "\($0)" } == "https://[::1]:9000")
        #expect(configuration.authorities == .file("/ca.pem"))
    }

    @Test(
        "without a configured endpoint the client calls the region's own",
        arguments: [
            ("eu-west-1", "https://dynamodb.eu-west-1.amazonaws.com"),
            ("cn-north-1", "https://dynamodb.cn-north-1.amazonaws.com.cn"),
        ])
    func regionalEndpoint(region: String, origin: String) {
        #expect("\(AWSConfiguration(region: region).origin(of: "dynamodb"))" == origin)
    }

    @Test(
        "the error names the missing or unusable variable",
        arguments: [
            ([:], "AWS_REGION"), (["AWS_REGION": "eu west"], "AWS_REGION"),
            (["AWS_REGION": "r", "AWS_ENDPOINT_URL": "localhost:4566"], "AWS_ENDPOINT_URL"),
            (["AWS_REGION": "r", "AWS_ENDPOINT_URL_DYNAMODB": "http://h:99999"], "AWS_ENDPOINT_URL_DYNAMODB"),
            (["AWS_REGION": "r", "AWS_ENDPOINT_URL": "http://user:secret@h"], "AWS_ENDPOINT_URL"),
            (["AWS_REGION": "r", "AWS_ENDPOINT_URL": "http://h/path"], "AWS_ENDPOINT_URL"),
            (["AWS_REGION": "r", "AWS_MAX_ATTEMPTS": "0"], "AWS_MAX_ATTEMPTS"),
        ] as [([String: String], String)])
    func unusableVariables(environment: [String: String], variable: String) {
        let error = #expect(throws: AWSError.self) { try AWSConfiguration(environment: { environment[$0] }) }
        #expect(error.map { "\($0)".contains(variable) } == true)
    }
}
