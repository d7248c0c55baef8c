internal import CCurl
internal import Synchronization

/// HTTP/1.1 over libcurl. Connections stay open for later requests.
///
/// Any number of threads may use it at once. Each exchange borrows a session with its own connections and returns it at
/// the end, so that a later exchange reuses the connection.
public final class CurlTransport: HTTPTransport {
    private let idle = Mutex<[CurlSession]>([])
    /// The trusted certificate authorities; nil for libcurl's default.
    private let authorities: CertificateAuthorities?

    /// The maximum number of idle sessions. Further sessions are closed after use.
    private static let idleLimit = 8

    public init(authorities: CertificateAuthorities? = nil) { self.authorities = authorities }

    public func open(_ request: HTTPRequest, limits: TransportLimits) throws(TransportError) -> any HTTPExchange {
        let waiting = idle.withLock { $0.popLast() }
        let session = if let waiting { waiting } else { try CurlSession() }
        do throws(TransportError) {
            let head = try session.start(request, limits: limits, authorities: authorities)
            return CurlExchange(head: head, session: session, transport: self)
        } catch {
            session.stop()
            giveBack(session)
            throw error
        }
    }

    fileprivate func giveBack(_ session: CurlSession) {
        idle.withLock { if $0.count < Self.idleLimit { $0.append(session) } }
    }
}

/// A response in transfer. Its release ends the transfer and returns the session.
private final class CurlExchange: HTTPExchange {
    let head: HTTPResponseHead
    private let transport: CurlTransport
    private var session: CurlSession?

    init(head: HTTPResponseHead, session: CurlSession, transport: CurlTransport) {
        self.head = head
        self.session = session
        self.transport = transport
    }

    deinit { finish() }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(TransportError) -> Int {
        guard let session else { return 0 }
        do throws(TransportError) {
            let count = try session.read(into: buffer)
            if count == 0 && buffer.count > 0 { finish() }
            return count
        } catch {
            finish()
            throw error
        }
    }

    private func finish() {
        guard let session else { return }
        self.session = nil
        session.stop()
        transport.giveBack(session)
    }
}
