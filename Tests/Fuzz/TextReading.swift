import Columns
import Contracts
internal import RawFile

@testable import Columnar

/// A table with a column of every kind of type that a text is converted to.
let fuzzedTable: Contract = {
    let columns = [
        ("i", "integer, physicalType: int, required: true"), ("l", "integer, physicalType: bigint"),
        ("n", "integer, physicalType: ubigint"), ("d", "number, physicalType: double"),
        ("f", "number, physicalType: float"), ("m", "number, physicalType: 'decimal(9,2)'"),
        ("w", "number, physicalType: 'decimal(38,4)'"), ("b", "boolean"), ("y", "date"), ("t", "timestamp"),
        ("u", "string, physicalType: uuid"), ("j", "string, physicalType: json"),
        ("o", "object, properties: [{name: a, logicalType: integer}, {name: b, logicalType: string, required: true}]"),
        (
            "p",
            "array, items: {logicalType: object, properties: [{name: a, logicalType: array, items: {logicalType: date}}]}"
        ),
        (
            "q",
            "object, properties: [{name: a, logicalType: integer}], customProperties: [{property: layout, value: flatten}]"
        ),
        ("s", "string"),
    ]
    let properties = columns.map { "{name: \($0), logicalType: \($1)}" }.joined(separator: ",\n  ")
    let text = """
        {apiVersion: v3.1.0, kind: DataContract, id: t, version: '1', status: draft,
         schema: [{name: t, properties: [\(properties)]}]}
        """
    do {
        return try Contract(parsing: text, file: "fuzzed table")
    } catch {
        fatal("\(error)")
    }
}()

/// Everything that a reader makes of one text, or the error that it ends in.
struct TextReading {
    private(set) var columns: [[ColumnArray]] = []
    private(set) var rejected: [RejectedRow] = []
    private(set) var rowsRead = 0
    private let format: RawFormat
    private(set) var error: ColumnarError?

    init(_ bytes: [UInt8], as format: RawFormat, pieceSize: Int, windowBytes: Int) throws {
        self.format = format
        // Small, so that the boundaries between batches and the longest line are met.
        var limits = ReaderLimits(batchRows: 5, batchBytes: 200, lineBytes: 300)
        limits.windowBytes = windowBytes
        do {
            let source = MemorySource(bytes, pieceSize: pieceSize)
            let reader = try format.reader(of: source, contract: fuzzedTable, limits: limits)
            var batch = RecordBatch(fuzzedTable.bronzeColumns)
            while try reader.read(into: &batch) {
                let operations = Self.operations(of: batch)
                for column in batch.columns { check(column, operations) }
                columns.append(batch.columns.flatMap(\.leaves))
                rejected += batch.rejected
                rowsRead += batch.rowsRead
            }
        } catch let error as ColumnarError {
            self.error = error
        }
        for row in rejected {
            // UTF-16 is longer as UTF-8.
            require((0..<max(2 * bytes.count, 1)).contains(row.byteOffset), "a row at byte \(row.byteOffset)")
            require(row.line >= 1 && row.rawLength >= (row.rawText?.count ?? 0), "\(row)")
        }
    }

    /// A row without what the window decides: which of several faults of a line of JSON was met first.
    private static func comparable(_ row: RejectedRow, of format: RawFormat) -> RejectedRow {
        guard format == .json, row.reason != .lineTooLong else { return row }
        return RejectedRow(
            line: row.line, byteOffset: row.byteOffset, column: nil, reason: .notJSON, message: "",
            rawText: row.rawText, rawLength: row.rawLength)
    }

    /// The operation of each row.
    private static func operations(of batch: RecordBatch) -> [String] {
        let column = batch.columns.first { $0.schema.name == BronzeColumn.operation }
        guard case .byteArray(let texts) = column?.leaves[0].values, texts.count == batch.rowCount else {
            fatal("a row lacks its operation")
        }
        return zip(texts.offsets, texts.offsets.dropFirst()).map {
            String(decoding: texts.bytes[Int($0)..<Int($1)], as: UTF8.self)
        }
    }

    private func check(_ column: RecordBatch.Column, _ operations: [String]) {
        let rows = operations.count
        for leaf in column.leaves {
            guard let levels = leaf.levels else {
                let present = leaf.presence?.reduce(0) { $0 + $1.nonzeroBitCount } ?? rows
                let count = leaf.values.count
                require(present == count, "\(column.schema.name): \(present) of \(count) values")
                let isPresent = (0..<rows).map { row in
                    leaf.presence.map { $0[row >> 6] >> (row & 63) & 1 == 1 } ?? true
                }
                // An insert has every value that the contract requires; what a change does not carry is not asked for.
                require(
                    !column.schema.isRequired || zip(isPresent, operations).allSatisfy { $0 || $1 != "insert" },
                    "\(column.schema.name): an insert lacks its value")
                continue
            }
            require(levels.definition.count == levels.repetition.count, "\(column.schema.name): levels")
            require(levels.repetition.count { $0 == 0 } == rows, "\(column.schema.name): rows of a leaf")
            require(leaf.values.count <= levels.count, "\(column.schema.name): values of a leaf")
        }
    }

    private func difference(from other: TextReading) -> String? {
        if error != other.error { return "\(String(describing: error)), not \(String(describing: other.error))" }
        for (mine, other) in zip(rejected, other.rejected) {
            guard Self.comparable(mine, of: format) == Self.comparable(other, of: format) else {
                return "\(mine), not \(other)"
            }
        }
        guard columns == other.columns, rejected.count == other.rejected.count else {
            return "\(rowsRead) rows, \(rejected.count) rejected, not \(other.rowsRead), \(other.rejected.count)"
        }
        return nil
    }

    /// Reads `bytes` as they come, then in pieces and through windows of other sizes: the answer must be the same.
    static func insensitiveToPieces(_ bytes: [UInt8], as format: RawFormat) throws -> TextReading {
        let whole = try TextReading(bytes, as: format, pieceSize: .max, windowBytes: 1 << 14)
        // Of the input, so that each input is always read the same way.
        let seed = bytes.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        // A window holds a byte order mark at least.
        for (piece, window) in [(1, 4 + Int(seed % 200)), (1 + Int(seed >> 8) % 60, 4 + Int(seed >> 16) % 600)] {
            let split = try TextReading(bytes, as: format, pieceSize: piece, windowBytes: window)
            if let difference = split.difference(from: whole) {
                fatal("pieces of \(piece), window of \(window): \(difference)")
            }
        }
        return whole
    }
}
