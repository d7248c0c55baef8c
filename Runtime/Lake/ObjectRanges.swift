public import AWSClient
public import AWSModels
public import ParquetRead

/// An object, or a version of it, that is read range by range.
public struct ObjectRanges: RangeSource {
    public let size: Int
    private let object: S3Object
    private let store: ObjectStore

    /// - Parameter size: the object's, as its manifest or a HEAD request says.
    public init(_ store: ObjectStore, _ object: S3Object, size: Int) {
        self.store = store
        self.object = object
        self.size = size
    }

    public func read(_ range: Range<Int>) throws -> [UInt8] {
        let bytes = try store.get(object, range: .from(range.lowerBound, to: range.upperBound)).bytes
        guard bytes.count == range.count else {
            throw LakeError.answer(
                "\(object) has \(bytes.count) bytes where \(range.count) are expected; was it changed?")
        }
        return bytes
    }
}
