internal import EmulatorCore
internal import Synchronization

/// The metadata documents that were read or written last, so that a commit does not parse what the last one wrote.
///
/// A document is taken for what it was only while its object is the same: writers replace files, although Iceberg forbids it.
final class MetadataCache: Sendable {
    private struct Entry {
        let metadata: TableMetadata
        let etag: String
        let size: Int
        var lastUse: Int
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var size = 0
        var uses = 0

        mutating func remove(_ location: String) {
            if let entry = entries.removeValue(forKey: location) { size -= entry.size }
        }
    }

    /// The bytes of all documents together.
    private static let sizeLimit = 32 << 20

    private let state = Mutex(State())

    /// The document at a location, if its object still has this entity tag.
    func metadata(at location: String, etag: String) -> TableMetadata? {
        state.withLock { state in
            guard let entry = state.entries[location], entry.etag == etag else { return nil }
            state.uses += 1
            state.entries[location]?.lastUse = state.uses
            return entry.metadata
        }
    }

    func keep(_ metadata: TableMetadata, at location: String, etag: String, size: Int) {
        state.withLock { state in
            state.remove(location)
            while state.size + size > Self.sizeLimit,
                let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                state.remove(oldest.key)
            }
            guard size <= Self.sizeLimit else { return }
            state.uses += 1
            state.entries[location] = Entry(metadata: metadata, etag: etag, size: size, lastUse: state.uses)
            state.size += size
        }
    }

    /// Forgets a document that another has replaced.
    func forget(_ location: String) { state.withLock { $0.remove(location) } }
}
