import Columns
import Contracts
import Foundation
import Gzip

@testable import Columnar

/// The folder of the real tables, beside the package; nil in a user's clone.
let realData: URL? = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardizedFileURL
    for candidate in [root.appending(path: "../shared/data"), root.appending(path: "../../shared/data")] {
        let folder = candidate.standardizedFileURL
        if FileManager.default.fileExists(atPath: folder.appending(path: "beer.csv.gz").path) { return folder }
    }
    return nil
}()

/// The project's own contract of `table`.
func contract(_ table: String) throws -> Contract {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardizedFileURL
    return try Contract(contentsOf: root.appending(path: "infra/contracts/\(table).odcs.yaml").path)
}

/// A contract with columns written `name: type`, `name: type!` where required.
func contract(columns: String...) throws -> Contract {
    let properties = columns.map { column -> String in
        let parts = column.split(separator: ":").map { $0.trimmingCharacters(in: .whitespaces) }
        let isRequired = parts[1].hasSuffix("!")
        var (type, masking) = (parts[1].filter { $0 != "!" }, "")
        if let space = type.firstIndex(of: " ") {
            masking = ", customProperties: [{property: masking, value: \(type[space...].dropFirst())}]"
            type = String(type[..<space])
        }
        let logical =
            switch type {
            case let type where type.hasSuffix("int") || type.hasSuffix("integer"): "integer"
            case "double", "float": "number"
            case let type where type.hasPrefix("decimal"): "number"
            case let type where type.hasPrefix("timestamp") || type.hasPrefix("datetime"): "timestamp"
            case let type where type.hasPrefix("time"): "time"
            case "uuid", "json": "string"
            default: type
            }
        return
            "{name: \(parts[0]), logicalType: \(logical), physicalType: '\(type)', required: \(isRequired)\(masking)}"
    }
    return try Contract(
        parsing: """
            {apiVersion: v3.1.0, kind: DataContract, id: t, version: '1', status: draft,
             schema: [{name: t, properties: [\(properties.joined(separator: ",\n  "))]}]}
            """, file: "fixture")
}

/// What a reader made of a text: the values of each accepted row as text (nil for null), and the rejected rows.
struct Reading {
    var rows: [[String?]] = []
    var rejected: [RejectedRow] = []
    var batchSizes: [Int] = []

    init(_ reader: some RecordReader, _ contract: Contract, key: [UInt8]? = nil) throws {
        let masker = try Masker(contract, key: key)
        var batch = RecordBatch(contract.bronzeColumns)
        while try reader.read(into: &batch) {
            batch = masker.mask(batch).records
            rows += batch.texts
            rejected += batch.rejected
            batchSizes.append(batch.rowsRead)
        }
    }

    /// Line and reason of each rejected row.
    var faults: [String] { rejected.map { "\($0.line) \($0.reason.rawValue)" } }
}

extension RecordBatch {
    /// Every value as text, row by row. Checks the layout of the columns, too.
    var texts: [[String?]] {
        var rows = [[String?]](repeating: [], count: rowCount)
        for column in columns {
            let array = column.leaves[0]
            if let levels = array.levels {
                let starts = levels.repetition.indices.filter { levels.repetition[$0] == 0 }
                for (row, start) in starts.enumerated() {
                    let isPresent = levels.definition[start] > 0
                    rows[row].append(isPresent ? "nested" : nil)
                }
                continue
            }
            var next = 0
            for row in 0..<rowCount {
                let isPresent = array.presence.map { $0[row / 64] >> (row % 64) & 1 == 1 } ?? true
                rows[row].append(isPresent ? array.values.text(at: next) : nil)
                next += isPresent ? 1 : 0
            }
            precondition(
                next == array.values.count, "\(column.schema.name): \(next) bits, \(array.values.count) values")
            precondition(array.presence.map { $0.count == (rowCount + 63) / 64 } ?? true)
        }
        return rows
    }
}

extension ColumnValues {
    func text(at index: Int) -> String {
        switch self {
        case .boolean(let values): values[index] == 1 ? "true" : "false"
        case .int32(let values): String(values[index])
        case .int64(let values): String(values[index])
        case .float(let values): String(values[index])
        case .double(let values): String(values[index])
        case .byteArray(let values): String(decoding: values[index], as: UTF8.self)
        case .fixedLengthByteArray(let values, let length):
            values[index * length..<(index + 1) * length].map { String(format: "%02x", $0) }.joined()
        }
    }
}

/// Reads CSV text through a window so small that its boundaries fall everywhere.
func readCSV(
    _ text: some Sequence<UInt8>, _ contract: Contract, piece: Int = .max, window: Int = 256, line: Int = 1 << 20,
    batchRows: Int = 1 << 15, batchBytes: Int = 4 << 20, key: [UInt8]? = nil
) throws -> Reading {
    var limits = ReaderLimits(batchRows: batchRows, batchBytes: batchBytes, lineBytes: line)
    limits.windowBytes = window
    let source = MemorySource(Array(text), pieceSize: piece)
    return try Reading(try CSVReader(source, contract: contract, limits: limits), contract, key: key)
}

func readCSV(_ text: String, _ contract: Contract, line: Int = 1 << 20, key: [UInt8]? = nil) throws -> Reading {
    try readCSV(text.utf8, contract, line: line, key: key)
}

/// `bytes` as one gzip member.
func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var writer = GzipWriter()
    writer.append(bytes)
    return writer.finish()
}
