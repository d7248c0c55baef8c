/// Header fields in the order of arrival; names are compared without case.
package struct HTTPHeaders: Sendable {
    package private(set) var fields: [(name: String, value: String)]

    package init(_ fields: [(String, String)] = []) { self.fields = fields.map { (name: $0.0, value: $0.1) } }

    /// The first value of `name`. Setting replaces all values of that name.
    package subscript(name: String) -> String? {
        get { fields.first { Self.same($0.name, name) }?.value }
        set {
            fields.removeAll { Self.same($0.name, name) }
            if let newValue { fields.append((name: name, value: newValue)) }
        }
    }

    package mutating func append(_ name: String, _ value: String) { fields.append((name: name, value: value)) }

    private static func same(_ left: String, _ right: String) -> Bool {
        let (left, right) = (left.utf8, right.utf8)
        return left.count == right.count && zip(left, right).allSatisfy { lowered($0) == lowered($1) }
    }

    private static func lowered(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
}

/// A request to the emulator, independent of its transport.
package struct HTTPRequest: Sendable {
    package var method: String
    /// The path as sent, still percent-encoded, without the query.
    package var path: String
    /// The query as sent, still percent-encoded, without the question mark; empty when there is none.
    package var query: String
    package var headers: HTTPHeaders
    package var body: RequestBody
    /// Verifies the chunks of the body; nil if they are not signed, or if signatures are not verified.
    package var chunkSignatures: ChunkSignatures?

    package init(
        method: String, path: String, query: String = "", headers: HTTPHeaders = HTTPHeaders(),
        body: RequestBody = RequestBody([])
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
    }
}

/// A request's body, read once, piece by piece as it arrives: reading slowly slows the sender down.
package struct RequestBody: Sendable {
    /// The Content-Length, if the sender gave one.
    package let length: Int?
    private let nextPiece: @Sendable () async throws -> [UInt8]?

    /// - Parameter next: the next piece, nil at the end; throws when the connection is lost before the end.
    package init(length: Int?, next: @escaping @Sendable () async throws -> [UInt8]?) {
        self.length = length
        nextPiece = next
    }

    package init(_ bytes: [UInt8]) {
        let rest = Once(bytes)
        self.init(length: bytes.count) { rest.take() }
    }

    package func next() async throws -> [UInt8]? { try await nextPiece() }

    /// The whole body in memory.
    /// - Throws: ``AWSFault`` `RequestEntityTooLargeException` (413) past `limit` bytes; the transport's error.
    package func collect(upTo limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(length ?? 0, limit))
        while let piece = try await next() {
            guard bytes.count + piece.count <= limit else {
                throw AWSFault(
                    "RequestEntityTooLargeException", "The request body is larger than \(limit) bytes.", status: 413)
            }
            // One piece that is all of it is not copied; the room for several is kept.
            if bytes.isEmpty, piece.count >= length ?? 0 { bytes = piece } else { bytes.append(contentsOf: piece) }
        }
        return bytes
    }
}

/// A response.
package struct HTTPResponse: Sendable {
    package enum Body: Sendable {
        case bytes([UInt8])
        /// Ranges of files, one after the other; the transport streams them.
        case files(FileRanges)
        /// Pieces as they are made, of a length that is not known.
        case stream(ResponseStream)
    }

    package var status: Int
    package var headers: HTTPHeaders
    package var body: Body

    package init(status: Int, headers: HTTPHeaders = HTTPHeaders(), body: Body = .bytes([])) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// A body that is made while it is sent.
package struct ResponseStream: Sendable {
    private let nextPiece: @Sendable () async -> [UInt8]?

    /// - Parameter next: waits for the next piece; nil at the end. Its task is cancelled when the client is gone.
    package init(_ next: @escaping @Sendable () async -> [UInt8]?) { nextPiece = next }

    package func next() async -> [UInt8]? { await nextPiece() }
}

/// `length` bytes of the file at `path` from `offset` on.
package struct FileRange: Sendable {
    package var path: String
    package var offset: Int
    package var length: Int

    package init(path: String, offset: Int, length: Int) {
        self.path = path
        self.offset = offset
        self.length = length
    }
}

/// Bytes in files. The files stay unchanged while the value exists.
package struct FileRanges: Sendable {
    package let ranges: [FileRange]
    /// In bytes.
    package var length: Int { ranges.reduce(0) { $0 + $1.length } }
    private let keeper: (any Sendable)?

    /// - Parameter keeper: an object that keeps the files from being removed while it exists.
    package init(_ ranges: [FileRange], keeping keeper: (any Sendable)? = nil) {
        self.ranges = ranges
        self.keeper = keeper
    }
}
