internal import Columnar
internal import Columns
internal import Contracts
public import JSON
public import RawFile

/// The first rows of a raw file, each as an object of its fields. A contract is inferred from them.
public struct ContractSample {
    /// How much of a file is read.
    public struct Limits: Sendable {
        public var rows: Int
        public var bytes: Int

        public init(rows: Int = 100_000, bytes: Int = 64 << 20) {
            self.rows = rows
            self.bytes = bytes
        }
    }

    public let format: RawFormat
    /// How a CSV file is written; the standard dialect for any other.
    let dialect: CSVDialect
    /// The fields in the order of their first occurrence.
    public let fields: [String]
    /// The rows, without null fields.
    public let rows: [JSONObject]
    /// The number of broken rows: too many fields, or not JSON.
    public let brokenRows: Int
    /// Whether the sample has all rows of the file.
    public let isWhole: Bool

    /// - Parameter path: a CSV or NDJSON file, whose name says its format and compression: ``RawFileName``.
    /// - Throws: ``ContractToolsError`` or `ColumnarError`.
    public init(path: String, limits: Limits = Limits()) throws {
        guard let name = RawFileName(path) else { throw ContractToolsError.unknownFormat(path: path) }
        let format = name.format
        func source() throws -> any ByteSource { name.compression.text(of: try FileSource(path: path), hashing: nil) }
        // The contract knows none of the fields, so each row's fields arrive as one JSON object with their original
        // text.
        let contract = try Self.emptyContract
        self.format = format
        let reader: any RecordReader
        var fields: [String] = []
        dialect = format == .csv ? try Self.dialect(of: try source()) : .standard
        if format == .csv {
            let csv = try CSVReader(try source(), contract: contract, acceptsForeignHeader: true, dialect: dialect)
            fields = csv.header
            reader = csv
        } else {
            reader = try NDJSONReader(try source(), contract: contract)
        }
        var known = Set(fields)
        var rows: [JSONObject] = []
        var (broken, bytes, isWhole) = (0, 0, true)
        var batch = RecordBatch(contract.bronzeColumns)
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
        self.fields = fields.filter { !BronzeColumn.systemNames.contains($0) }
        self.rows = rows
        brokenRows = broken
        self.isWhole = isWhole
    }

    /// The dialect with the delimiter that is most often in the first line, outside quotes.
    private static func dialect(of source: any ByteSource) throws -> CSVDialect {
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        var count = 0
        while count < bytes.count {
            let more = try bytes.withUnsafeMutableBytes { bytes in
                try source.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[count...]))
            }
            guard more > 0 else { break }
            count += more
        }
        let encoding = encoding(of: bytes[..<count])
        var counts: [UInt8: Int] = [:]
        var isInside = false
        // In UTF-16 the other half of each of these marks is zero.
        for byte in bytes[..<count].prefix(while: { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }) {
            if byte == UInt8(ascii: "\"") { isInside.toggle() }
            if !isInside { counts[byte, default: 0] += 1 }
        }
        // The first of the most frequent.
        let found = Array("|\t;,".utf8).max { counts[$0, default: 0] <= counts[$1, default: 0] }
        return (found.map { .standard.delimited(by: $0) } ?? CSVDialect.standard).encoded(as: encoding)
    }

    /// UTF-8, if the front of the text is that; else UTF-16 without a mark where every other byte is zero, or Windows-1252,
    /// which has a character for nearly every byte.
    private static func encoding(of front: ArraySlice<UInt8>) -> TextEncoding {
        if front.starts(with: [0xFF, 0xFE]) || front.starts(with: [0xFE, 0xFF]) { return .utf8 }
        let zeros = front.prefix(200).enumerated().filter { $1 == 0 }.map { $0.offset % 2 }
        if zeros.count > front.prefix(200).count / 4 {
            return zeros.count { $0 == 1 } > zeros.count / 2 ? .utf16LittleEndian : .utf16BigEndian
        }
        // A character may be cut off at the end.
        for cut in 0..<4 where cut <= front.count {
            if String(validating: front.dropLast(cut), as: UTF8.self) != nil { return .utf8 }
        }
        return .windows1252
    }

    /// A contract with one column, whose name no file has: it begins with the symbol for a unit separator.
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

extension RecordBatch {
    /// The rescued fields of each row.
    fileprivate var rescued: [ArraySlice<UInt8>?] {
        guard let column = columns.first(where: { $0.schema.name == BronzeColumn.rescuedData }),
            case .byteArray(let values) = column.leaves[0].values
        else { return [] }
        let presence = column.leaves[0].presence
        var next = 0
        return (0..<rowCount).map { row in
            guard presence.map({ $0[row / 64] >> (row % 64) & 1 == 1 }) ?? true else { return nil }
            defer { next += 1 }
            return values[next]
        }
    }
}
