internal import EmulatorCore
internal import Time

/// The conditions of a read.
/// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc9110#name-precedence-of-preconditions>
struct ReadConditions: Sendable {
    private let ifMatch: [String]?
    private let ifNoneMatch: [String]?
    private let ifModifiedSince: Timestamp?
    private let ifUnmodifiedSince: Timestamp?

    /// - Parameter prefix: the prefix of the headers' names, as in `x-amz-copy-source-if-match`.
    init(_ headers: HTTPHeaders, prefix: String = "") {
        ifMatch = headers[prefix + "If-Match"].map(Self.etags)
        ifNoneMatch = headers[prefix + "If-None-Match"].map(Self.etags)
        ifModifiedSince = headers[prefix + "If-Modified-Since"].flatMap(Timestamp.init(httpDate:))
        ifUnmodifiedSince = headers[prefix + "If-Unmodified-Since"].flatMap(Timestamp.init(httpDate:))
    }

    /// - Parameter headers: the headers of a `304 Not Modified`.
    func check(_ object: StoredObject, _ headers: [(String, String)] = []) throws(S3Fault) {
        // HTTP's dates have whole seconds.
        let modified = Timestamp(milliseconds: object.modified / 1000 * 1000)
        if let ifMatch {
            guard Self.matches(ifMatch, object) else { throw .preconditionFailed("If-Match") }
        } else if let ifUnmodifiedSince, modified > ifUnmodifiedSince {
            throw .preconditionFailed("If-Unmodified-Since")
        }
        if let ifNoneMatch {
            if Self.matches(ifNoneMatch, object) { throw Self.notModified(headers) }
        } else if let ifModifiedSince, modified <= ifModifiedSince {
            throw Self.notModified(headers)
        }
    }

    private static func notModified(_ headers: [(String, String)]) -> S3Fault {
        S3Fault("NotModified", "Not Modified", 304, headers: headers)
    }

    private static func matches(_ etags: [String], _ object: StoredObject) -> Bool {
        etags.contains { $0 == "*" || $0 == object.etag }
    }

    private static func etags(_ header: String) -> [String] {
        header.split(separator: ",").map { String($0.drop { $0 == " " }).unquoted }
    }
}

/// A `Range` header with one range.
/// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc9110#name-range-requests>
enum ByteRange: Sendable, Equatable {
    case from(Int)
    case between(Int, Int)
    case last(Int)

    /// Nil if there is no range, or only one that S3 ignores.
    init?(_ header: String?) {
        guard let header, header.hasPrefix("bytes=") else { return nil }
        let ends = header.dropFirst("bytes=".count).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, ends.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }) else {
            return nil
        }
        switch (Int(ends[0]), Int(ends[1])) {
        case (nil, let count?): self = .last(count)
        case (let first?, nil): self = .from(first)
        case (let first?, let last?) where first <= last: self = .between(first, last)
        default: return nil
        }
    }

    /// The range of bytes in an object of this size.
    /// - Throws: `InvalidRange` if it is empty.
    func resolved(in size: Int) throws(S3Fault) -> Range<Int> {
        let range: Range<Int>? =
            switch self {
            case .from(let first): first < size ? first..<size : nil
            case .between(let first, let last): first < size ? first..<min(last, size - 1) + 1 : nil
            case .last(let count): count > 0 && size > 0 ? max(0, size - count)..<size : nil
            }
        guard let range else {
            throw S3Fault(
                "InvalidRange", "The requested range is not satisfiable", 416,
                details: [("RangeRequested", text), ("ActualObjectSize", String(size))],
                headers: [("Content-Range", "bytes */\(size)")])
        }
        return range
    }

    private var text: String {
        switch self {
        case .from(let first): "bytes=\(first)-"
        case .between(let first, let last): "bytes=\(first)-\(last)"
        case .last(let count): "bytes=-\(count)"
        }
    }
}
