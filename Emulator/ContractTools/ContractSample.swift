public import Columnar
internal import Contracts
public import JSON

/// The first rows of a raw file, each as the object of its fields: what a contract is inferred from.
public struct ContractSample {
    /// How much of a file is looked at.
    public struct Limits: Sendable {
        public var rows: Int
        public var bytes: Int

        public init(rows: Int = 100_000, bytes: Int = 64 << 20) {
            self.rows = rows
            self.bytes = bytes
        }
    }

    public let format: RawFormat
    /// The fields in the order in which they first come.
    public let fields: [String]
    /// Rows without the fields that are null.
    public let rows: [JSONObject]
    /// Rows that are no rows at all: too many fields, no JSON.
    public let brokenRows: Int
    /// Whether these are all rows of the file.
    public let isWhole: Bool

    /// - Parameter path: a CSV or NDJSON file, gzip or plain; its name says which: `.csv`, `.json`, `.ndjson`, `.jsonl`,
    ///   with or without `.gz`.
    /// - Throws: ``ContractToolsError`` or `ColumnarError`.
    public init(path: String, limits: Limits = Limits()) throws {
        let isZipped = path.lowercased().hasSuffix(".gz")
        guard let format = RawFormat(fileName: isZipped ? path : path + ".gz") else {
            throw ContractToolsError.unknownFormat(path: path)
        }
        func source() throws -> any ByteSource {
            let file = try FileSource(path: path)
            return isZipped ? InflatedSource(file, hashing: nil) : file
        }
        // A contract that knows none of the fields: each row's come as one JSON object, with the text that they have.
        let contract = try Self.emptyContract
        self.format = format
        let reader: any RecordReader
        var fields: [String] = []
        if format == .csv {
            let csv = try CSVReader(try source(), contract: contract)
            fields = csv.header
            reader = csv
        } else {
            reader = try NDJSONReader(try source(), contract: contract)
        }
        var known = Set(fields)
        var rows: [JSONObject] = []
        var (broken, bytes, isWhole) = (0, 0, true)
        var batch = ColumnBatch(contract.bronzeColumns)
        while try reader.read(into: &batch) {
            broken += batch.rejected.count
            for text in batch.rescued {
                guard rows.count < limits.rows, bytes < limits.bytes else {
                    isWhole = false
                    break
                }
                bytes += text?.count ?? 0
                guard let text, case .object(let row) = try JSON(parsing: Array(text)) else {
                    rows.append(JSONObject())
                    continue
                }
                for member in row.members where known.insert(member.name).inserted { fields.append(member.name) }
                rows.append(JSONObject(row.members.filter { !$0.value.isNull }.map { ($0.name, $0.value) }))
            }
            if !isWhole { break }
        }
        self.fields = fields.filter { name in !BronzeColumn.system.contains { $0.name == name } }
        self.rows = rows
        brokenRows = broken
        self.isWhole = isWhole
    }

    /// The one column's name is none that a file has: it begins with a unit separator's picture.
    private static var emptyContract: Contract {
        get throws {
            try Contract(
                parsing: """
                    {apiVersion: v3.1.0, kind: DataContract, id: sample, version: 0.0.0, status: draft,
                     schema: [{name: sample, properties: [{name: "\u{241F}none", logicalType: string}]}]}
                    """, file: "the sample's contract")
        }
    }
}

extension ColumnBatch {
    /// Row by row, the fields that the contract does not know.
    fileprivate var rescued: [ArraySlice<UInt8>?] {
        guard let column = columns.first(where: { $0.schema.name == BronzeColumn.rescuedData }),
            case .bytes(let values) = column.values
        else { return [] }
        var next = 0
        return (0..<rowCount).map { row in
            guard column.presence.map({ $0[row / 64] >> (row % 64) & 1 == 1 }) ?? true else { return nil }
            defer { next += 1 }
            return values[next]
        }
    }
}
