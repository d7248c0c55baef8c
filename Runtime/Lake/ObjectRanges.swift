public import AWSClient
public import AWSModels
public import ParquetRead

/// An object, or a version of it, that is read range by range.
public struct ObjectRanges: RangeSource {
    public let size: Int
    private let object: S3Object
    private let store: ObjectStore
    private let eTag: String?

    /// - Parameters:
    ///   - size: the object's, as its manifest or a HEAD request says.
    ///   - eTag: what the object must still have at each read; nil for one that does not change.
    public init(_ store: ObjectStore, _ object: S3Object, size: Int, eTag: String? = nil) {
        self.store = store
        self.object = object
        self.size = size
        self.eTag = eTag
    }

    public func read(_ range: Range<Int>) throws -> [UInt8] {
        let bytes = try store.get(object, range: .from(range.lowerBound, to: range.upperBound), ifMatch: eTag).bytes
        guard bytes.count == range.count else {
            throw LakeError.answer(
                "\(object) has \(bytes.count) bytes where \(range.count) are expected; was it changed?")
        }
        return bytes
    }
}
