internal import Control

/// The destination of a file's bytes. The file is visible only after `finish`; `abort` removes everything.
protocol OutputSink: AnyObject {
    func write(_ bytes: UnsafeRawBufferPointer) throws
    func finish() throws -> StoredFile
    func abort()
}

/// A finished file.
struct StoredFile: Sendable, Hashable {
    let sizeInBytes: Int
    /// Of an object: its version id where the bucket keeps versions, else its entity tag. A local file has none.
    var version: ObjectVersion?
}
