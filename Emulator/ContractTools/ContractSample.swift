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
    /// How a CSV file seems to be written; nil for any other.
    let guess: DialectGuess?
    /// The fields in the order of their first occurrence.
    public let fields: [String]
    /// The rows, without null fields.
    public let rows: [JSONObject]
    /// The number of broken rows: too many fields, or not JSON.
    public let brokenRows: Int
    /// Where the first of them is, and what is wrong with it.
    public let firstFault: String?
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
        var unnamed: Set<String> = []
        guess = format == .csv ? DialectGuess(front: try Self.front(of: try source())[...]) : nil
        if let guess {
            // A file without a header is read with one of its own.
            var dialect = guess.dialect
            dialect.header = .present
            let csv = try CSVReader(
                HeadedSource(guess.header, try source()), contract: contract, acceptsForeignHeader: true,
                dialect: dialect)
            fields = csv.header
            unnamed = Set(csv.unnamed)
            reader = csv
        } else {
            reader = try NDJSONReader(try source(), contract: contract, acceptsForeignKeys: true)
        }
        var known = Set(fields)
        var rows: [JSONObject] = []
        var (broken, bytes, isWhole) = (0, 0, true)
        var firstFault: String?
        var batch = RecordBatch(contract.bronzeColumns)
        while try reader.read(into: &batch) {
            broken += batch.rejected.count
            if let first = batch.rejected.first, firstFault == nil {
                firstFault = "line \(first.line): \(first.message)"
            }
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
                // No column can be meant by a field without a name.
                let members = row.members.filter { !unnamed.contains($0.name) }
                for member in members where known.insert(member.name).inserted { fields.append(member.name) }
                rows.append(JSONObject(members.filter { !$0.value.isNull }.map { ($0.name, $0.value) }))
            }
            if !isWhole { break }
        }
        let hasOperation = guess?.unnamedFields?.isFromDMS == true
        self.fields = fields.filter { !BronzeColumn.systemNames.contains($0) && !(hasOperation && $0 == "Op") }
        self.rows = rows
        brokenRows = broken
        self.firstFault = firstFault
        self.isWhole = isWhole
    }

    private static func front(of source: any ByteSource) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: DialectGuess.frontSize)
        var count = 0
        while count < bytes.count {
            let more = try bytes.withUnsafeMutableBytes { bytes in
                try source.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[count...]))
            }
            guard more > 0 else { break }
            count += more
        }
        return Array(bytes[..<count])
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

/// A text with a line before it.
private final class HeadedSource: ByteSource {
    private var header: ArraySlice<UInt8>
    private let source: any ByteSource

    init(_ header: [UInt8], _ source: any ByteSource) {
        self.header = header[...]
        self.source = source
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        guard !header.isEmpty else { return try source.read(into: buffer) }
        let count = min(buffer.count, header.count)
        buffer.copyBytes(from: header.prefix(count))
        header = header.dropFirst(count)
        return count
    }
}
