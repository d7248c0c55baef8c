internal import Iceberg

/// Which small data files are joined, so that a table that many small batches have made does not have as many files.
///
/// Files of about the same size are joined, eight at a time: each row is written again once for each step of size, and every step
/// keeps fewer than eight files behind.
struct SmallFiles {
    private let limit: Int
    private let order: KeyOrder

    private static let count = 8
    /// Sizes below this step are all the same.
    private static let lastStep = 3

    /// - Parameter fileSize: the size of data files that is aimed at.
    init(fileSize: Int, in order: KeyOrder) {
        limit = fileSize / Self.count
        self.order = order
    }

    /// The files to join, those of each new file together, in the order of their rows.
    func groups(among files: [DataFile]) -> [[DataFile]] {
        let small = files.filter { $0.sizeInBytes < limit }
        let steps = Dictionary(grouping: small) { Step(partition: $0.partition, number: step(of: $0.sizeInBytes)) }
        return steps.values.filter { $0.count >= Self.count }.map { $0.sorted(by: order.precedes) }
            .sorted { $0[0].path < $1[0].path }
    }

    private struct Step: Hashable {
        let partition: [IcebergValue?]
        let number: Int
    }

    private func step(of size: Int64) -> Int {
        var (number, bound) = (0, limit / Self.count)
        while number < Self.lastStep, size < bound {
            number += 1
            bound /= Self.count
        }
        return number
    }
}
