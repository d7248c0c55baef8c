internal import CKernels
internal import Columns

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

extension Presence {
    var slice: PresenceSlice { PresenceSlice(words: words, start: 0, rowCount: rowCount) }

    mutating func append(_ slice: PresenceSlice) {
        guard let words = slice.words else { return appendPresent(slice.rowCount) }
        append(words, from: slice.start, rows: slice.rowCount)
    }
}
