/// One request to the Runtime API.
struct HTTPRequest {
    var method: String
    var path: String
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []

    static func get(_ path: String) -> HTTPRequest { HTTPRequest(method: "GET", path: path) }

    static func post(_ path: String, _ body: [UInt8], headers: [(name: String, value: String)] = []) -> HTTPRequest {
        HTTPRequest(method: "POST", path: path, headers: headers, body: body)
    }

    /// The request line and the headers. Characters that could end a header early are removed from its value.
    func head(host: String) -> [UInt8] {
        var text = "\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: cupel\r\n"
        for (name, value) in headers {
            text += "\(name): \(value.filter { $0.isASCII && !$0.isNewline })\r\n"
        }
        if method != "GET" { text += "Content-Length: \(body.count)\r\n" }
        return Array((text + "\r\n").utf8)
    }
}

/// A complete answer of the Runtime API.
struct HTTPResponse: Hashable {
    var status: Int
    /// The headers by lowercase name.
    var headers: [String: String] = [:]
    var body: [UInt8] = []

    /// Parses the status line and the header lines, without the empty line that ends them.
    init(head: ArraySlice<UInt8>) throws(ConnectionError) {
        let lines = head.split(separator: UInt8(ascii: "\n")).map { line in
            String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
        }
        guard let statusLine = lines.first else { throw .notHTTP("it starts with an empty line") }
        let words = statusLine.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]), (100..<600).contains(status)
        else { throw .notHTTP("its first line is \"\(statusLine.prefix(80))\"") }
        self.status = status
        for line in lines.dropFirst() {
            guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) else {
                throw .notHTTP("a header line is \"\(line.prefix(80))\"")
            }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingBlanks()
        }
        // HTTP/1.0 closes the connection by default.
        if words[0] == "HTTP/1.0", headers["connection"] == nil { headers["connection"] = "close" }
    }

    var keepsConnectionOpen: Bool { headers["connection"]?.lowercased() != "close" }
    var isChunked: Bool { headers["transfer-encoding"]?.lowercased().hasSuffix("chunked") == true }
    var isInterim: Bool { status < 200 }

    /// The length in the headers; nil if the body extends to the end of the stream.
    func bodyLength() throws(ConnectionError) -> Int? {
        if isInterim || status == 204 || status == 304 { return 0 }
        guard let text = headers["content-length"] else { return nil }
        guard let length = Int(text), length >= 0 else {
            throw .notHTTP("its Content-Length is \"\(text.prefix(80))\"")
        }
        return length
    }
}

extension Substring {
    func trimmingBlanks() -> String {
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        guard let first = utf8.firstIndex(where: { !isBlank($0) }), let last = utf8.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(self[first...last])
    }
}
