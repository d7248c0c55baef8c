internal import EmulatorCore

/// An object's bytes as they arrived: verified, and durable or small enough to become so with the index.
struct Payload: Sendable {
    var content: ObjectContent
    var facts: PayloadVerifier.Result

    /// The files that must go if the payload is not used.
    var files: [String] {
        if case .files(let segments) = content { segments.map(\.file) } else { [] }
    }
}

extension S3 {
    /// What is kept in the database. Up to here a shared commit beats a file's own fsyncs.
    static let inlineLimit = 128 << 10
    /// The largest object of a single PUT, and the largest part, in bytes.
    static let putLimit = 5 << 30

    /// Takes a request's body in, holding no more of it than ``inlineLimit``.
    /// - Parameter inFile: writes a file however small the body.
    func receive(
        _ request: S3Request, checksum: ChecksumAlgorithm? = nil, inFile: Bool = false
    ) async throws -> Payload {
        var reader = try PayloadReader(request)
        var verifier = try PayloadVerifier(request, checksum: checksum)
        var bytes: [UInt8] = []
        if let length = request.body.length, length <= Self.inlineLimit { bytes.reserveCapacity(length) }
        var draft: FileDraft? = inFile ? try files.create() : nil
        var size = 0
        while let piece = try await reader.next() {
            verifier.update(piece)
            size += piece.count
            guard size <= Self.putLimit else { throw S3Fault.entityTooLarge }
            if let draft {
                try draft.append(piece)
            } else {
                bytes += piece
            }
            if draft == nil, bytes.count > Self.inlineLimit {
                draft = try files.create()
                try draft?.append(bytes)
                bytes = []
            }
        }
        let facts = try verifier.finish(trailers: reader.trailers)
        guard let draft else { return Payload(content: .inline(bytes), facts: facts) }
        try await draft.finish()
        return Payload(content: .files([ObjectContent.Segment(file: draft.name, size: size)]), facts: facts)
    }

    /// Takes bytes in that are in memory already.
    func receive(_ bytes: [UInt8], checksum: ChecksumAlgorithm) async throws -> Payload {
        var verifier = try PayloadVerifier(HTTPHeaders(), checksum: checksum)
        verifier.update(bytes)
        let facts = try verifier.finish(trailers: [:])
        guard bytes.count > Self.inlineLimit else { return Payload(content: .inline(bytes), facts: facts) }
        let draft = try files.create()
        try draft.append(bytes)
        try await draft.finish()
        return Payload(content: .files([ObjectContent.Segment(file: draft.name, size: bytes.count)]), facts: facts)
    }
}
