internal import EmulatorCore
internal import JSON

/// Reads and writes metadata documents in S3.
struct MetadataFiles: Sendable {
    /// Glue's limit, in bytes.
    /// - SeeAlso: <https://docs.aws.amazon.com/glue/latest/dg/limitation-glue-iceberg-rest-api.html>
    private static let sizeLimit = 20 << 20

    let peers: Peers
    private let cache = MetadataCache()

    init(peers: Peers) { self.peers = peers }

    private func objects() throws(AWSFault) -> any ObjectStore {
        guard let objects = peers.objects else { throw .notEmulated("Iceberg without S3") }
        return objects
    }

    /// - Throws: ``AWSFault`` that names the location, if there is no document or if it is not valid.
    func read(_ location: String) throws(AWSFault) -> TableMetadata {
        let object = try MetadataFile.object(at: location)
        let facts: ObjectFacts
        let bytes: [UInt8]
        do throws(AWSFault) {
            let head = try objects().headObject(object)
            if let known = cache.metadata(at: location, etag: head.etag) { return known }
            (facts, bytes) = try objects().getObject(object)
        } catch {
            throw AWSFault("NotFoundException", "Location does not exist: \(location) (\(error.code))", status: 404)
        }
        guard bytes.count <= Self.sizeLimit else { throw Self.tooLarge }
        let document: JSON
        do throws(JSONError) {
            document = try JSON(parsing: bytes)
        } catch { throw .badRequest("Cannot parse metadata \(location): \(error)") }
        let metadata = try TableMetadata(document)
        cache.keep(metadata, at: location, etag: facts.etag, size: bytes.count)
        return metadata
    }

    /// Writes a new document; durable when it returns.
    func write(_ metadata: TableMetadata, to location: String) async throws(AWSFault) {
        let object = try MetadataFile.object(at: location)
        let bytes = metadata.bytes
        guard bytes.count <= Self.sizeLimit else { throw Self.tooLarge }
        do throws(AWSFault) {
            let facts = try await objects().putObject(bytes, to: object)
            cache.keep(metadata, at: location, etag: facts.etag, size: bytes.count)
        } catch {
            throw error.status < 500 ? .badRequest("Cannot write \(location): \(error)") : error
        }
    }

    /// Says that no table names a document any more.
    func supersede(_ location: String) { cache.forget(location) }

    /// Deletes a document that no table names. If that fails, the file stays, as after a crash.
    func discard(_ location: String) async {
        cache.forget(location)
        guard let object = try? MetadataFile.object(at: location) else { return }
        try? await objects().deleteObject(object)
    }

    private static let tooLarge = AWSFault(
        "InvalidInputException",
        "The table's metadata is larger than 20 MB; expire snapshots, or keep fewer earlier versions.")
}
