internal import EmulatorCore
internal import NIOCore
internal import NIOHTTP1
import Synchronization
internal import Time

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// A response in NIO's types: the head with framing headers, and the source of the body.
struct ResponseParts {
    enum Content {
        case none
        case bytes(ByteBuffer)
        case files(FileSequence)
        case stream(ResponseStream)
    }

    let head: HTTPResponseHead
    let content: Content

    init(_ response: EmulatorCore.HTTPResponse, to request: HTTPRequestHead, closes: Bool) {
        var response = response
        var status = HTTPResponseStatus(statusCode: response.status)
        let bodiless = request.method == .HEAD || status == .noContent || status == .notModified
        /// Nil for a body in chunks.
        var length: Int?
        switch response.body {
        case .bytes(let bytes):
            length = bytes.count
            content = bodiless || bytes.isEmpty ? .none : .bytes(ByteBuffer(bytes: bytes))
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
                    status = .internalServerError
                    response.headers = EmulatorCore.HTTPHeaders([("Content-Type", "text/plain")])
                    length = reason.count
                    content = .bytes(ByteBuffer(bytes: reason))
                }
            }
        }
        head = HTTPResponseHead(
            version: request.version, status: status,
            headers: Self.headers(response, length: length, request: request, bodiless: bodiless, closes: closes))
    }

    private static func headers(
        _ response: EmulatorCore.HTTPResponse, length: Int?, request: HTTPRequestHead, bodiless: Bool, closes: Bool
    ) -> NIOHTTP1.HTTPHeaders {
        var headers = NIOHTTP1.HTTPHeaders()
        headers.reserveCapacity(response.headers.fields.count + 3)
        var givenLength: String?
        for (name, value) in response.headers.fields {
            if name.utf8.count == 14, name.lowercased() == "content-length" {
                givenLength = value
            } else {
                headers.add(name: name, value: value)
            }
        }
        // A response to HEAD may declare the length of the missing body; any other length is counted, not copied.
        if let length {
            headers.add(name: "Content-Length", value: bodiless ? givenLength ?? String(length) : String(length))
        }
        headers.add(name: "Date", value: DateHeader.now())
        if closes {
            headers.add(name: "Connection", value: "close")
        } else if request.version == .http1_0 {
            headers.add(name: "Connection", value: "keep-alive")
        }
        return headers
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

extension EmulatorCore.HTTPRequest {
    init(_ head: HTTPRequestHead, body pipe: BodyPipe) {
        let target = Self.originForm(head.uri)
        let question = target.firstIndex(of: "?") ?? target.endIndex
        let length = head.headers.first(name: "Content-Length").flatMap { Int($0) }
        self.init(
            method: head.method.rawValue, path: String(target[..<question]),
            query: String(target[question...].dropFirst()),
            headers: EmulatorCore.HTTPHeaders(head.headers.map { ($0.name, $0.value) }),
            body: RequestBody(length: length) { try await pipe.next() })
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
