internal import CKernels

/// How large the bloom filter of a column's chunks may be.
public struct BloomFilterOptions: Sendable, Equatable {
    /// Of values that are not there, the share that the filter says may be there; met unless the size limit forbids.
    public var falsePositiveRate: Double
    /// In bytes. 1 MiB holds 800,000 distinct values at a rate of 0.01. A filter of few values is folded to fewer bytes.
    public var sizeLimit: Int

    public init(falsePositiveRate: Double = 0.01, sizeLimit: Int = 1 << 20) {
        self.falsePositiveRate = falsePositiveRate
        self.sizeLimit = sizeLimit
    }
}

/// The split-block bloom filter of one column chunk.
///
/// How many distinct values will come is not known in advance. So the filter starts at its size limit and is folded in
/// halves at the end, as long as it keeps the false positive rate: a value's block is the upper bits of its hash times the
/// number of blocks, thus half of it in a filter of half as many.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/BloomFilter.md>
struct BloomFilter {
    private let options: BloomFilterOptions
    /// Blocks of eight words, a power of two of them.
    private var words: [UInt32]

    private static let blockWords = 8

    init(_ options: BloomFilterOptions) {
        self.options = options
        let most = max(1, options.sizeLimit / (4 * Self.blockWords))
        let blocks = 1 << (Int.bitWidth - 1 - most.leadingZeroBitCount)
        words = Array(repeating: 0, count: blocks * Self.blockWords)
    }

    mutating func insert(_ slice: ValueSlice) {
        let blocks = words.count / Self.blockWords
        words.withUnsafeMutableBufferPointer { words in
            slice.withPlainBytes { bytes, width in
                parquet_bloom_insert(words.baseAddress, blocks, bytes, slice.count, width)
            } orTexts: { offsets, bytes in
                parquet_bloom_insert_bytes(words.baseAddress, blocks, bytes, offsets, slice.count)
            }
        }
    }

    /// Appends `BloomFilterHeader` and the bits.
    consuming func write(to buffer: ByteBuffer) {
        fold()
        var thrift = ThriftWriter(to: buffer)
        thrift.structure { header in
            header.field(1, Int32(words.count * 4))
            header.field(2) { $0.field(1) { _ in } }  // split blocks
            header.field(3) { $0.field(1) { _ in } }  // of XXH64
            header.field(4) { $0.field(1) { _ in } }  // uncompressed
        }
        words.withUnsafeBytes { buffer.append($0) }
    }

    private mutating func fold() {
        while words.count > Self.blockWords {
            let half = (0..<words.count / 2).map { index in
                // Blocks 2i and 2i + 1 become block i.
                let (block, lane) = index.quotientAndRemainder(dividingBy: Self.blockWords)
                let left = 2 * block * Self.blockWords + lane
                return words[left] | words[left + Self.blockWords]
            }
            guard Self.falsePositiveRate(of: half) <= options.falsePositiveRate else { return }
            words = half
        }
    }

    /// A value that is not there is found when its bit is set in all eight words of its block.
    private static func falsePositiveRate(of words: [UInt32]) -> Double {
        var sum = 0.0
        for start in stride(from: 0, to: words.count, by: blockWords) {
            var chance = 1.0
            for word in words[start..<start + blockWords] { chance *= Double(word.nonzeroBitCount) / 32 }
            sum += chance
        }
        return sum / Double(words.count / blockWords)
    }
}
