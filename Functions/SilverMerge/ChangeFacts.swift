internal import Columns
internal import JSON
internal import Lake
internal import Time

/// What bronze says about the changes of some rows.
struct ChangeFacts {
    private let operations: ColumnRows
    private let timestamps: ColumnRows
    let order: ColumnRows
    private let unchangedNames: ColumnRows
    private let formerKeys: ColumnRows

    init(_ columns: [ColumnArray], _ rowCount: Int) {
        operations = ColumnRows(columns[0], rowCount: rowCount)
        timestamps = ColumnRows(columns[1], rowCount: rowCount)
        order = ColumnRows(columns[2], rowCount: rowCount)
        unchangedNames = ColumnRows(columns[3], rowCount: rowCount)
        formerKeys = ColumnRows(columns[4], rowCount: rowCount)
    }

    func operation(of row: Int) -> Changes.Operation? { operations.text(of: row).flatMap { Changes.Operation($0) } }

    /// When the change was made, in microseconds since 1970: the time of its order, or what its source says.
    func time(of row: Int) -> Int64? {
        if let order = order.text(of: row) {
            var time: Int64 = 0
            for byte in order.prefix(18) {
                guard (0x30...0x39).contains(byte) else { break }
                time = time * 10 + Int64(byte - 0x30)
            }
            if time > 0 { return time }
        }
        guard let text = timestamps.text(of: row),
            let time = Timestamp(rfc3339: String(decoding: text, as: UTF8.self))
        else { return nil }
        return time.seconds * 1_000_000 + Int64(time.nanoseconds) / 1000
    }

    var hasFormerKeys: Bool { formerKeys.array.values.count > 0 }

    /// The key that the row had before the change, if the change is one of the key.
    func formerKey(of row: Int, _ place: String) throws(SilverError) -> JSONObject? {
        guard let text = formerKeys.text(of: row) else { return nil }
        guard let key = (try? JSON(parsing: Array(text)))?.object else {
            throw .bronze(place: place, reason: "_cdc_previous_key is no JSON object")
        }
        return key
    }

    func unchanged(of row: Int, _ place: String) throws(SilverError) -> [String]? {
        guard let text = unchangedNames.text(of: row) else { return nil }
        guard let names = (try? JSON(parsing: Array(text)))?.array else {
            throw .bronze(place: place, reason: "_cdc_unchanged is no JSON array")
        }
        return names.compactMap(\.string)
    }
}
