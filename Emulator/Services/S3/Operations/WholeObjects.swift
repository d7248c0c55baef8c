package import EmulatorCore
package import Time

/// The operations on whole objects for other services of the emulator, which share everything with the HTTP operations
/// except the form of requests and responses.
extension S3: ObjectStore {
    package func getObject(_ object: ObjectLocation) throws(AWSFault) -> (facts: ObjectFacts, contents: [UInt8]) {
        try answering {
            // The object's files stay while this reader exists.
            try withExtendedLifetime(reclaimer.enter()) {
                let (located, content) = try store.read { snapshot in
                    let located = try locate(object.bucket, object.key, object.version, snapshot)
                    return (located, try snapshot.content(of: located.object))
                }
                var bytes: [UInt8] = []
                bytes.reserveCapacity(located.object.size)
                try content.read(nil, files) { bytes += $0 }
                return (Self.facts(located.object, in: located.bucket), bytes)
            }
        }
    }

    package func getObject(_ object: ObjectLocation, range: Range<Int>) throws(AWSFault) -> [UInt8] {
        try answering {
            try reading(object) { content, size in
                var bytes: [UInt8] = []
                let range = range.clamped(to: 0..<size)
                if !range.isEmpty { try content.read(range, files) { bytes += $0 } }
                return bytes
            }
        }
    }

    package func copyObject(_ object: ObjectLocation, toFile path: String) throws(AWSFault) {
        try answering {
            try reading(object) { content, _ in try content.copy(to: path, files) }
        }
    }

    /// Calls `body` with an object's content, whose files stay meanwhile, and its size.
    private func reading<Value>(_ object: ObjectLocation, _ body: (ObjectContent, Int) throws -> Value) throws -> Value
    {
        try withExtendedLifetime(reclaimer.enter()) {
            let (content, size) = try store.read { snapshot in
                let located = try locate(object.bucket, object.key, object.version, snapshot)
                return (try snapshot.content(of: located.object), located.object.size)
            }
            return try body(content, size)
        }
    }

    package func headObject(_ object: ObjectLocation) throws(AWSFault) -> ObjectFacts {
        try answering {
            let located = try store.read { try locate(object.bucket, object.key, object.version, $0) }
            return Self.facts(located.object, in: located.bucket)
        }
    }

    package func putObject(_ contents: [UInt8], to object: ObjectLocation) async throws(AWSFault) -> ObjectFacts {
        do {
            let payload = try await receive(contents, checksum: .crc32)
            let (stored, bucket) = try await put(
                NewObject(key: object.key), payload, in: object.bucket, requestID: clock.uuid())
            return Self.facts(stored, in: bucket)
        } catch {
            throw Self.fault(error).answer
        }
    }

    package func putObject(_ contents: RequestBody, to object: ObjectLocation) async throws(AWSFault) -> ObjectFacts {
        do {
            let payload = try await receive(contents, checksum: .crc32)
            let (stored, bucket) = try await put(
                NewObject(key: object.key), payload, in: object.bucket, requestID: clock.uuid())
            return Self.facts(stored, in: bucket)
        } catch {
            throw Self.fault(error).answer
        }
    }

    package func deleteObject(_ object: ObjectLocation) async throws(AWSFault) {
        do {
            _ = try await delete(
                DeletionTarget(key: object.key, version: object.version), in: object.bucket, requestID: clock.uuid())
        } catch {
            throw Self.fault(error).answer
        }
    }

    package func listObjects(
        in bucket: String, prefix: String, after key: String, limit: Int
    ) throws(AWSFault) -> (objects: [ObjectFacts], isTruncated: Bool) {
        try answering {
            try store.read { snapshot in
                let bucket = try snapshot.bucket(bucket)
                let page = try snapshot.page(of: bucket.name, ListingRequest(prefix: prefix, limit: limit), after: key)
                return (page.objects.map { Self.facts($0, in: bucket) }, page.isTruncated)
            }
        }
    }

    package func listBuckets() throws(AWSFault) -> [(name: String, createdAt: Timestamp)] {
        try answering {
            try store.read { snapshot in
                try snapshot.buckets(after: "").map { ($0.name, Timestamp(milliseconds: $0.createdAt)) }
            }
        }
    }

    private static func facts(_ object: StoredObject, in bucket: Bucket) -> ObjectFacts {
        ObjectFacts(
            key: object.key, size: object.size, etag: object.quotedETag, lastModified: object.lastModified,
            contentType: object.headers["Content-Type"] ?? ObjectHeaders.defaultContentType,
            storageClass: object.storageClass,
            crc32: object.checksum.flatMap { $0.algorithm == .crc32 && $0.scope == .fullObject ? $0.value : nil },
            version: bucket.hasVersions ? object.version : nil)
    }

    private func answering<Value>(_ body: () throws -> Value) throws(AWSFault) -> Value {
        do { return try body() } catch { throw Self.fault(error).answer }
    }
}

extension S3Fault {
    /// The fault without the parts that only HTTP has.
    fileprivate var answer: AWSFault { AWSFault(code, message, status: status) }
}
