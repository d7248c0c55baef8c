internal import Digest
internal import JSON

/// The hash keys of a shard, both ends included. A partition key's hash key is its MD5 digest, read as a number.
struct HashKeyRange: Sendable, Hashable {
    var first: UInt128
    var last: UInt128

    static let all = HashKeyRange(first: 0, last: .max)

    var json: JSON {
        ["StartingHashKey": .string(String(first)), "EndingHashKey": .string(String(last))]
    }

    /// All hash keys in `count` parts of equal size, as a new stream divides them; what is left over goes to the last.
    static func uniform(_ count: Int) -> [HashKeyRange] {
        let count = UInt128(count)
        guard count > 1 else { return [.all] }
        let size = (UInt128.max - (count - 1)) / count + 1
        return (0..<count).map { HashKeyRange(first: $0 * size, last: $0 == count - 1 ? .max : ($0 + 1) * size - 1) }
    }

    static func hashKey(of partitionKey: String) -> UInt128 { number(Digest.md5(Array(partitionKey.utf8))) }

    /// Big-endian, so that the store orders keys as numbers.
    static func bytes(_ key: UInt128) -> [UInt8] {
        (0..<16).map { UInt8(truncatingIfNeeded: key >> UInt128(120 - 8 * $0)) }
    }

    static func number(_ bytes: [UInt8]) -> UInt128 { bytes.reduce(0) { $0 << 8 | UInt128($1) } }
}
