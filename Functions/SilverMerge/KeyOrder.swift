internal import Iceberg

/// The order of data files by their least keys.
struct KeyOrder {
    /// The column by which rows are sorted.
    let fieldID: Int32
    let type: IcebergType

    func precedes(_ left: DataFile, _ right: DataFile) -> Bool {
        let bounds = [left, right].map { file in
            file.lowerBounds[fieldID].flatMap { IcebergValue(serialized: $0, as: type) }
        }
        guard let first = bounds[0], let second = bounds[1], first != second else { return left.path < right.path }
        return first < second
    }
}
