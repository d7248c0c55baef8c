internal import EmulatorCore

/// Reads the body of a request piece by piece, and decodes the framing `aws-chunked` if present.
///
/// Chunk signatures are verified if the request's is.
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html>
struct PayloadReader: ~Copyable {
    private enum State {
        /// In the line with a chunk's size.
        case size
        /// In a chunk's data.
        case data(remaining: Int)
        /// At the line end after a chunk's data.
        case dataEnd
        case trailer
        case end
    }

    /// The trailers after the last chunk, with lowercase names.
    private(set) var trailers: [String: String] = [:]
    private let body: RequestBody
    private let isChunked: Bool
    private var verifier: ChunkVerifier?
    /// The size of the payload, if the client declared it.
    private let expected: Int?
    private var received = 0
    private var state = State.size
    private var line: [UInt8] = []
    private static let mostTrailers = 64
    private static let longestLine = 8 << 10

    init(_ request: S3Request) throws(S3Fault) {
        body = request.body
        verifier = request.chunkSignatures.map { ChunkVerifier($0) }
        isChunked =
            request.headers["x-amz-content-sha256"]?.hasPrefix("STREAMING-") == true
            || ContentEncoding(request.headers["Content-Encoding"]).isChunked
        let length = request.headers[isChunked ? "x-amz-decoded-content-length" : "Content-Length"]
        expected = length.flatMap { Int($0) }
        guard expected ?? 0 >= 0, length == nil || expected != nil else {
            throw .invalidArgument("The length of the payload is not a number.")
        }
    }

    mutating func next() async throws -> [UInt8]? {
        while let piece = try await body.next() {
            let payload = isChunked ? try payload(of: piece) : piece
            received += payload.count
            if !payload.isEmpty { return payload }
        }
        if isChunked {
            guard case .end = state else { throw S3Fault.incompleteBody }
            try verifier?.finish()
        }
        guard expected == nil || expected == received else { throw S3Fault.incompleteBody }
        return nil
    }

    private mutating func payload(of piece: [UInt8]) throws -> [UInt8] {
        var payload: [UInt8] = []
        var rest = piece[...]
        while !rest.isEmpty {
            switch state {
            case .data(let remaining):
                let chunk = rest.prefix(remaining)
                payload += chunk
                verifier?.update(Array(chunk))
                rest = rest.dropFirst(chunk.count)
                if chunk.count == remaining { try verifier?.finishChunk() }
                state = chunk.count == remaining ? .dataEnd : .data(remaining: remaining - chunk.count)
            case .end:
                return payload
            case .size, .dataEnd, .trailer:
                guard let line = try takeLine(&rest) else { return payload }
                try take(line)
            }
        }
        return payload
    }

    private mutating func take(_ line: String) throws {
        switch state {
        case .size:
            guard let size = Int(line.prefix { $0 != ";" }, radix: 16), size >= 0 else {
                throw S3Fault.incompleteBody
            }
            verifier?.start(line)
            if size == 0 { try verifier?.finishChunk() }
            state = size == 0 ? .trailer : .data(remaining: size)
        case .dataEnd:
            guard line.isEmpty else { throw S3Fault.incompleteBody }
            state = .size
        default:
            guard let colon = line.firstIndex(of: ":") else {
                state = .end
                return
            }
            guard trailers.count < Self.mostTrailers else { throw S3Fault.incompleteBody }
            let name = line[..<colon].lowercased()
            let value = String(line[colon...].dropFirst().drop { $0 == " " })
            try verifier?.take(trailer: name, value)
            trailers[name] = value
        }
    }

    /// The next line without its line end, or nil before it is complete.
    private mutating func takeLine(_ rest: inout ArraySlice<UInt8>) throws(S3Fault) -> String? {
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else {
            line += rest
            rest = []
            guard line.count <= Self.longestLine else { throw .incompleteBody }
            return nil
        }
        line += rest[..<end]
        rest = rest[(end + 1)...]
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        defer { line = [] }
        return String(decoding: line, as: UTF8.self)
    }
}

/// The encodings that a `Content-Encoding` header lists.
struct ContentEncoding {
    private let codings: [String]

    init(_ header: String?) {
        codings = (header ?? "").split(separator: ",").map { coding in
            String(coding.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
    }

    var isChunked: Bool { codings.contains { $0.lowercased() == "aws-chunked" } }

    /// The encoding of the object, without `aws-chunked`, which frames only the request.
    var ofObject: String? {
        let rest = codings.filter { $0.lowercased() != "aws-chunked" }
        return rest.isEmpty ? nil : rest.joined(separator: ",")
    }
}
