internal import Iceberg

/// How the files that a batch changes are written again. The next batches often change the same rows, or their neighbours: so
/// those are kept apart from rows that do not change, and together.
///
/// - Rows before the first that changes get a file of their own where they are a good part of their file, and so do row groups
///   after the last. That costs no more bytes than to write the file as one, and the next batch does not write them again.
/// - Small files side by side that change become one file, the last ones with the new keys: they are written again anyway, and each
///   file takes 2 KB besides its rows.
struct ChangedFiles {
    /// A file below this many bytes is small.
    let limit: Int
    private let order: KeyOrder

    private static let mostBytes = 64 << 10
    /// Rows of fewer bytes are no good part of a file: a file of their own would be half overhead.
    private static let leastPart = 4 << 10

    /// - Parameter fileSize: the size of data files that is aimed at.
    init(fileSize: Int, in order: KeyOrder) {
        limit = min(Self.mostBytes, fileSize / 8)
        self.order = order
    }

    /// Whether rows that do not change get a file of their own.
    /// - Parameters:
    ///   - bytes: which they take.
    ///   - size: that of their file.
    static func parts(_ bytes: Int, of size: Int) -> Bool { bytes >= max(leastPart, size / 4) }

    /// Large files, and runs of small ones: those of a partition with no large one between them, in the order of their keys.
    func ordered(_ files: [DataFile]) -> (large: [DataFile], small: [[DataFile]]) {
        var runs: [[DataFile]] = []
        for (_, part) in Dictionary(grouping: files, by: \.partition).sorted(by: { "\($0.key)" < "\($1.key)" }) {
            var run: [DataFile] = []
            for file in part.sorted(by: order.precedes) {
                if file.sizeInBytes < limit {
                    run.append(file)
                } else {
                    runs.append(run)
                    run = []
                }
            }
            runs.append(run)
        }
        return (files.filter { $0.sizeInBytes >= limit }, runs)
    }

    /// The rows of small files that are in the file that is being written.
    struct Shared {
        private(set) var bytes = 0
        private var rows = 0

        var isOpen: Bool { rows > 0 }

        mutating func append(_ file: DataFile) {
            bytes += Int(file.sizeInBytes)
            rows += Int(file.recordCount)
        }

        /// Whether so many more rows leave it small.
        func takes(_ count: Int, upTo limit: Int) -> Bool {
            guard isOpen, bytes < limit else { return false }
            return count <= (limit - bytes) / max(1, bytes / rows)
        }
    }
}
