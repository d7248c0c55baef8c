/// Reads requests from bytes as they arrive, in whatever pieces.
struct RequestReader {
    enum Event {
        case head(RequestHead)
        case body([UInt8])
        case end
    }

    private enum State {
        case head
        case length(Int)
        case chunkSize
        case chunk(Int)
        case chunkEnd
        case trailers
        case end
    }

    private let headLimit: Int
    private var state = State.head
    private var bytes: [UInt8] = []
    private var position = 0
    /// How far the end of a head was looked for.
    private var searched = 0
    /// What is left for trailers.
    private var trailerLimit = 0

    /// - Parameter headLimit: the size of a head, in bytes.
    init(headLimit: Int) { self.headLimit = headLimit }

    /// Whether bytes wait that ``next()`` has not given yet.
    var hasBytes: Bool { position < bytes.count }

    /// The bytes that the body still has, if its length is known and no bytes wait: they can be read past the reader.
    var bytesOfBody: Int? {
        guard case .length(let left) = state, !hasBytes else { return nil }
        return left
    }

    mutating func append(_ more: UnsafeRawBufferPointer) {
        if position == bytes.count {
            bytes.removeAll(keepingCapacity: bytes.capacity <= 16 << 10)
            (position, searched) = (0, 0)
        } else if position > 64 << 10 {
            bytes.removeFirst(position)
            (position, searched) = (0, max(0, searched - position))
        }
        bytes.append(contentsOf: more)
    }

    /// Notes bytes of the body that were read past the reader.
    mutating func pass(_ count: Int) {
        if case .length(let left) = state { state = left > count ? .length(left - count) : .end }
    }

    /// - Returns: nil if more bytes are needed.
    mutating func next() throws(MalformedRequest) -> Event? {
        while true {
            switch state {
            case .head: return try head().map { .head($0) }
            case .length(let left):
                guard let piece = take(left) else { return nil }
                state = left > piece.count ? .length(left - piece.count) : .end
                return .body(piece)
            case .chunkSize:
                guard let size = try chunkSize() else { return nil }
                state = size > 0 ? .chunk(size) : .trailers
            case .chunk(let left):
                guard let piece = take(left) else { return nil }
                state = left > piece.count ? .chunk(left - piece.count) : .chunkEnd
                return .body(piece)
            case .chunkEnd:
                guard let line = try line(limit: 0) else { return nil }
                guard line.isEmpty else { throw MalformedRequest() }
                state = .chunkSize
            case .trailers:
                guard let line = try line(limit: trailerLimit) else { return nil }
                trailerLimit -= line.count
                if line.isEmpty { state = .end }
            case .end:
                state = .head
                return .end
            }
        }
    }

    private mutating func head() throws(MalformedRequest) -> RequestHead? {
        // An empty line after a body is common enough that RFC 9112 asks servers to pass over it.
        while bytes.count - position >= 2, bytes[position] == 0x0D, bytes[position + 1] == 0x0A { position += 2 }
        guard let end = endOfHead() else {
            // The end may be there but for its last byte.
            guard bytes.count - position <= headLimit + 3 else { throw MalformedRequest() }
            return nil
        }
        guard end - position <= headLimit else { throw MalformedRequest() }
        let range = position..<end + 2
        let read: Result<RequestHead, MalformedRequest> = bytes.withUnsafeBytes { bytes in
            do throws(MalformedRequest) { return .success(try RequestHead(bytes[range])) } catch {
                return .failure(error)
            }
        }
        let head = try read.get()
        position = end + 4
        searched = position
        switch head.framing {
        case .none: state = .end
        case .length(let length): state = .length(length)
        case .chunked:
            state = .chunkSize
            trailerLimit = headLimit
        }
        return head
    }

    /// The place of CR LF CR LF.
    private mutating func endOfHead() -> Int? {
        var at = max(searched, position)
        while at + 3 < bytes.count {
            if bytes[at] == 0x0D, bytes[at + 1] == 0x0A, bytes[at + 2] == 0x0D, bytes[at + 3] == 0x0A { return at }
            at += 1
        }
        searched = at
        return nil
    }

    private mutating func take(_ limit: Int) -> [UInt8]? {
        let count = min(limit, bytes.count - position)
        guard count > 0 else { return nil }
        defer { position += count }
        return Array(bytes[position..<position + count])
    }

    private mutating func chunkSize() throws(MalformedRequest) -> Int? {
        guard let line = try line(limit: 4096) else { return nil }
        var size = 0
        var digits = 0
        for byte in line {
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte - 0x30
            case 0x41...0x46, 0x61...0x66: digit = (byte | 0x20) - 0x61 + 10
            case UInt8(ascii: ";"), 0x20, 0x09:
                guard digits > 0 else { throw MalformedRequest() }
                return size
            default: throw MalformedRequest()
            }
            digits += 1
            guard digits <= 15 else { throw MalformedRequest() }
            size = size << 4 | Int(digit)
        }
        guard digits > 0 else { throw MalformedRequest() }
        return size
    }

    /// The next line without its end; nil if it is not there yet.
    private mutating func line(limit: Int) throws(MalformedRequest) -> ArraySlice<UInt8>? {
        var at = position
        while at < bytes.count, bytes[at] != 0x0D {
            guard at - position < limit, bytes[at] != 0x0A else { throw MalformedRequest() }
            at += 1
        }
        guard at + 1 < bytes.count else { return nil }
        guard bytes[at + 1] == 0x0A else { throw MalformedRequest() }
        defer { position = at + 2 }
        return bytes[position..<at]
    }
}
