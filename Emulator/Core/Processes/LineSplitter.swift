/// Splits a stream of bytes into lines of text; a line above the limit becomes several.
package struct LineSplitter {
    /// CloudWatch Logs accepts events of up to 256 KiB.
    package static let lineLimit = 256 << 10

    private var rest: [UInt8] = []

    /// The lines that `bytes` complete, without their line ends.
    package mutating func add(_ bytes: some Collection<UInt8>) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                lines.append(takeLine())
            } else {
                rest.append(byte)
                if rest.count == Self.lineLimit { lines.append(takeLine()) }
            }
        }
        return lines
    }

    /// The text after the last line end; nil if there is none.
    package mutating func finish() -> String? { rest.isEmpty ? nil : takeLine() }

    private mutating func takeLine() -> String {
        defer { rest.removeAll(keepingCapacity: true) }
        if rest.last == UInt8(ascii: "\r") { rest.removeLast() }
        return String(decoding: rest, as: UTF8.self)
    }
}
