import AWSModels
import Testing
import Time

@testable import AWSClient

/// Vectors that AWS published: its Signature Version 4 test suite (in awslabs/aws-c-auth) and the worked examples of
/// the S3 API Reference, "Signature Calculations for the Authorization Header".
@Suite struct SignerTests {
    static let suiteSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    static let s3Secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    static let unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

    struct Vector: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var method = HTTPMethod.get
        var path = "/"
        var query: [HTTPRequest.QueryItem] = []
        var headers: HTTPHeaders = [:]
        var body = ""
        let signature: String
    }

    static let suite: [Vector] = [
        Vector(
            testDescription: "get-vanilla",
            signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        Vector(
            testDescription: "post-vanilla", method: .post,
            signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        Vector(
            testDescription: "get-vanilla-query-order-key-case",
            query: [.init("Param2", "value2"), .init("Param1", "value1")],
            signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        Vector(
            testDescription: "get-vanilla-query-unreserved", query: [.init(unreserved, unreserved)],
            signature: "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"),
        Vector(
            testDescription: "get-vanilla-utf8-query", query: [.init("ሴ", "bar")],
            signature: "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"),
        Vector(
            testDescription: "get-header-value-order",
            headers: [
                "My-Header1": "value4", "My-Header1": "value1", "My-Header1": "value3", "My-Header1": "value2",
            ],
            signature: "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"),
        Vector(
            testDescription: "get-header-value-trim",
            headers: ["My-Header1": " value1", "My-Header2": " \"a   b   c\""],
            signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
    ]

    @Test("requests are signed as in AWS's test suite", arguments: suite)
    func testSuite(vector: Vector) {
        let signed = sign(vector, host: "example.amazonaws.com", Self.suiteSigner, at: "2015-08-30T12:36:00Z")
        #expect(signed.headers["authorization"]?.hasSuffix("Signature=\(vector.signature)") == true)
    }

    @Test("a session token is sent and signed") func sessionToken() {
        let token = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"
        let credentials = Credentials(
            accessKeyID: "AKIDEXAMPLE", secretAccessKey: Self.suiteSecret, sessionToken: token)
        let signer = Signer(credentials: credentials, region: "us-east-1", service: "service")
        let vector = Vector(testDescription: "", signature: "")
        let signed = sign(vector, host: "example.amazonaws.com", signer, at: "2015-08-30T12:36:00Z")
        #expect(signed.headers["x-amz-security-token"] == token)
        #expect(
            signed.headers["authorization"]
                == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                + "SignedHeaders=host;x-amz-date;x-amz-security-token, "
                + "Signature=07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8")
    }

    static let s3: [Vector] = [
        Vector(
            testDescription: "GET Object", path: "/test.txt", headers: ["Range": "bytes=0-9"],
            signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        Vector(
            testDescription: "PUT Object", method: .put, path: "/test$file.text",
            headers: ["Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"],
            body: "Welcome to Amazon S3.",
            signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
        Vector(
            testDescription: "GET Bucket Lifecycle", query: [.init("lifecycle")],
            signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        Vector(
            testDescription: "List Objects", query: [.init("prefix", "J"), .init("max-keys", "2")],
            signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ]

    @Test("requests are signed as in the S3 API Reference", arguments: s3)
    func s3Documentation(vector: Vector) {
        let credentials = Credentials(accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: Self.s3Secret)
        let signer = Signer(credentials: credentials, region: "us-east-1", service: "s3")
        let signed = sign(vector, host: "examplebucket.s3.amazonaws.com", signer, at: "2013-05-24T00:00:00Z")
        #expect(signed.headers["authorization"]?.hasSuffix("Signature=\(vector.signature)") == true)
    }

    @Test("a key that is kept signs as one that is derived, whatever secret, day and service came before")
    func keptKeys() {
        let keys = SigningKeys()
        let vector = Vector(testDescription: "", signature: "")
        for round in 0..<40 {
            let credentials = Credentials(
                accessKeyID: "AKIDEXAMPLE", secretAccessKey: round % 4 == 3 ? "other" : Self.suiteSecret)
            let service = ["s3", "dynamodb", "service"][round % 3]
            let time = "2015-08-\(round < 20 ? 30 : 31)T12:36:00Z"
            let kept = Signer(credentials: credentials, region: "us-east-1", service: service, keys: keys)
            let derived = Signer(credentials: credentials, region: "us-east-1", service: service)
            #expect(
                sign(vector, host: "example.amazonaws.com", kept, at: time).headers["authorization"]
                    == sign(vector, host: "example.amazonaws.com", derived, at: time).headers["authorization"])
        }
    }

    /// The signatures are botocore 1.44.5's for the same request: SigV4Auth for DynamoDB, S3SigV4Auth for S3.
    @Test("S3 signs the path as sent; other services encode it again") func pathEncoding() {
        let vector = Vector(testDescription: "", path: "/a b/%41+é", signature: "")
        let time = "2015-08-30T12:36:00Z"
        let other = sign(vector, host: "example.amazonaws.com", Self.suiteSigner, at: time)
        let s3Signer = Signer(credentials: Self.suiteSigner.credentials, region: "us-east-1", service: "s3")
        let s3 = sign(vector, host: "example.amazonaws.com", s3Signer, at: time)
        #expect(other.url == "https://example.amazonaws.com/a%20b/%2541%2B%C3%A9")
        #expect(
            other.headers["authorization"]?.hasSuffix(
                "Signature=d6425b0f1f6edc9b6f341e8f5837d98acdb0c72f8ce9b022548023b1b774e69c") == true)
        #expect(
            s3.headers["authorization"]?.hasSuffix(
                "Signature=ce2355f0fb5b7b6ebc39a1c2cd4cca8bef81abcf773a7f614979048a6652917a") == true)
    }

    @Test("credentials never print their secrets") func secretsStayHidden() {
        let credentials = Credentials(accessKeyID: "AKID", secretAccessKey: "hush", sessionToken: "whisper")
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped] {
            #expect(!text.contains("hush") && !text.contains("whisper"))
        }
    }

    private static let suiteSigner = Signer(
        credentials: Credentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: suiteSecret), region: "us-east-1",
        service: "service")

    private func sign(_ vector: Vector, host: String, _ signer: Signer, at time: String) -> HTTPRequest {
        var request = HTTPRequest(
            vector.method, HTTPOrigin(isSecure: true, host: host), path: vector.path, query: vector.query,
            headers: vector.headers, body: Array(vector.body.utf8))
        signer.sign(&request, at: Timestamp(rfc3339: time) ?? .now())
        return request
    }
}
