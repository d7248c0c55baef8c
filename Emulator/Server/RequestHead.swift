internal import EmulatorCore

/// The request line and header fields of a request, and what they say of its framing.
/// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc9112>
struct RequestHead {
    enum Framing: Equatable {
        case none
        case length(Int)
        case chunked
    }

    let method: String
    let target: String
    /// 0 or 1, of HTTP/1.
    let minorVersion: Int
    let headers: HTTPHeaders
    let framing: Framing
    let keepsAlive: Bool
    let awaitsContinue: Bool

    /// - Parameter bytes: a head with its line ends, without the empty line.
    /// - Throws: if it breaks the grammar, or if its framing can be understood in two ways.
    init(_ bytes: UnsafeRawBufferPointer.SubSequence) throws(MalformedRequest) {
        var lines = Lines(rest: bytes)
        guard let line = try lines.next() else { throw MalformedRequest() }
        let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard words.count == 3, !words[0].isEmpty, words[0].allSatisfy(Self.isTokenByte), !words[1].isEmpty,
            words[1].allSatisfy({ $0 > 0x20 && $0 != 0x7F })
        else { throw MalformedRequest() }
        minorVersion =
            if words[2].elementsEqual("HTTP/1.1".utf8) {
                1
            } else if words[2].elementsEqual("HTTP/1.0".utf8) {
                0
            } else {
                throw MalformedRequest()
            }
        method = String(decoding: words[0], as: UTF8.self)
        target = String(decoding: words[1], as: UTF8.self)

        var headers = HTTPHeaders()
        var length: Int?
        var coding: String?
        var connection = ""
        var awaitsContinue = false
        while let line = try lines.next() {
            let (name, value) = try Self.field(line)
            switch name.utf8.count {
            case 14 where name.lowercased() == "content-length":
                // Two lengths, even equal ones, are how requests are smuggled.
                guard length == nil, (1...18).contains(value.utf8.count),
                    value.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(value)
                else { throw MalformedRequest() }
                length = number
            case 17 where name.lowercased() == "transfer-encoding":
                coding = (coding.map { $0 + "," } ?? "") + value.lowercased()
            case 10 where name.lowercased() == "connection":
                connection += "," + value.lowercased()
            case 6 where name.lowercased() == "expect":
                awaitsContinue = awaitsContinue || value.lowercased() == "100-continue"
            default: break
            }
            headers.append(name, value)
        }
        if let coding {
            // The only coding whose end is known, and none beside a length.
            guard coding == "chunked", length == nil, minorVersion == 1 else { throw MalformedRequest() }
            framing = .chunked
        } else {
            framing = length.map { $0 > 0 ? .length($0) : .none } ?? .none
        }
        let options = connection.split(separator: ",").map { $0.filter { $0 != " " && $0 != "\t" } }
        keepsAlive = minorVersion == 1 ? !options.contains("close") : options.contains("keep-alive")
        self.awaitsContinue = awaitsContinue && minorVersion == 1
        self.headers = headers
    }

    private static func field(
        _ line: UnsafeRawBufferPointer.SubSequence
    ) throws(MalformedRequest) -> (name: String, value: String) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
            line[..<colon].allSatisfy(Self.isTokenByte)
        else { throw MalformedRequest() }
        var value = line[(colon + 1)...]
        while let first = value.first, first == 0x20 || first == 0x09 { value = value.dropFirst() }
        while let last = value.last, last == 0x20 || last == 0x09 { value = value.dropLast() }
        guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else { throw MalformedRequest() }
        return (String(decoding: line[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self))
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// Lines that end with CR LF.
    private struct Lines {
        var rest: UnsafeRawBufferPointer.SubSequence

        mutating func next() throws(MalformedRequest) -> UnsafeRawBufferPointer.SubSequence? {
            guard !rest.isEmpty else { return nil }
            guard let end = rest.firstIndex(of: UInt8(ascii: "\r")), end + 1 < rest.endIndex,
                rest[end + 1] == UInt8(ascii: "\n")
            else { throw MalformedRequest() }
            defer { rest = rest[(end + 2)...] }
            return rest[..<end]
        }
    }
}

/// Bytes that are not HTTP/1.
struct MalformedRequest: Error {}
