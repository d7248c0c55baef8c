internal import Columns
internal import Parquet
internal import Time

/// Makes rows of texts, as Athena gives them, typed columns of a Parquet file.
///
/// - SeeAlso: <https://docs.aws.amazon.com/athena/latest/ug/data-types.html>
final class ParquetRows {
    private let columns: [AthenaClient.Column]
    private let types: [ParquetType]
    private let sink: (UnsafeRawBufferPointer) throws -> Void
    private var writer: ParquetWriter?
    private var arrays: [ColumnArray]
    private var presence: [[UInt64]]
    private var pending = 0
    private(set) var rowCount = 0

    private static let batch = 4096

    /// - Parameter sink: takes the file's bytes in order.
    /// - Throws: ``CommandFailure/usage(_:)`` if a column has no type in Parquet, or two have one name.
    init(
        _ columns: [AthenaClient.Column], to sink: @escaping (UnsafeRawBufferPointer) throws -> Void
    ) throws(CommandFailure) {
        var types: [ParquetType] = []
        for column in columns {
            guard let type = ParquetType(column) else {
                throw .usage(
                    "column \(column.name) is \(column.type), whose text form does not say its parts; write "
                        + "CAST(\(column.name) AS JSON) or its fields, or use UNLOAD")
            }
            types.append(type)
        }
        do throws(ParquetError) {
            let schema = try ParquetSchema(zip(columns, types).map { $1.column(named: $0.name) })
            writer = ParquetWriter(schema)
        } catch {
            throw .usage("\(error); give it another name with AS")
        }
        self.columns = columns
        self.types = types
        self.sink = sink
        arrays = types.map { ColumnArray($0.values) }
        presence = types.map { _ in [] }
    }

    func append(_ rows: [[String?]]) throws {
        for row in rows {
            if pending % 64 == 0 { for place in presence.indices { presence[place].append(0) } }
            for (place, type) in types.enumerated() {
                guard place < row.count, let text = row[place] else { continue }
                guard type.append(text, to: &arrays[place].values) else {
                    throw CommandFailure.failed(
                        "row \(rowCount + 1), column \(columns[place].name): '\(text.prefix(40))' is not a value of type "
                            + "\(columns[place].type)")
                }
                presence[place][pending / 64] |= 1 << UInt64(pending % 64)
            }
            pending += 1
            rowCount += 1
            if pending == Self.batch { try flush() }
        }
    }

    private func flush() throws {
        guard pending > 0 else { return }
        for place in arrays.indices {
            // Nil says that every row has a value.
            arrays[place].presence = arrays[place].values.count == pending ? nil : presence[place]
        }
        try writer?.append(rowCount: pending, columns: arrays)
        for place in arrays.indices { arrays[place].removeAll() }
        presence = presence.map { _ in [] }
        pending = 0
        try writer?.drain(sink)
    }

    /// Completes the file.
    func finish() throws {
        try flush()
        guard let writer = writer.take() else { return }
        try writer.finish(sink)
    }
}
