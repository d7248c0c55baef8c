internal import Iceberg
internal import Lake

/// A data file as a snapshot has it.
struct SnapshotFile {
    let data: DataFile
    /// The places of rows that another engine has deleted, ascending.
    let deleted: [Int]
}

extension LakeTables {
    /// The data files that another snapshot does not have, or of which it has other rows.
    func files(of snapshot: TableFiles, besides other: TableFiles, table: String) throws -> [SnapshotFile] {
        let (own, others) = try reading(table) {
            (try DeletedRows(snapshot, of: table, storage), try DeletedRows(other, of: table, storage))
        }
        let paths = Set(other.dataFiles.map(\.path))
        let mayDiffer = !snapshot.deleteFiles.isEmpty || !other.deleteFiles.isEmpty
        var found: [SnapshotFile] = []
        for file in snapshot.dataFiles {
            let isShared = paths.contains(file.path)
            if isShared, !mayDiffer { continue }
            let deleted = try reading(file.path) { try own.places(in: file) }
            if isShared, try reading(file.path, { try others.places(in: file) }) == deleted { continue }
            found.append(SnapshotFile(data: file, deleted: deleted))
        }
        return found
    }
}
