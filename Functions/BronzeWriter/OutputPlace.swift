internal import AWSClient
internal import AWSModels
internal import Control
internal import Time

/// The place of a raw key's bronze file in the lake, which all versions of the key take in turn.
///
/// A newer file replaces the older one in one conditional write, so readers see the rows of exactly one version. The
/// file's metadata says which version it is; S3's condition keeps a worker that is late from replacing a newer one.
struct OutputPlace {
    let objects: ObjectStore
    let bucket: String
    /// The version that is being converted.
    let version: VersionOrder
    let state: KeyState
    /// Whether the place may have a file: of an older version, or of an earlier attempt.
    let mayBeTaken: Bool
    /// Called while the older file is copied; an error that it throws ends the work.
    let checkpoint: () throws -> Void

    var object: S3Object { S3Object(bucket: bucket, key: state.outputKey) }

    /// What a file says about its version.
    var metadata: [String: String] { Self.metadata(of: version) }

    private static func metadata(of version: VersionOrder) -> [String: String] {
        var metadata = ["control-id": version.controlID.text, "created-at": version.createdAt.rfc3339]
        metadata["sequencer"] = version.sequencer
        return metadata
    }

    /// The file at the place.
    private struct Published {
        let version: VersionOrder
        let eTag: String
    }

    /// Keeps the older file outside the table's prefix, and says what must hold when the new one replaces it.
    ///
    /// - Parameter isTaken: whether a write was refused because the place has another file than expected.
    /// - Throws: ``ConversionError/superseded(by:)`` if the place has a newer file.
    func prepare(isTaken: Bool) throws -> ObjectStore.WriteCondition {
        guard isTaken || mayBeTaken, let present = try published() else { return .absent }
        if present.version.controlID != version.controlID {
            guard present.version < version else {
                throw ConversionError.superseded(by: present.version.controlID)
            }
            try keep(present)
        }
        return .eTag(present.eTag)
    }

    private func published() throws(AWSError) -> Published? {
        let head: ObjectHead
        do throws(AWSError) {
            head = try objects.head(object)
        } catch {
            // Without the permission to list the bucket, S3 answers 403 where there is no object.
            guard error.isNotFound || error.code == "Forbidden" else { throw error }
            return nil
        }
        guard let eTag = head.eTag else {
            throw .unexpectedResponse(operation: "s3 HeadObject \(object)", reason: "the ETag is missing")
        }
        // A file without metadata was written before files had them: by the current version, or by this one.
        return Published(version: VersionOrder(head.metadata) ?? state.current ?? version, eTag: eTag)
    }

    /// Copies the file in pieces, whatever its size.
    private func keep(_ present: Published) throws {
        let key = SupersededKey(state.outputKey, writtenBy: present.version.controlID).text
        let copy = ObjectSink(
            objects, S3Object(bucket: bucket, key: key), contentType: ObjectSink.parquet,
            metadata: Self.metadata(of: present.version))
        do {
            let source = try objects.stream(object, ifMatch: present.eTag)
            var piece = [UInt8](repeating: 0, count: 1 << 18)
            while case let count = try piece.withUnsafeMutableBytes({ (bytes) throws in try source.read(into: bytes) }),
                count > 0
            {
                try piece[..<count].withUnsafeBytes { (bytes) throws in try copy.write(bytes) }
                try checkpoint()
            }
            _ = try copy.finish()
        } catch let error as AWSError where error.isPreconditionFailed {
            copy.abort()
            throw ConversionError.outputChanged("\(object)")
        } catch {
            copy.abort()
            throw error
        }
    }
}

extension VersionOrder {
    fileprivate init?(_ metadata: [String: String]) {
        guard let id = metadata["control-id"].flatMap({ ControlID($0) }),
            let createdAt = metadata["created-at"].flatMap({ Timestamp(rfc3339: $0) })
        else { return nil }
        self.init(controlID: id, sequencer: metadata["sequencer"], createdAt: createdAt)
    }
}
