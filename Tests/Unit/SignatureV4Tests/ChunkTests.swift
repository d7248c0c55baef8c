import Digest
import SignatureV4
import Testing

/// The worked examples of the S3 API Reference, "Signature Calculations for the Authorization Header: Transferring Payload
/// in Multiple Chunks" and its variant with trailing headers. The payload is 66,560 letters a in chunks of 65,536 bytes.
@Suite struct ChunkTests {
    private let scope = CredentialScope(day: "20130524", region: "us-east-1", service: "s3")
    private let time = "20130524T000000Z"
    private var key: SigningKey { SigningKey(secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", scope: scope) }

    private func sign(chunk size: Int, after previous: String) -> String {
        let hash = Digest.sha256([UInt8](repeating: UInt8(ascii: "a"), count: size)).hexadecimal
        return key.signature(of: scope.stringToSign(chunk: hash, after: previous, at: time))
    }

    @Test("the request and its chunks are signed as in the S3 API Reference") func chunks() {
        let headers = [
            ("content-encoding", "aws-chunked"), ("content-length", "66824"), ("host", "s3.amazonaws.com"),
            ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), ("x-amz-date", time),
            ("x-amz-decoded-content-length", "66560"), ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ]
        let request = CanonicalRequest(
            method: "PUT", path: "/examplebucket/chunkObject.txt", query: "", headers: headers,
            bodyHash: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", isForS3: true)
        let seed = key.signature(of: scope.stringToSign(request, at: time))
        #expect(seed == "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9")
        let first = sign(chunk: 65_536, after: seed)
        #expect(first == "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648")
        let second = sign(chunk: 1024, after: first)
        #expect(second == "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497")
        #expect(sign(chunk: 0, after: second) == "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9")
    }

    @Test("trailers are signed as in the S3 API Reference") func trailers() {
        let seed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
        let first = sign(chunk: 65_536, after: seed)
        #expect(first == "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2")
        let second = sign(chunk: 1024, after: first)
        #expect(second == "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7")
        let last = sign(chunk: 0, after: second)
        #expect(last == "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992")
        let hash = Digest.sha256("x-amz-checksum-crc32c:sOO8/Q==\n").hexadecimal
        #expect(
            key.signature(of: scope.stringToSign(trailers: hash, after: last, at: time))
                == "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435")
    }
}
