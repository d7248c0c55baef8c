internal import AWSClient
internal import Columns
public import Iceberg
internal import ParquetRead

/// The rows that another engine has deleted by their positions, as Athena's UPDATE and DELETE do: they are in data files, and are
/// none of the table's.
public struct DeletedRows: Sendable {
    private let storage: LakeStorage
    private let deletes: [String: [DataFile]]

    /// - Throws: ``LakeError/unreadable(_:)`` for deletes that are not by positions.
    public init(_ files: TableFiles, of table: String, _ storage: LakeStorage) throws(LakeError) {
        for file in files.deleteFiles where file.content == .equalityDeletes || file.format.uppercased() != "PARQUET" {
            throw .unreadable(
                "table \(table) has deletes of another engine by values or in \(file.format) (\(file.path)), which are not "
                    + "applied; let that engine rewrite its data files first")
        }
        self.storage = storage
        deletes = files.positionDeletes()
    }

    /// The places of a file's deleted rows, ascending.
    public func places(in file: DataFile) throws -> [Int] {
        guard let deletes = deletes[file.path] else { return [] }
        var places: Set<Int> = []
        let path = Array(file.path.utf8)[...]
        for delete in deletes {
            guard let object = LakeStorage.object(at: delete.path) else {
                throw LakeError.unreadable("the file \(delete.path) is not in S3")
            }
            let parquet = try ParquetFile(
                reading: ObjectRanges(storage.objects, object, size: Int(delete.sizeInBytes)))
            guard let paths = parquet.metadata.column(fieldID: TableFiles.deletedPathID),
                let positions = parquet.metadata.column(fieldID: TableFiles.deletedPositionID)
            else {
                throw LakeError.unreadable("\(delete.path): it has no columns file_path and pos of position deletes")
            }
            for group in parquet.metadata.rowGroups.indices {
                var rows = try parquet.rows(ofGroup: group, columns: [paths.index, positions.index])
                while let batch = try rows.next(upTo: 16_384) {
                    let columns = batch.columns.map { ColumnRows($0, rowCount: batch.rowCount) }
                    for row in 0..<batch.rowCount where columns[0].text(of: row) == path {
                        if let place = columns[1].long(of: row) { places.insert(Int(place)) }
                    }
                }
            }
        }
        return places.sorted()
    }

    /// The files of deletes that have no row to delete any more without these data files.
    public func obsolete(without removed: Set<String>, among files: TableFiles) -> Set<String> {
        Set(files.deleteFiles.filter { $0.onlyDeletesFrom.map(removed.contains) ?? false }.map(\.path))
    }
}
