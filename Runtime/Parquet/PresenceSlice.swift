internal import CKernels

/// Which of some consecutive rows have a value. The safe face of the C kernels that read presence bits.
struct PresenceSlice {
    /// Nil when all rows have one.
    let words: [UInt64]?
    let start: Int
    let rowCount: Int

    var valueCount: Int { valueCount(inFirst: rowCount) }

    /// How many of the first `count` rows have a value.
    func valueCount(inFirst count: Int) -> Int {
        words?.withUnsafeBufferPointer { parquet_count_bits($0.baseAddress, start, count) } ?? count
    }

    /// How many rows, from the first, hold the first `valueCount` values.
    func rowCount(holding valueCount: Int) -> Int {
        words?.withUnsafeBufferPointer { parquet_select_bit($0.baseAddress, start, rowCount, valueCount) } ?? valueCount
    }

    func dropFirst(_ count: Int) -> PresenceSlice {
        PresenceSlice(words: words, start: start + count, rowCount: rowCount - count)
    }

    func prefix(_ count: Int) -> PresenceSlice { PresenceSlice(words: words, start: start, rowCount: count) }

    /// Definition levels: runs of width 1; 1 = present.
    /// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/Encodings.md#run-length-encoding--bit-packing-hybrid-rle--3>
    func appendLevels(to buffer: ByteBuffer) {
        let allPresent = (rowCount + 63) / 64
        (words ?? Array(repeating: ~0, count: allPresent)).withUnsafeBufferPointer { words in
            buffer.append(upTo: rowCount / 4 + 32) {
                parquet_hybrid_bits(words.baseAddress, self.words == nil ? 0 : start, rowCount, $0)
            }
        }
    }
}

/// The presence bits of rows gathered from several batches.
struct PresenceBits {
    private var words: [UInt64]?
    private(set) var rowCount = 0

    var slice: PresenceSlice { PresenceSlice(words: words, start: 0, rowCount: rowCount) }

    mutating func append(_ slice: PresenceSlice) {
        let newCount = rowCount + slice.rowCount
        if slice.words != nil || words != nil {
            if words == nil {
                words = Array(repeating: ~0, count: rowCount / 64)
                if !rowCount.isMultiple(of: 64) { words?.append((1 << UInt64(rowCount % 64)) - 1) }
            }
            let wordCount = (newCount + 63) / 64 + 1
            if let held = words?.count, held < wordCount {
                words?.append(contentsOf: repeatElement(0, count: wordCount - held))
            }
            let source = slice.words ?? Array(repeating: ~0, count: (slice.rowCount + 63) / 64)
            let start = slice.words == nil ? 0 : slice.start
            source.withUnsafeBufferPointer { source in
                words?.withUnsafeMutableBufferPointer {
                    parquet_copy_bits(source.baseAddress, start, slice.rowCount, $0.baseAddress, rowCount)
                }
            }
        }
        rowCount = newCount
    }
}
