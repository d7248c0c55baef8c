internal import AWSClient
internal import AWSModels
internal import Control

/// The place of a raw key's bronze file in the lake, which all versions of the key take in turn.
///
/// A newer file replaces the older one in one conditional write, so readers see the rows of exactly one version. The
/// file's metadata says which version it is; S3's condition keeps a worker that is late from replacing a newer one.
struct OutputPlace {
    let files: BronzeFiles
    /// The version that is being converted.
    let version: VersionOrder
    let state: KeyState
    /// Whether the place may have a file: of an older version, or of an earlier attempt.
    let mayBeTaken: Bool

    var object: S3Object { files.object(state.outputKey) }

    /// What a file says about its version.
    var metadata: [String: String] { version.metadata }

    /// Keeps the older file outside the table's prefix, and says what must hold when the new one replaces it.
    ///
    /// - Parameter isTaken: whether a write was refused because the place has another file than expected.
    /// - Throws: ``ConversionError/superseded(by:)`` if the place has a newer file.
    func prepare(isTaken: Bool) throws -> ObjectStore.WriteCondition {
        guard isTaken || mayBeTaken, let present = try files.published(state.outputKey) else { return .absent }
        // A file without metadata was written before files had them: by the current version, or by this one.
        let writer = present.version ?? state.current ?? version
        if writer.controlID != version.controlID {
            guard writer < version else { throw ConversionError.superseded(by: writer.controlID) }
            _ = try files.keep(state.outputKey, eTag: present.eTag, of: writer)
        }
        return .eTag(present.eTag)
    }
}
