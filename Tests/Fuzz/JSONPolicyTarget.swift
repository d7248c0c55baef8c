import Contracts
import JSON
internal import RawFile

@testable import Columnar
@testable import FirehoseTransform

/// The three validators agree about a line: whether it is a JSON object.
struct JSONPolicyTarget: FuzzTarget {
    /// Every JSON object is a row of this table, but where `s` holds an object or an array.
    private static let table: Contract = {
        do {
            return try Contract(
                parsing: """
                    {apiVersion: v3.1.0, kind: DataContract, id: t, version: '1', status: draft,
                     schema: [{name: t, properties: [{name: s, logicalType: string}]}]}
                    """, file: "fuzzed table")
        } catch {
            fatal("\(error)")
        }
    }()

    func take(_ bytes: [UInt8]) throws {
        // A newline ends a line, and only NDJSON knows lines.
        let line = bytes.filter { $0 != 0x0A }
        let isMarked = [[0xEF, 0xBB, 0xBF], [0xFF, 0xFE], [0xFE, 0xFF]].contains { line.starts(with: $0 as [UInt8]) }
        guard !isMarked, !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) else { return }
        let isObject = (try? JSON(parsing: line))?.object != nil
        require(isScanned(line) == isObject, "the scanner differs on \(String(decoding: line, as: UTF8.self))")
        // Alone, after lines with a shape to learn, and once more by the shape that it may have taught itself.
        for before in ["", #"{"s":"a"}"# + "\n", #"{ "s" : "a" , "t" : 1 }"# + "\n"] {
            let lines = Array(before.utf8) + line + [0x0A] + line
            // Both may be one value.
            guard JSONObjects(front: lines) == nil else { continue }
            let batch = try read(lines)
            require(batch.rowsRead == (before.isEmpty ? 2 : 3), "\(batch.rowsRead) lines")
            require(
                batch.rejected.filter { $0.reason != .nestedValue }.count == (isObject ? 0 : 2),
                "the reader differs after '\(before)' on \(String(decoding: line, as: UTF8.self)): \(batch.rejected)")
        }
    }

    private func isScanned(_ line: [UInt8]) -> Bool {
        ByteSlice.of(line) { text in
            var scanner = JSONScanner(text)
            do throws(JSONScanner.Fault) {
                try scanner.document { scanner, _ throws(JSONScanner.Fault) in _ = try scanner.value() }
                return true
            } catch {
                return false
            }
        }
    }

    private func read(_ lines: [UInt8]) throws -> RecordBatch {
        let reader = try RawFormat.json.reader(of: MemorySource(lines), contract: Self.table)
        var batch = RecordBatch(Self.table.bronzeColumns)
        _ = try reader.read(into: &batch)
        return batch
    }
}
