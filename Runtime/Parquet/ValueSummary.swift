/// What is worth knowing about the values of a page, or of a column chunk.
struct ValueSummary: Equatable {
    var range = ValueRange.empty
    var nullCount = 0
    /// Values that are not numbers; only floating-point columns have any.
    var nanCount = 0
    /// Bytes of byte array values, without lengths and before any encoding.
    var textSize = 0
    var levels = LevelHistograms()

    mutating func formUnion(_ other: ValueSummary) {
        range.formUnion(other.range)
        nullCount += other.nullCount
        nanCount += other.nanCount
        textSize += other.textSize
        levels.formUnion(other.levels)
    }
}

extension ValueSummary {
    init(of slice: ValueSlice, nullCount: Int, in column: ParquetColumn) {
        range = ValueRange(of: slice, in: column, nanCount: &nanCount)
        self.nullCount = nullCount
        textSize = slice.textSize
    }

    /// The summary of values whose codes `dictionary` has just looked up: each key is compared once only.
    init(of slice: ValueSlice, codedBy dictionary: ValueDictionary, nullCount: Int, in column: ParquetColumn) {
        if let range = dictionary.rangeOfCodedBytes() {
            self.range = range
        } else {
            range = ValueRange(of: slice, in: column, nanCount: &nanCount)
        }
        self.nullCount = nullCount
        textSize = slice.textSize
    }
}
