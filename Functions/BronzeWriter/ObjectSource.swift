internal import AWSClient
internal import Columnar

/// An S3 object's bytes, as they arrive.
final class ObjectSource: ByteSource {
    private let stream: ObjectStream

    init(_ stream: ObjectStream) { self.stream = stream }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { try stream.read(into: buffer) }
}
