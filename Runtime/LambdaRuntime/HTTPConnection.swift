/// An HTTP/1.1 client of one host. It sends one request at a time and keeps the connection open between requests.
struct HTTPConnection: ~Copyable {
    /// A limit far above what the Runtime API sends. A longer answer is refused before memory is exhausted.
    static let bodyLimit = 256 << 20
    static let headLimit = 64 << 10
    private static let readSize = 64 << 10

    /// AWS's Runtime Interface Emulator listens a moment after it starts the function, and a function starts within
    /// milliseconds. After the first connection the client no longer waits.
    private let patienceAtFirst: Duration

    private let address: String
    private var socket: Socket?
    private var hasConnected = false
    /// Bytes received and not yet consumed: `received[consumed...]`.
    private var received: [UInt8] = []
    private var consumed = 0

    init(to address: String, patienceAtFirst: Duration = .seconds(1)) {
        self.address = address
        self.patienceAtFirst = patienceAtFirst
    }

    /// Sends `request` and reads its answer.
    ///
    /// If the connection of an earlier request has been closed meanwhile, the request is retried once over a new one.
    /// Every request to the Runtime API may be repeated, since the API refuses a second answer.
    mutating func exchange(_ request: HTTPRequest) throws(ConnectionError) -> HTTPResponse {
        if socket != nil {
            do throws(ConnectionError) { return try attempt(request) } catch {
                disconnect()
                if case .notHTTP = error { throw error }
            }
        }
        socket = try Socket(connectingTo: address, patience: hasConnected ? .zero : patienceAtFirst)
        hasConnected = true
        do throws(ConnectionError) { return try attempt(request) } catch {
            disconnect()
            throw error
        }
    }

    private mutating func attempt(_ request: HTTPRequest) throws(ConnectionError) -> HTTPResponse {
        try send(request)
        var response = try readHead()
        while response.isInterim { response = try readHead() }
        response.body = try readBody(of: response)
        if !response.keepsConnectionOpen { disconnect() }
        return response
    }

    private mutating func disconnect() {
        socket = nil
        received = []
        consumed = 0
    }

    private borrowing func send(_ request: HTTPRequest) throws(ConnectionError) {
        switch socket {
        case .none: throw .closed
        case .some(let socket):
            try socket.write(request.head(host: address), moreFollows: !request.body.isEmpty)
            try socket.write(request.body)
            socket.waitUntilReadable()
        }
    }

    // MARK: Reading

    private var unread: ArraySlice<UInt8> { received[consumed...] }

    /// Receives more bytes and appends them to the unread ones.
    private mutating func receiveMore() throws(ConnectionError) {
        let bytes =
            switch socket {
            case .none: [UInt8]()
            case .some(let socket): try socket.read(upTo: Self.readSize)
            }
        guard !bytes.isEmpty else { throw .closed }
        received = consumed == received.count ? bytes : Array(unread) + bytes
        consumed = 0
    }

    private mutating func readHead() throws(ConnectionError) -> HTTPResponse {
        var searched = 0
        while true {
            let bytes = unread
            if let end = Self.emptyLine(in: bytes, from: bytes.startIndex + max(0, searched - 3)) {
                consumed = end.upperBound
                return try HTTPResponse(head: bytes[..<end.lowerBound])
            }
            searched = bytes.count
            guard searched < Self.headLimit else { throw .notHTTP("its head is longer than \(Self.headLimit) bytes") }
            try receiveMore()
        }
    }

    private static func emptyLine(in bytes: ArraySlice<UInt8>, from start: Int) -> Range<Int>? {
        let (carriageReturn, lineFeed) = (UInt8(ascii: "\r"), UInt8(ascii: "\n"))
        var at = start + 3
        while at < bytes.endIndex {
            if bytes[at] == lineFeed, bytes[at - 1] == carriageReturn, bytes[at - 2] == lineFeed,
                bytes[at - 3] == carriageReturn
            {
                return at - 3..<at + 1
            }
            at += 1
        }
        return nil
    }

    private mutating func readBody(of response: HTTPResponse) throws(ConnectionError) -> [UInt8] {
        if response.isChunked { return try readChunks() }
        if let length = try response.bodyLength() { return try read(length) }
        return try readToEnd()
    }

    private mutating func read(_ count: Int) throws(ConnectionError) -> [UInt8] {
        guard count <= Self.bodyLimit else { throw .notHTTP("its body has \(count) bytes") }
        let head = unread.prefix(count)
        consumed += head.count
        guard head.count < count else { return Array(head) }
        let bytes =
            switch socket {
            case .none: [UInt8]()
            case .some(let socket): try socket.read(count, after: head)
            }
        guard bytes.count == count else { throw .closed }
        return bytes
    }

    private mutating func readLine() throws(ConnectionError) -> String {
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                let line = unread[..<end]
                consumed = end + 1
                return String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
            }
            guard unread.count < Self.headLimit else {
                throw .notHTTP("a chunk's head is longer than \(Self.headLimit) bytes")
            }
            try receiveMore()
        }
    }

    /// - SeeAlso: <https://www.rfc-editor.org/rfc/rfc9112#section-7.1>
    private mutating func readChunks() throws(ConnectionError) -> [UInt8] {
        var body: [UInt8] = []
        while true {
            let line = try readLine()
            let digits = line.prefix { $0 != ";" && $0 != " " }
            guard let size = Int(digits, radix: 16), size >= 0, body.count + size <= Self.bodyLimit else {
                throw .notHTTP("a chunk's size is \"\(line.prefix(80))\"")
            }
            if size == 0 { break }
            body += try read(size)
            guard try readLine().isEmpty else { throw .notHTTP("a chunk is longer than its size") }
        }
        while try !readLine().isEmpty {}  // trailers
        return body
    }

    private mutating func readToEnd() throws(ConnectionError) -> [UInt8] {
        while unread.count <= Self.bodyLimit {
            do throws(ConnectionError) { try receiveMore() } catch .closed {
                let body = Array(unread)
                disconnect()
                return body
            }
        }
        throw .notHTTP("its body is longer than \(Self.bodyLimit) bytes")
    }
}
