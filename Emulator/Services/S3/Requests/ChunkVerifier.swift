internal import Digest
internal import EmulatorCore

/// Verifies the chunks of a body as their bytes arrive. A body is refused before any of it becomes visible.
struct ChunkVerifier: ~Copyable {
    private var signatures: ChunkSignatures
    /// Of the chunk in progress.
    private var signature = ""
    private var digest: Digest?
    private var trailers: [(name: String, value: String)] = []
    private var hasTrailerSignature = false

    init(_ signatures: ChunkSignatures) { self.signatures = signatures }

    /// Starts the chunk with this line: `10000;chunk-signature=…`.
    mutating func start(_ line: String) {
        let mark = ";chunk-signature="
        signature = line.firstRange(of: mark).map { String(line[$0.upperBound...]) } ?? ""
        digest = Digest(.sha256)
    }

    mutating func update(_ bytes: [UInt8]) { digest?.update(bytes) }

    /// - Throws: ``SignatureFault`` if the chunk's signature is wrong.
    mutating func finishChunk() throws(SignatureFault) {
        guard let hash = digest.take()?.finish() else { return }
        try signatures.verify(signature, ofChunk: hash)
    }

    mutating func take(trailer name: String, _ value: String) throws(SignatureFault) {
        guard name == "x-amz-trailer-signature" else {
            trailers.append((name, value))
            return
        }
        try signatures.verify(value, ofTrailers: trailers)
        hasTrailerSignature = true
        trailers = []
    }

    /// - Throws: ``SignatureFault`` if trailers are left that no signature covers.
    mutating func finish() throws(SignatureFault) {
        guard !signatures.coversTrailers || hasTrailerSignature, trailers.isEmpty else {
            try signatures.verify("", ofTrailers: trailers)
            return
        }
    }
}
