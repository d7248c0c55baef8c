internal import Iceberg
internal import LakeRewrite

/// Which data files are written again as fewer.
struct CompactionPlan: Sendable {
    /// Files of one partition that become one.
    struct Bin: Sendable {
        var files: [DataFile]
        var sizeInBytes: Int64 { files.reduce(0) { $0 + $1.sizeInBytes } }
    }

    var bins: [Bin] = []

    /// A file with more row groups than this, all small on average, is written again alone.
    private static let groupLimit = 8
    /// Files that one bin has at most: each is open while it is written again.
    private static let binLimit = 2000

    /// Packs small files into bins, side by side in the order of their least keys, so that the rows' order is kept.
    ///
    /// - Parameters:
    ///   - sortID: the column by which rows are sorted; nil where there is none.
    ///   - filter: the rows that leave: their files are written again, whatever their sizes.
    ///   - warm: the paths of files that the next commits may change. They stay, unless there are many in a partition: each of
    ///     these commits would write all that they are joined with again.
    init(
        _ files: [DataFile], _ policy: MaintenancePolicy, sortedBy sortID: Int32?, _ type: IcebergType?,
        dropping filter: RowFilter? = nil, sparing warm: Set<String> = []
    ) {
        let target = Int64(policy.fileSize)
        let parts = Dictionary(grouping: files) { $0.partition }
        for (_, all) in parts.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            let spared = all.filter { warm.contains($0.path) }
            let sparesAny = spared.count < policy.joinedCount
            if sparesAny { for file in spared { closeAlone(file, policy, filter) } }
            let part = sparesAny ? all.filter { !warm.contains($0.path) } : all
            let keyed = part.map { file in
                (
                    file,
                    sortID.flatMap { file.lowerBounds[$0] }.flatMap { bytes in
                        type.flatMap { IcebergValue(serialized: bytes, as: $0) }
                    }
                )
            }
            let ordered = keyed.sorted { left, right in
                guard let first = left.1, let second = right.1, first != second else {
                    return left.0.path < right.0.path
                }
                return first < second
            }
            var open = Bin(files: [])
            for (file, _) in ordered {
                let drops = filter?.mayDrop(from: file) ?? false
                guard file.sizeInBytes < target * 3 / 4 else {
                    if drops || Self.isFragmented(file, policy) { bins.append(Bin(files: [file])) }
                    continue
                }
                if open.sizeInBytes + file.sizeInBytes > target || open.files.count >= Self.binLimit {
                    close(&open, policy, filter)
                }
                open.files.append(file)
            }
            close(&open, policy, filter)
        }
    }

    private mutating func close(_ bin: inout Bin, _ policy: MaintenancePolicy, _ filter: RowFilter?) {
        defer { bin = Bin(files: []) }
        // A file with more than a third of the bytes stays: each writing at least triples the file that a row is in. Where two files are
        // joined, it can only double.
        let growth = Int64(min(3, policy.joinedCount))
        var files = bin.files
        while let largest = files.max(by: { $0.sizeInBytes < $1.sizeInBytes }),
            largest.sizeInBytes * growth > files.reduce(0, { $0 + $1.sizeInBytes }), files.count > 1
        {
            files.removeAll { $0.path == largest.path }
            closeAlone(largest, policy, filter)
        }
        // Fewer files are large enough, or not worth it: a merge may just have parted them.
        if files.count >= policy.joinedCount {
            bins.append(Bin(files: files))
        } else {
            for file in files { closeAlone(file, policy, filter) }
        }
    }

    private mutating func closeAlone(_ file: DataFile, _ policy: MaintenancePolicy, _ filter: RowFilter?) {
        if filter?.mayDrop(from: file) ?? false || Self.isFragmented(file, policy) { bins.append(Bin(files: [file])) }
    }

    private static func isFragmented(_ file: DataFile, _ policy: MaintenancePolicy) -> Bool {
        file.splitOffsets.count > groupLimit
            && file.sizeInBytes / Int64(file.splitOffsets.count) < Int64(policy.rewriting.groupSize)
    }
}

extension MaintenancePolicy {
    /// The table may want smaller files: those of a model with periods are, so that a changed period rewrites few rows.
    /// - SeeAlso: <https://iceberg.apache.org/docs/latest/configuration/#write-properties>
    func overruled(by properties: [String: String]) -> MaintenancePolicy {
        var policy = self
        if let size = properties["write.target-file-size-bytes"].flatMap({ Int($0) }), size > 0 {
            policy.fileSize = min(policy.fileSize, size)
        }
        return policy
    }
}
