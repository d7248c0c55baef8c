/// How much two names differ, for finding the one that a misspelt name was meant to be.
public enum EditDistance {
    /// The fewest insertions, removals, replacements and swaps of neighbours between two names.
    /// - Returns: `Int.max` for names that are far apart in any case.
    public static func between(_ left: [UInt8], _ right: [UInt8]) -> Int {
        guard abs(left.count - right.count) <= 2 else { return .max }
        var (rowBefore, row) = ([Int](), Array(0...right.count))
        for (i, byte) in left.enumerated() {
            var next = [i + 1]
            for (j, other) in right.enumerated() {
                var best = min(row[j] + (byte == other ? 0 : 1), row[j + 1] + 1, next[j] + 1)
                if i > 0, j > 0, byte == right[j - 1], left[i - 1] == other { best = min(best, rowBefore[j - 1] + 1) }
                next.append(best)
            }
            (rowBefore, row) = (row, next)
        }
        return row[right.count]
    }
}
