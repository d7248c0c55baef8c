import JSON
internal import RawFile

@testable import Columnar

/// A line is kept only if it is JSON, and called no JSON only if it is none, however it arrives.
struct NDJSONTarget: FuzzTarget {
    func take(_ bytes: [UInt8]) throws {
        let reading = try TextReading.insensitiveToPieces(bytes, as: .json)
        guard reading.error == nil else { return }
        let isMarked = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        // Of other forms, a line of the text is none that the reader sees.
        let isUTF16 = bytes.starts(with: [0xFE, 0xFF]) || bytes.starts(with: [0xFF, 0xFE])
        guard !isUTF16, JSONObjects(front: bytes.dropFirst(isMarked ? 3 : 0)) == nil else { return }
        let lines = bytes.dropFirst(isMarked ? 3 : 0).split(separator: UInt8(ascii: "\n"))
            .filter { !$0.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D } }
        require(reading.rowsRead == lines.count, "\(reading.rowsRead) of \(lines.count) lines")
        let rejected = Dictionary(reading.rejected.map { ($0.byteOffset, $0) }) { first, _ in first }
        for line in lines {
            let value = try? JSON(parsing: Array(line))
            let row = rejected[line.startIndex]
            switch row?.reason {
            case nil: require(value?.object != nil, "kept \(String(decoding: line, as: UTF8.self))")
            // With a column, it is text inside the line that is wrong.
            case .notJSON where row?.column == nil, .invalidUTF8 where row?.column == nil:
                require(value == nil, "called no JSON: \(String(decoding: line, as: UTF8.self))")
            case .notAnObject where row?.column == nil:
                require(value?.object == nil, "called no object: \(String(decoding: line, as: UTF8.self))")
            default: break
            }
        }
    }
}
