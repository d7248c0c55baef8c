internal import EmulatorCore
internal import URLCoding
internal import XML

/// A request, with its bucket and its key.
struct S3Request: Sendable {
    let method: String
    /// Empty for the service itself.
    let bucket: String
    /// Empty for the bucket itself. Keys are compared by their bytes, not with Swift's text comparison.
    let key: String
    let query: S3Query
    let headers: HTTPHeaders
    let body: RequestBody
    let chunkSignatures: ChunkSignatures?
    /// The path as sent, for error documents.
    let resource: String

    private static let longestKey = 1024

    init(_ request: HTTPRequest) throws(S3Fault) {
        method = request.method
        query = try S3Query(request.query)
        headers = request.headers
        body = request.body
        chunkSignatures = request.chunkSignatures
        resource = request.path
        var path = request.path.dropFirst()
        if let bucket = request.headers["Host"].flatMap(Self.bucket(inHost:)) {
            self.bucket = bucket
        } else {
            let slash = path.utf8.firstIndex(of: UInt8(ascii: "/"))
            guard let decoded = String(percentDecoding: String(path[..<(slash ?? path.endIndex)])) else {
                throw .invalidURI
            }
            bucket = decoded
            path = slash.map { path[path.utf8.index(after: $0)...] } ?? ""
        }
        guard let key = String(percentDecoding: String(path)) else { throw .invalidURI }
        guard key.utf8.count <= Self.longestKey else { throw .keyTooLong }
        self.key = key
    }

    /// The bucket of a virtual-hosted request: the part of the host before `.s3.`, `.s3-` or `.localhost`.
    /// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html>
    private static func bucket(inHost host: String) -> String? {
        let name = host[..<(host.utf8.firstIndex(of: UInt8(ascii: ":")) ?? host.endIndex)]
        for mark in [".s3.", ".s3-"] {
            guard let rest = name.suffix(afterBytesOf: mark) else { continue }
            return String(name[..<name.utf8.index(rest.startIndex, offsetBy: -mark.utf8.count)])
        }
        guard name.hasSuffix(".localhost"), name != "s3.localhost" else { return nil }
        return String(name.dropLast(".localhost".count))
    }

    /// A whole XML document from the body.
    /// - Parameter describesObject: whether a checksum header is that of an object, not of the document.
    func document(describesObject: Bool = false) async throws -> XMLElement {
        try XMLElement(request: try await configuration(describesObject: describesObject))
    }

    /// The body of a configuration request, whose Content-MD5 and checksum are verified.
    func configuration(describesObject: Bool = false) async throws -> [UInt8] {
        let limit = 1 << 20
        var payload = try PayloadReader(self)
        var headers = headers
        if describesObject {
            headers = HTTPHeaders(
                headers.fields.filter { ChecksumAlgorithm(header: $0.name) == nil }.map { ($0.name, $0.value) })
        }
        var verifier = try PayloadVerifier(headers, checksum: nil)
        var bytes: [UInt8] = []
        while let piece = try await payload.next() {
            verifier.update(piece)
            bytes += piece
            guard bytes.count <= limit else {
                throw S3Fault("MaxMessageLengthExceeded", "Your request was too big.", 400)
            }
        }
        _ = try verifier.finish(trailers: payload.trailers)
        return bytes
    }
}
