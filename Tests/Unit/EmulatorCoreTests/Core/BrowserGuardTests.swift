import EmulatorCore
import Synchronization
import Testing

@Suite struct BrowserGuardTests {
    private func status(
        _ headers: [(String, String)], method: String = "POST", by browserGuard: BrowserGuard = BrowserGuard()
    ) async -> Int {
        await answer(headers, method: method, by: browserGuard).status
    }

    private func answer(
        _ headers: [(String, String)], method: String = "POST", by browserGuard: BrowserGuard = BrowserGuard()
    ) async -> HTTPResponse {
        await browserGuard.respond(to: HTTPRequest(method: method, path: "/", headers: HTTPHeaders(headers))) { _ in
            HTTPResponse(status: 201, headers: HTTPHeaders([("ETag", "x")]))
        }
    }

    @Test("clients outside a browser pass")
    func clients() async {
        #expect(await status([]) == 201)
        for host in [
            "127.0.0.1:4566", "127.9.9.9", "localhost", "LOCALHOST:80", "[::1]:4566", "bucket.s3.localhost:4566",
            "bucket.localhost:4566", "bucket.s3.us-east-1.amazonaws.com",
        ] {
            let answer = await answer([("Host", host)])
            #expect(answer.status == 201, "\(host)")
            #expect(answer.headers["Content-Security-Policy"] == nil)
        }
    }

    @Test("a host that does not name this machine is refused, unless it is listed")
    func hosts() async {
        let listing = BrowserGuard(hosts: ["Docker.internal"])
        for host in [
            "evil.example:4566", "0.0.0.0:4566", "192.168.0.1", "127.0.0.1.evil.example", "localhost.evil.example",
            "notlocalhost", "127.0.0", "127.0.0.1.1", "", "docker.internal",
        ] {
            #expect(await status([("Host", host)]) == 403, "\(host)")
        }
        for host in ["docker.internal:4566", "bucket.docker.internal"] {
            #expect(await status([("Host", host)], by: listing) == 201, "\(host)")
        }
        #expect(await status([("Host", "notdocker.internal")], by: listing) == 403)
        let host = "bucket.s3.amazonaws.com"
        #expect(await status([("Host", host), ("Origin", "http://" + host)]) == 403)
    }

    @Test(
        "a page from elsewhere is refused",
        arguments: [
            [("Origin", "http://evil.example")], [("Origin", "null")], [("Origin", "http://localhost:5173")],
            [("Origin", "https://localhost:4566")], [("Sec-Fetch-Site", "cross-site")],
            [("Sec-Fetch-Site", "same-site")],
            [("Origin", "http://localhost:4566"), ("Sec-Fetch-Site", "cross-site")],
            [("Origin", "http://evil.example"), ("Sec-Fetch-Site", "same-origin")],
            [("Origin", "http://evil.example"), ("Access-Control-Request-Method", "PUT")],
        ])
    func strangers(headers: [(String, String)]) async {
        for method in ["POST", "GET", "OPTIONS"] {
            #expect(await status([("Host", "localhost:4566")] + headers, method: method) == 403)
        }
    }

    @Test("the user and the emulator's own pages pass, and an object that is a page is sandboxed")
    func own() async {
        for headers in [
            [("Sec-Fetch-Site", "none")], [("Sec-Fetch-Site", "same-origin"), ("Origin", "http://localhost:4566")],
            [("Origin", "http://localhost:4566")],
        ] {
            let answer = await answer([("Host", "localhost:4566")] + headers)
            #expect(answer.status == 201)
            #expect(answer.headers["Content-Security-Policy"] == "sandbox allow-scripts")
        }
    }

    @Test("an admitted origin may preflight, send, and read the response")
    func admitted() async {
        let admitting = BrowserGuard(origins: ["http://localhost:5173"])
        let page = [("Host", "localhost:4566"), ("Origin", "http://localhost:5173"), ("Sec-Fetch-Site", "same-site")]
        let sent = await answer(page, by: admitting)
        #expect(sent.status == 201)
        #expect(sent.headers["Access-Control-Allow-Origin"] == "http://localhost:5173")
        #expect(sent.headers["Access-Control-Expose-Headers"] == "ETag")
        let preflight = await answer(
            page + [("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "X-Amz-Target, b")],
            method: "OPTIONS", by: admitting)
        #expect(preflight.status == 200)
        #expect(preflight.headers["Access-Control-Allow-Methods"] == "PUT")
        #expect(preflight.headers["Access-Control-Allow-Headers"] == "x-amz-target, b")
        let image = [("Sec-Fetch-Site", "same-site"), ("Referer", "http://localhost:5173/")]
        #expect(await status(image, method: "GET", by: admitting) == 201)
        #expect(await status([("Origin", "http://localhost:51730")], by: admitting) == 403)
    }

    @Test("a service may grant a page its request")
    func granted() async {
        let granting = BrowserGuard { page, request in
            page.origin == "https://app.example" && request.path == "/"
                ? CrossOriginGrant(methods: ["GET"], headers: []) : nil
        }
        #expect(await status([("Origin", "https://app.example")], by: granting) == 201)
        #expect(await status([("Origin", "https://evil.example")], by: granting) == 403)
    }

    @Test("a guarded listener answers no page from elsewhere")
    func guardedListener() async throws {
        struct Opened: Listener {
            let port = 1
            func close() async {}
        }
        final class Recording: Listening {
            let responder = Mutex<Responder?>(nil)
            func listen(port: Int, respond: @escaping Responder) async throws -> any Listener {
                responder.withLock { $0 = respond }
                return Opened()
            }
        }
        let recording = Recording()
        _ = try await GuardedListening(recording, by: BrowserGuard()).listen(port: 0) { _ in HTTPResponse(status: 201) }
        let respond = try #require(recording.responder.withLock { $0 })
        let page = HTTPRequest(method: "POST", path: "/", headers: HTTPHeaders([("Origin", "http://evil.example")]))
        #expect(await respond(page).status == 403)
        #expect(await respond(HTTPRequest(method: "POST", path: "/")).status == 201)
    }
}
