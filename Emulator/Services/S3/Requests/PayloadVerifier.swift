internal import EmulatorCore
internal import Digest
internal import JSON

/// Hashes a payload while it is received, and compares it with the client's declarations.
struct PayloadVerifier: ~Copyable {
    /// The properties of a complete payload.
    struct Result: Sendable {
        let size: Int
        let md5: [UInt8]
        let checksum: Checksum?
        /// The checksum that was asked for beside the client's own.
        var second: Checksum?
    }

    /// The client's declarations.
    private struct Expectations {
        var md5: [UInt8]?
        var sha256: String?
        var checksum: String?
        var algorithm: ChecksumAlgorithm?

        init(_ headers: HTTPHeaders, otherwise algorithm: ChecksumAlgorithm?) throws(S3Fault) {
            if let header = headers["Content-MD5"] {
                guard let md5 = [UInt8](base64: header), md5.count == 16 else { throw .invalidDigest }
                self.md5 = md5
            }
            if let header = headers["x-amz-content-sha256"], header.utf8.count == 64 { sha256 = header.lowercased() }
            let sent = headers.fields.compactMap { field in
                ChecksumAlgorithm(header: field.name).map { (algorithm: $0, value: field.value) }
            }
            guard sent.count <= 1 else {
                throw .invalidRequest(
                    "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
            }
            if let sent = sent.first {
                guard [UInt8](base64: sent.value)?.count == sent.algorithm.length else {
                    throw .invalidRequest("Value for \(sent.algorithm.header) header is invalid.")
                }
                checksum = sent.value
            }
            let trailer = headers["x-amz-trailer"].flatMap { ChecksumAlgorithm(header: $0) }
            let named = headers["x-amz-sdk-checksum-algorithm"].flatMap {
                ChecksumAlgorithm(rawValue: $0.uppercased())
            }
            self.algorithm = sent.first?.algorithm ?? trailer ?? named ?? algorithm
        }
    }

    private let expected: Expectations
    private var size = 0
    private var md5: Digest?
    private var sha256: Digest?
    private var checksum: RunningChecksum?
    private var second: RunningChecksum?

    /// - Parameters:
    ///   - algorithm: the checksum to compute if the client sends none.
    ///   - second: a checksum to compute in any case.
    init(
        _ headers: HTTPHeaders, checksum algorithm: ChecksumAlgorithm?, second: ChecksumAlgorithm? = nil
    ) throws(S3Fault) {
        self.init(try Expectations(headers, otherwise: algorithm), second)
    }

    private init(_ expected: Expectations, _ second: ChecksumAlgorithm?) {
        self.expected = expected
        md5 = Digest(.md5)
        sha256 = expected.sha256 == nil ? nil : Digest(.sha256)
        checksum = expected.algorithm.map { RunningChecksum($0) }
        self.second = second == expected.algorithm ? nil : second.map { RunningChecksum($0) }
    }

    mutating func update(_ piece: [UInt8]) {
        size += piece.count
        md5?.update(piece)
        sha256?.update(piece)
        checksum?.update(piece)
        second?.update(piece)
    }

    /// - Throws: `BadDigest`, `XAmzContentSHA256Mismatch`, `InvalidRequest`.
    consuming func finish(trailers: [String: String]) throws(S3Fault) -> Result {
        let md5 = md5.take()?.finish() ?? []
        guard expected.md5 == nil || expected.md5 == md5 else { throw .badDigest }
        if let expected = expected.sha256, let digest = sha256.take(), digest.finish().hexadecimal != expected {
            throw S3Fault(
                "XAmzContentSHA256Mismatch",
                "The provided 'x-amz-content-sha256' header does not match what was computed.", 400)
        }
        guard let checksum = checksum.take() else { return Result(size: size, md5: md5, checksum: nil) }
        let algorithm = checksum.algorithm
        let value = checksum.finish().base64
        if let expected = expected.checksum ?? trailers[algorithm.header], expected != value {
            throw S3Fault(
                "BadDigest", "The \(algorithm.rawValue) you specified did not match the calculated checksum.", 400)
        }
        var result = Result(size: size, md5: md5, checksum: Checksum(algorithm: algorithm, value: value))
        if let second = second.take() {
            let algorithm = second.algorithm
            result.second = Checksum(algorithm: algorithm, value: second.finish().base64)
        }
        return result
    }
}
