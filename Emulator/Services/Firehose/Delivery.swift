internal import EmulatorCore
internal import Gzip
internal import JSON
internal import Time

/// Closes a delivery stream's buffers when their time has passed, and stores closed ones as objects.
///
/// A buffer is removed after its object is durable. After a crash in between, the object is found under its key and not
/// written again, so its event is not repeated.
struct Delivery {
    private let context: DeliveryContext

    init(_ context: DeliveryContext) { self.context = context }

    /// Runs until the task is cancelled.
    func serve() async {
        await context.repeat("S3") {
            let deadline = try await closeBuffers()
            if try await deliverNext() { return }
            await context.deliveryBell.wait(until: deadline, context.clock)
        }
    }

    /// Closes the buffers whose time has passed.
    /// - Returns: when the next one's time has passed (milliseconds since 1970); nil if none is open.
    @discardableResult
    func closeBuffers() async throws -> Int64? {
        let now = context.clock.now().milliseconds
        let open = try context.store.read { try StoredBuffer.open(of: context.id, in: $0) }
        let due = open.map { context.deadline(of: $0, at: now) }
        if due.contains(where: { $0 <= now }) {
            try await context.store.write { [context] transaction in
                // Records may have been added since.
                for buffer in try StoredBuffer.open(of: context.id, in: transaction.snapshot)
                where context.deadline(of: buffer, at: now) <= now {
                    try buffer.close(objectKey: try context.objectKey(for: buffer), in: transaction)
                }
            }
        }
        return due.filter { $0 > now }.min()
    }

    /// Stores the next closed buffer.
    /// - Returns: false if there is none.
    func deliverNext() async throws -> Bool {
        let next = try context.store.read { try StoredBuffer.nextClosed(of: context.id, in: $0) }
        guard let buffer = next, let key = buffer.objectKey else { return false }
        guard let objects = context.peers.objects else { throw AWSFault.notEmulated("S3") }
        let location = ObjectLocation(bucket: context.configuration.destination(of: buffer.kind).bucket, key: key)
        if try !isStored(location, in: objects) {
            try await context.check("PutObject", of: "s3", ["Bucket": .string(location.bucket), "Key": .string(key)])
            _ = try await objects.putObject(try contents(of: buffer), to: location)
        }
        try await context.store.write { try buffer.remove(in: $0) }
        return true
    }

    private func isStored(_ location: ObjectLocation, in objects: any ObjectStore) throws(AWSFault) -> Bool {
        do throws(AWSFault) {
            _ = try objects.headObject(location)
            return true
        } catch {
            guard error.status == 404, error.code != "NoSuchBucket" else { throw error }
            return false
        }
    }

    private func contents(of buffer: StoredBuffer) throws -> [UInt8] {
        guard context.configuration.destination(of: buffer.kind).isCompressed else {
            var contents: [UInt8] = []
            contents.reserveCapacity(buffer.size)
            try buffer.forEachChunk(in: context.store) { contents += $0 }
            return contents
        }
        // AWS does not say how hard it compresses; the fastest level takes a third of the time.
        var gzip = GzipWriter(level: 1)
        var contents: [UInt8] = []
        try buffer.forEachChunk(in: context.store) { chunk in
            chunk.withUnsafeBytes { gzip.append($0) }
            contents += gzip.takeOutput()
        }
        return contents + gzip.finish()
    }
}
