internal import Control

/// Where a file's bytes go. Nothing is visible under the file's name before `finish`, and nothing is left after `abort`.
protocol OutputSink: AnyObject {
    func write(_ bytes: UnsafeRawBufferPointer) throws
    func finish() throws -> StoredFile
    func abort()
}

/// A file that is whole and in its place.
struct StoredFile: Sendable, Hashable {
    let sizeInBytes: Int
    /// Of an object: its version id where the bucket keeps versions, else its entity tag. A local file has none.
    var version: ObjectVersion?
}
