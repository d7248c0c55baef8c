import Columns
import Testing

@testable import Parquet

struct BloomFilterTests {
    /// The size in bytes of a filter of `count` distinct numbers, header included.
    private func size(_ count: Int, _ options: BloomFilterOptions) -> Int {
        var filter = BloomFilter(options)
        let values = (0..<Int64(count)).map { $0 &* 0x1_0000_0001 }
        filter.insert(ValueSlice(values: .int64(values), range: 0..<count))
        filter.insert(ValueSlice(values: .int64(values), range: 0..<count))  // a second insertion sets no more bits
        let buffer = ByteBuffer()
        filter.write(to: buffer)
        return buffer.count
    }

    @Test("a filter's size follows from its count of distinct values and its false positive rate") func filterSize() {
        let options = BloomFilterOptions(falsePositiveRate: 0.01, sizeLimit: 64 << 10)
        let headerSize = 13...17
        #expect(headerSize.contains(size(1, options) - 32))
        // 9.7 bits a value at a rate of one in a hundred, rounded up to a power of two.
        #expect(headerSize.contains(size(1000, options) - 2048))
        #expect(headerSize.contains(size(10_000, options) - 16_384))
        #expect(
            headerSize.contains(size(1000, BloomFilterOptions(falsePositiveRate: 0.0001, sizeLimit: 1 << 16)) - 4096))
    }

    @Test("a filter's size is a power of two that never exceeds the size limit") func filterSizeLimit() {
        #expect((13...17).contains(size(5000, BloomFilterOptions(sizeLimit: 1023)) - 512))
        #expect((13...17).contains(size(5000, BloomFilterOptions(sizeLimit: 32)) - 32))
    }

    @Test("the order in which values and batches are inserted changes no bit of the filter") func insertionOrder() {
        let values: [Float] = [1, -0.0, 0.0, .nan, 7]
        let buffers = [[0..<5], [2..<5, 0..<2], [0..<1, 1..<2, 2..<5]].map { ranges in
            var filter = BloomFilter(BloomFilterOptions())
            for range in ranges { filter.insert(ValueSlice(values: .float(values), range: range)) }
            let buffer = ByteBuffer()
            filter.write(to: buffer)
            return buffer.bytes()
        }
        #expect(buffers[0] == buffers[1] && buffers[1] == buffers[2])
    }
}
