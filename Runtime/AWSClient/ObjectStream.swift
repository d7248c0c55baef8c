public import AWSModels

/// An object's bytes, read in order and only when the caller reads them.
///
/// One thread may use it at a time.
public final class ObjectStream {
    /// Size, entity tag and version in the first response.
    public let head: ObjectHead
    public let object: S3Object
    /// The position of the next byte, counted from the object's first byte.
    public private(set) var offset: Int

    private let store: ObjectStore
    private let eTag: String?
    private var exchange: (any HTTPExchange)?
    private var failures = 0

    init(_ store: ObjectStore, _ object: S3Object, offset: Int, eTag: String?) throws(AWSError) {
        self.store = store
        self.offset = offset
        let exchange = try Self.open(store, object, offset, eTag)
        let head = try ObjectStore.head(of: exchange.head, Self.operation(object))
        self.exchange = exchange
        self.head = head
        self.eTag = eTag ?? head.eTag
        // Reads after a reconnection must come from the version that was read before it.
        self.object = S3Object(bucket: object.bucket, key: object.key, versionID: object.versionID ?? head.versionID)
    }

    /// Waits for bytes and copies those available, up to the size of `buffer`.
    ///
    /// - Returns: The number of bytes; 0 only at the object's end.
    /// - Throws: ``AWSError``; ``AWSError/isPreconditionFailed`` if the object was replaced meanwhile.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(AWSError) -> Int {
        guard !buffer.isEmpty else { return 0 }
        while offset < head.sizeInBytes {
            do throws(TransportError) {
                let exchange = try openExchange()
                let count = try exchange.read(into: buffer)
                guard count > 0 else { throw TransportError(.lost, "the response ended at byte \(offset)") }
                offset += count
                failures = 0
                return count
            } catch {
                exchange = nil
                try recover(from: error)
            }
        }
        exchange = nil
        return 0
    }

    private func openExchange() throws(TransportError) -> any HTTPExchange {
        guard let exchange else { throw TransportError(.notSent, "not connected") }
        return exchange
    }

    /// Opens the object again at the current byte. `open` itself makes several attempts.
    private func recover(from error: TransportError) throws(AWSError) {
        let operation = Self.operation(object)
        failures += 1
        let failure = AWSError.transport(
            operation: operation, endpoint: object.bucket, reason: "\(error) at byte \(offset) of \(head.sizeInBytes)")
        guard error.kind != .invalid, failures < store.client.configuration.retry.attempts else { throw failure }
        try store.client.pause(afterFailure: failures, failure, operation: operation)
        exchange = try Self.open(store, object, offset, eTag)
    }

    private static func operation(_ object: S3Object) -> String { "s3 GetObject \(object)" }

    private static func open(
        _ store: ObjectStore, _ object: S3Object, _ offset: Int, _ eTag: String?
    ) throws(AWSError) -> any HTTPExchange {
        var request = try store.request(.get, object, operation(object))
        if offset > 0 { request.headers["range"] = ObjectStore.ByteRange.from(offset).header }
        request.headers["if-match"] = eTag.map(ObjectStore.quoted)
        return try store.client.open(request, service: "s3", operation: operation(object))
    }
}
