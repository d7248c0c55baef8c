internal import CCurl

/// One libcurl handle and its connections, driven by the reading thread.
///
/// The body arrives only while a read waits for it, so memory stays at one buffer, however large the object is.
///
/// Safety: `@unchecked Sendable`, because either one exchange or the transport's locked list owns a session. libcurl
/// allows a handle to move between threads that do not use it at the same time. The pointers given to libcurl (`self`,
/// the error buffer, the request body) live as long as the session or the transfer.
final class CurlSession: @unchecked Sendable {
    private let multi: UnsafeMutableRawPointer
    private let easy: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>
    private var requestHeaders: UnsafeMutablePointer<curl_slist>?
    private var body: [UInt8] = []

    private var isRunning = false
    private var outcome: CURLcode?
    private var responseFields = HTTPHeaders()
    private var isHeadComplete = false
    private var received: [UInt8] = []
    private var consumed = 0

    /// The reason why libcurl cannot be used, if any. It is set up once a process, before the first handle.
    private static let problem: String? = ccurl_set_up().map { String(cString: $0) }
    private static let receiveBufferSize = 128 << 10

    init() throws(TransportError) {
        if let problem = Self.problem {
            throw TransportError(.invalid, "libcurl cannot be loaded: \(problem); install libcurl4")
        }
        guard let multi = ccurl_multi_init(), let easy = ccurl_easy_init() else {
            throw TransportError(.invalid, "libcurl cannot create a handle; memory may be exhausted")
        }
        self.multi = multi
        self.easy = easy
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        stop()
        ccurl_easy_clean_up(easy)
        ccurl_multi_clean_up(multi)
        errorText.deallocate()
    }

    // MARK: One transfer

    /// Sends `request` and returns when the head of the response has arrived.
    func start(
        _ request: HTTPRequest, limits: TransportLimits, authorities: CertificateAuthorities?
    ) throws(TransportError) -> HTTPResponseHead {
        stop()
        outcome = nil
        responseFields = HTTPHeaders()
        isHeadComplete = false
        received.removeAll(keepingCapacity: true)
        consumed = 0
        errorText[0] = 0

        ccurl_easy_reset(easy)
        try check(configure(request, limits, authorities))
        guard ccurl_multi_add(multi, easy) == CURLM_OK else {
            throw TransportError(.invalid, "libcurl refused the transfer")
        }
        isRunning = true
        try drive()
        while !isHeadComplete && outcome == nil {
            wait()
            try drive()
        }
        if let outcome, !isHeadComplete {
            try check(outcome)
            throw TransportError(.lost, "the connection ended without a response")
        }
        return HTTPResponseHead(status: ccurl_response_code(easy), headers: responseFields)
    }

