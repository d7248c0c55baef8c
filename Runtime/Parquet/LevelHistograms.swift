internal import Columns

/// How often each level occurs in a page or a column chunk of a nested column; empty where all levels are equal, or
/// follow from the number of nulls.
/// - SeeAlso: <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>, `SizeStatistics`
struct LevelHistograms: Equatable {
    var repetition: [Int64] = []
    var definition: [Int64] = []

    mutating func formUnion(_ other: LevelHistograms) {
        Self.add(other.repetition, to: &repetition)
        Self.add(other.definition, to: &definition)
    }

    private static func add(_ counts: [Int64], to sums: inout [Int64]) {
        if sums.isEmpty {
            sums = counts
        } else {
            for (level, count) in counts.enumerated() { sums[level] += count }
        }
    }
}

extension LevelSlice {
    var histograms: LevelHistograms {
        LevelHistograms(
            repetition: leaf.maximumRepetition > 0
                ? Self.counts(levels.repetition[entries], leaf.maximumRepetition) : [],
            definition: leaf.maximumDefinition > 1
                ? Self.counts(levels.definition[entries], leaf.maximumDefinition) : [])
    }

    private static func counts(_ levels: ArraySlice<UInt8>, _ most: UInt8) -> [Int64] {
        var counts = [Int64](repeating: 0, count: Int(most) + 1)
        for level in levels { counts[Int(level)] += 1 }
        return counts
    }
}
