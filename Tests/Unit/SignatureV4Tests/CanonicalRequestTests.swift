import SignatureV4
import Testing

/// AWS's Signature Version 4 test suite, in awslabs/aws-c-auth: the cases about paths.
@Suite struct CanonicalRequestTests {
    private static let emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    private func sign(_ path: String, isForS3: Bool) -> String {
        let scope = CredentialScope(day: "20150830", region: "us-east-1", service: "service")
        let key = SigningKey(secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", scope: scope)
        let request = CanonicalRequest(
            method: "GET", path: path, query: "",
            headers: [("x-amz-date", "20150830T123600Z"), ("host", "example.amazonaws.com")], bodyHash: Self.emptyHash,
            isForS3: isForS3)
        #expect(request.signedHeaders == "host;x-amz-date")
        return key.signature(of: scope.stringToSign(request, at: "20150830T123600Z"))
    }

    @Test(
        "a path is signed as it is sent, for S3",
        arguments: [
            ("/%E1%88%B4", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
            ("/example%20space/", "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
        ])
    func asSent(path: String, signature: String) {
        #expect(sign(path, isForS3: true) == signature)
        #expect(sign(path, isForS3: false) != signature)
    }

    @Test(
        "a path is signed without empty and dot segments, for other services",
        arguments: [
            ("/", "/"), ("//", "/"), ("/./", "/"), ("/example/..", "/"), ("/example1/example2/../..", "/"),
            ("/./example", "/example"), ("//example//", "/example/"), ("/..", "/"),
        ])
    func normalized(path: String, expected: String) {
        #expect(sign(path, isForS3: false) == sign(expected, isForS3: true))
    }

    @Test("a query is sorted by its encoded names and values") func query() {
        let items = [("b", "2"), ("a", "é"), ("b", "1"), ("B", ""), ("a b", "+")]
        #expect(CanonicalRequest.query(items) == "B=&a=%C3%A9&a%20b=%2B&b=1&b=2")
    }
}