    /// Waits for bytes of the body and copies them. Returns 0 at the end of the body.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(TransportError) -> Int {
        while consumed == received.count {
            received.removeAll(keepingCapacity: true)
            consumed = 0
            if let outcome {
                try check(outcome)
                return 0
            }
            try drive()
            if received.isEmpty && outcome == nil { wait() }
        }
        let count = min(buffer.count, received.count - consumed)
        let next = consumed..<consumed + count
        received.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[next])) }
        consumed += count
        return count
    }

    /// Ends the transfer, complete or not. A connection with an unread rest of a response is closed.
    func stop() {
        if isRunning { _ = ccurl_multi_remove(multi, easy) }
        isRunning = false
        ccurl_free_list(requestHeaders)
        requestHeaders = nil
        body = []
    }

    /// Lets libcurl make progress without waiting.
    private func drive() throws(TransportError) {
        guard ccurl_multi_perform(multi) == CURLM_OK else {
            throw TransportError(.lost, "libcurl cannot continue the transfer")
        }
        var code = CURLE_OK
        if ccurl_take_result(multi, &code) != 0 { outcome = code }
    }

    /// Waits until a socket is ready or one of libcurl's timers fires.
    private func wait() {
        _ = ccurl_multi_wait(multi, 1000)
    }

    // MARK: Settings

    private func configure(
        _ request: HTTPRequest, _ limits: TransportLimits, _ authorities: CertificateAuthorities?
    ) -> CURLcode {
        body = request.body
        var settings = SettingsWriter(easy: easy)
        settings.set(CURLOPT_URL, request.url)
        settings.set(CURLOPT_PROTOCOLS_STR, "http,https")
        settings.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        settings.set(CURLOPT_PATH_AS_IS, 1)  // a key may contain ./ or ../, which are signed as they are
        settings.set(CURLOPT_FOLLOWLOCATION, 0)
        settings.set(CURLOPT_PROXY, "")  // ignore proxies in the environment
        settings.set(CURLOPT_NOSIGNAL, 1)
        settings.set(CURLOPT_TCP_NODELAY, 1)
        settings.set(CURLOPT_TCP_KEEPALIVE, 1)
        settings.set(CURLOPT_BUFFERSIZE, Self.receiveBufferSize)
        settings.set(CURLOPT_CONNECTTIMEOUT_MS, limits.connecting.milliseconds)
        settings.set(CURLOPT_LOW_SPEED_LIMIT, 1)
        settings.set(CURLOPT_LOW_SPEED_TIME, max(1, limits.stalling.milliseconds / 1000))
        if let whole = limits.whole { settings.set(CURLOPT_TIMEOUT_MS, max(1, whole.milliseconds)) }
        switch authorities {
        case .file(let path): settings.set(CURLOPT_CAINFO, path)
        case .folder(let path):
            settings.set(CURLOPT_CAPATH, path)
            settings.clear(CURLOPT_CAINFO)
        case nil: break
        }
        // libcurl repeats a request if a reused connection was lost. A request that must not run twice gets a new one.
        if !request.isRepeatable { settings.set(CURLOPT_FRESH_CONNECT, 1) }
        setMethod(of: request, &settings)
        setHeaders(of: request, &settings)
        let context = Unmanaged.passUnretained(self).toOpaque()
        settings.keep(ccurl_set_error_buffer(easy, errorText))
        settings.keep(ccurl_set_header_callback(easy, CurlSession.receiveHeader, context))
        settings.keep(ccurl_set_write_callback(easy, CurlSession.receiveBody, context))
        return settings.code
    }

    private func setMethod(of request: HTTPRequest, _ settings: inout SettingsWriter) {
        switch request.method {
        case .get:
            settings.set(CURLOPT_HTTPGET, 1)
        case .head:
            settings.set(CURLOPT_NOBODY, 1)
        case .delete:
            settings.set(CURLOPT_CUSTOMREQUEST, "DELETE")
        case .put, .post:
            // The session owns the array and does not change it before stop(), so its storage stays in place.
            settings.keep(body.withUnsafeBytes { ccurl_set_body(easy, $0.baseAddress, $0.count) })
            settings.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        }
    }

    private func setHeaders(of request: HTTPRequest, _ settings: inout SettingsWriter) {
        for field in request.headers.fields {
            // "name;" makes libcurl send a header without a value.
            append(header: field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
        }
        // Otherwise libcurl adds a form's content type and waits for 100-continue before larger bodies.
        if request.headers["content-type"] == nil { append(header: "Content-Type:") }
        append(header: "Expect:")
        append(header: "Accept:")
        settings.keep(ccurl_set_headers(easy, requestHeaders))
    }

    private func append(header: String) {
        requestHeaders = ccurl_append(requestHeaders, header)
    }

    // MARK: Callbacks

    private static let receiveHeader: ccurl_data_callback = { data, size, count, context in
        guard let data, let context else { return 0 }
        let line = UnsafeRawBufferPointer(start: data, count: size * count)
        Unmanaged<CurlSession>.fromOpaque(context).takeUnretainedValue().receive(headerLine: line)
        return size * count
    }

    private static let receiveBody: ccurl_data_callback = { data, size, count, context in
        guard let data, let context else { return 0 }
        let session = Unmanaged<CurlSession>.fromOpaque(context).takeUnretainedValue()
        session.received.append(contentsOf: UnsafeRawBufferPointer(start: data, count: size * count))
        return size * count
    }

    private func receive(headerLine line: UnsafeRawBufferPointer) {
        // Bytes, because there are ten lines to each short response.
        if line.starts(with: "HTTP/".utf8) {
            responseFields = HTTPHeaders()
        } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
            responseFields.add(Self.trimmed(line[..<colon]), Self.trimmed(line[(colon + 1)...]))
        } else if line.allSatisfy(Self.isSpace) {
            // The final head follows an interim one such as 100 Continue.
            isHeadComplete = ccurl_response_code(easy) >= 200
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private static func trimmed(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        var bytes = bytes
        while let first = bytes.first, isSpace(first) { bytes.removeFirst() }
        while let last = bytes.last, isSpace(last) { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func check(_ code: CURLcode) throws(TransportError) {
        guard code != CURLE_OK else { return }
        let detail = String(cString: errorText)
        let reason = detail.isEmpty ? String(cString: ccurl_error_text(code)) : detail
        throw TransportError(kind(of: code), reason)
    }

    private func kind(of code: CURLcode) -> TransportError.Kind {
        switch code {
        case CURLE_OPERATION_TIMEDOUT where ccurl_pretransfer_time(easy) == 0: .notSent
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR: .notSent
        case CURLE_OPERATION_TIMEDOUT: .timedOut
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_WRITE_ERROR,
            CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_WEIRD_SERVER_REPLY:
            .lost
        default: .invalid
        }
    }
}

/// Sets options and keeps the first error.
private struct SettingsWriter {
    let easy: UnsafeMutableRawPointer
    private(set) var code = CURLE_OK

    mutating func set(_ option: CURLoption, _ value: Int) { keep(ccurl_set_long(easy, option, value)) }
    mutating func set(_ option: CURLoption, _ value: String) { keep(ccurl_set_string(easy, option, value)) }

    mutating func clear(_ option: CURLoption) { keep(ccurl_set_string(easy, option, nil)) }

    mutating func keep(_ result: CURLcode) {
        if code == CURLE_OK { code = result }
    }
}

extension Duration {
    var milliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
    }
}

extension Substring {
    var trimmed: String {
        var text = self
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

extension String {
    var trimmed: String { self[...].trimmed }
}
