/// The formats of a raw file.
package enum SampleFormat: String, CaseIterable, Sendable {
    case csv
    case json
}

/// Appends rows to a buffer, as RFC 4180 CSV or as one JSON object per line.
struct RowWriter {
    private(set) var bytes: [UInt8] = []
    private let format: SampleFormat
    private let names: [String]
    private var column = 0

    init(format: SampleFormat, columns: [String]) {
        self.format = format
        names = columns
        if format == .csv {
            bytes += Array(columns.joined(separator: ",").utf8)
            bytes.append(UInt8(ascii: "\n"))
        }
    }

    mutating func removeWritten() { bytes.removeAll(keepingCapacity: true) }

    mutating func integer(_ value: Int) {
        beginField()
        append(decimal: value)
    }

    /// `tenths` / 10 with one digit after the point; nil is null.
    mutating func decimal(tenths: Int?) {
        beginField()
        guard let tenths else { return null() }
        append(decimal: tenths / 10)
        bytes.append(UInt8(ascii: "."))
        bytes.append(UInt8(ascii: "0") + UInt8(tenths % 10))
    }

    mutating func text(_ value: String?) {
        beginField()
        guard let value else { return null() }
        switch format {
        case .csv: appendCSV(value)
        case .json: appendJSON(value)
        }
    }

    mutating func endRow() {
        if format == .json {
            bytes += Array(#","operation":"insert"}"#.utf8)
        }
        bytes.append(UInt8(ascii: "\n"))
        column = 0
    }

    private mutating func null() {
        if format == .json { bytes += Array("null".utf8) }
    }

    private mutating func beginField() {
        if column > 0 { bytes.append(UInt8(ascii: ",")) }
        if format == .json {
            if column == 0 { bytes.append(UInt8(ascii: "{")) }
            bytes.append(UInt8(ascii: "\""))
            bytes.append(contentsOf: names[column].utf8)
            bytes.append(UInt8(ascii: "\""))
            bytes.append(UInt8(ascii: ":"))
        }
        column += 1
    }

    private mutating func append(decimal value: Int) {
        if value < 10, value >= 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(value))
        } else {
            bytes.append(contentsOf: String(value).utf8)
        }
    }

    private mutating func appendCSV(_ value: String) {
        // Empty text is quoted, because an empty field without quotes is null.
        let special: (UInt8) -> Bool = { byte in
            byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\n")
                || byte == UInt8(ascii: "\r")
        }
        guard value.isEmpty || value.utf8.contains(where: special) else {
            bytes.append(contentsOf: value.utf8)
            return
        }
        bytes.append(UInt8(ascii: "\""))
        for byte in value.utf8 {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func appendJSON(_ value: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case UInt8(ascii: "\n"): bytes += Array("\\n".utf8)
            case UInt8(ascii: "\r"): bytes += Array("\\r".utf8)
            case UInt8(ascii: "\t"): bytes += Array("\\t".utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
