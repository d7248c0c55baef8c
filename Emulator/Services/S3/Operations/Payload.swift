internal import EmulatorCore

/// The verified bytes of an object. They are durable in files, or small enough to become durable with the index.
struct Payload: Sendable {
    var content: ObjectContent
    var facts: PayloadVerifier.Result

    /// The files to delete if the payload is not used.
    var files: [String] {
        if case .files(let segments) = content { segments.map(\.file) } else { [] }
    }
}

extension S3 {
    /// The largest object in the database. Up to this size, a shared commit is faster than the fsyncs of a file.
    static let inlineLimit = 128 << 10
    /// The largest object of a single PUT, and the largest part, in bytes.
    static let putLimit = 5 << 30

    /// Receives the body of a request, with at most ``inlineLimit`` bytes in memory.
    /// - Parameters:
    ///   - checksum: what to compute if the client sends none.
    ///   - second: what to compute in any case.
    ///   - inFile: whether to write even a small body to a file.
    func receive(
        _ request: S3Request, checksum: ChecksumAlgorithm? = nil, second: ChecksumAlgorithm? = nil,
        inFile: Bool = false
    ) async throws -> Payload {
        var reader = try PayloadReader(request)
        var verifier = try PayloadVerifier(request.headers, checksum: checksum, second: second)
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

    /// Receives bytes of this process, which say how many they are.
    func receive(_ body: RequestBody, checksum: ChecksumAlgorithm) async throws -> Payload {
        guard let length = body.length, length > Self.inlineLimit else {
            return try await receive(try await body.collect(upTo: Self.inlineLimit), checksum: checksum)
        }
        guard length <= Self.putLimit else { throw S3Fault.entityTooLarge }
        var verifier = try PayloadVerifier(HTTPHeaders(), checksum: checksum)
        let draft = try files.create()
        var size = 0
        while let piece = try await body.next() {
            verifier.update(piece)
            size += piece.count
            try draft.append(piece)
        }
        let facts = try verifier.finish(trailers: [:])
        try await draft.finish()
        return Payload(content: .files([ObjectContent.Segment(file: draft.name, size: size)]), facts: facts)
    }

    /// Receives bytes that are already in memory.
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
