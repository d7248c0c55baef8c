internal import EmulatorCore
import Synchronization
internal import Time

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// The bytes before a response's body, and where the body comes from.
struct ResponseHead {
    enum Content {
        case none
        case bytes([UInt8])
        case files(FileSequence)
        case stream(ResponseStream)
    }

    static let proceed = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
    static var malformed: [UInt8] {
        Array(
            "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\nDate: \(DateHeader.now())\r\n\r\n"
                .utf8)
    }

    let bytes: [UInt8]
    let content: Content
    /// Whether the body is sent in chunks. Otherwise its length is known, or the end of the connection is its end.
    let isChunked: Bool
    let closes: Bool

    /// - Parameter closes: whether the connection ends after it anyway.
    init(_ response: HTTPResponse, to request: RequestHead, closes: Bool) {
        var response = response
        let bodiless = request.method == "HEAD" || response.status == 204 || response.status == 304
        /// Nil for a body of unknown length.
        var length: Int?
        switch response.body {
        case .bytes(let bytes):
            length = bytes.count
            content = bodiless || bytes.isEmpty ? .none : .bytes(bytes)
        case .stream(let stream):
            content = bodiless ? .none : .stream(stream)
        case .files(let ranges):
            length = ranges.length
            if bodiless || ranges.length == 0 {
                content = .none
            } else {
                do throws(FileRangeError) {
                    content = .files(try FileSequence(ranges))
                } catch {
                    let reason = Array("\(error)\n".utf8)
                    response.status = 500
                    response.headers = HTTPHeaders([("Content-Type", "text/plain")])
                    length = reason.count
                    content = .bytes(reason)
                }
            }
        }
        isChunked = length == nil && request.minorVersion == 1
        self.closes = closes || length == nil && !isChunked
        bytes = Self.bytes(of: response, length, isChunked, bodiless, request, closes: self.closes)
    }

    private static func bytes(
        of response: HTTPResponse, _ length: Int?, _ isChunked: Bool, _ bodiless: Bool, _ request: RequestHead,
        closes: Bool
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        bytes += "HTTP/1.\(request.minorVersion) \(response.status) \(reason(response.status))\r\n".utf8
        var givenLength: String?
        for (name, value) in response.headers.fields {
            if name.utf8.count == 14, name.lowercased() == "content-length" {
                givenLength = value
            } else {
                append(name, value, to: &bytes)
            }
        }
        // A response to HEAD may declare the length of the missing body; any other length is counted, not copied.
        if let length, response.status != 204 {
            append("Content-Length", bodiless ? givenLength ?? String(length) : String(length), to: &bytes)
        }
        if isChunked, response.status != 204 { append("Transfer-Encoding", "chunked", to: &bytes) }
        append("Date", DateHeader.now(), to: &bytes)
        if closes {
            append("Connection", "close", to: &bytes)
        } else if request.minorVersion == 0 {
            append("Connection", "keep-alive", to: &bytes)
        }
        bytes += [0x0D, 0x0A]
        return bytes
    }

    private static func append(_ name: String, _ value: String, to bytes: inout [UInt8]) {
        bytes += name.utf8
        bytes += [0x3A, 0x20]
        // A line end in a value would begin a field that nobody set.
        for byte in value.utf8 { bytes.append(byte == 0x0D || byte == 0x0A || byte == 0 ? 0x20 : byte) }
        bytes += [0x0D, 0x0A]
    }

    /// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc9110#name-status-codes>
    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 206: "Partial Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 411: "Length Required"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 415: "Unsupported Media Type"
        case 416: "Range Not Satisfiable"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: "Status"
        }
    }
}

/// The value of the `Date` header, formatted once per second.
enum DateHeader {
    private static let last = Mutex<(second: Int, text: String)>((0, ""))

    static func now() -> String {
        let second = time(nil)
        return last.withLock { last in
            if last.second != second { last = (second, Timestamp(milliseconds: Int64(second) * 1000).httpDate) }
            return last.text
        }
    }
}

extension HTTPRequest {
    init(_ head: RequestHead, body pipe: BodyPipe) {
        let target = Self.originForm(head.target)
        let question = target.firstIndex(of: "?") ?? target.endIndex
        let length: Int? =
            switch head.framing {
            case .length(let length): length
            case .none: head.headers["Content-Length"] == nil ? nil : 0
            case .chunked: nil
            }
        self.init(
            method: head.method, path: String(target[..<question]), query: String(target[question...].dropFirst()),
            headers: head.headers, body: RequestBody(length: length) { try await pipe.next() })
    }

    /// The path and query of a request target; a client of a proxy sends the whole URL.
    private static func originForm(_ target: String) -> Substring {
        guard !target.hasPrefix("/"), let colon = target.firstIndex(of: ":"), target[colon...].hasPrefix("://") else {
            return target[...]
        }
        let authority = target[colon...].dropFirst(3)
        return authority.firstIndex(of: "/").map { authority[$0...] } ?? "/"
    }
}
