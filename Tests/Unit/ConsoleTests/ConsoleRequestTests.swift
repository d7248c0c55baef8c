import EmulatorCore
import JSON
import Testing

@testable import Console

/// Which requests the console answers, and how.
@Suite struct ConsoleRequestTests {
    private let source = StubSource()
    private let settings = Console.Settings(title: "local", isReadOnly: false)

    private func send(
        _ method: String, _ target: String, _ headers: [(String, String)] = [], body: JSON? = nil,
        settings: Console.Settings? = nil
    ) async -> (status: Int, headers: HTTPHeaders, text: String) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let own = headers.contains { $0.0 == "Host" } ? headers : [("Host", "127.0.0.1:4566")] + headers
        let request = HTTPRequest(
            method: method, path: "/console/" + parts[0], query: parts.count > 1 ? parts[1] : "",
            headers: HTTPHeaders(own), body: RequestBody(body?.bytes ?? []))
        let response = await Console(source, settings ?? self.settings).respond(to: request)
        guard case .bytes(let bytes) = response.body else { return (response.status, response.headers, "") }
        return (response.status, response.headers, String(decoding: bytes, as: UTF8.self))
    }

    @Test(
        "a name of another machine, a page from elsewhere and a rebound name are refused",
        arguments: [
            [("Host", "evil.example")], [("Origin", "https://evil.example")], [("Origin", "null")],
            [("Sec-Fetch-Site", "cross-site")], [("Sec-Fetch-Site", "same-site")], [("Host", "127.0.0.1.evil.example")],
            [("Host", "localhost.evil.example:80")],
        ])
    func strangers(headers: [(String, String)]) async {
        for path in ["files", "api/files", "api/session", "assets/console.js"] {
            let answer = await send("GET", path, headers)
            #expect(answer.status == 403, "\(path)")
            #expect(!answer.text.contains(settings.token))
        }
    }

    @Test("a change needs the token, and a console that only reads refuses it with the token too")
    func token() async {
        let body: JSON = ["ids": ["0123456789abcdef0123456789abcdef"]]
        #expect(await send("POST", "api/replay", body: body).status == 403)
        #expect(await send("POST", "api/replay", [("X-Cupel-Token", "no")], body: body).status == 403)
        #expect(source.replays.isEmpty)
        #expect(await send("POST", "api/replay", [("X-Cupel-Token", settings.token)], body: body).status == 200)
        #expect(source.replays.count == 1)
        let reading = Console.Settings(title: "prod", isReadOnly: true)
        let refused = await send(
            "POST", "api/replay", [("X-Cupel-Token", reading.token)], body: body, settings: reading)
        #expect(refused.status == 403 && refused.text.contains("--allow-replay"))
        #expect(source.replays.count == 1)
    }

    @Test("every answer has the headers that keep a page's content from acting")
    func headers() async throws {
        for path in ["", "files", "api/flow", "nowhere", "assets/console.css"] {
            let answer = await send("GET", path)
            let policy = try #require(answer.headers["Content-Security-Policy"])
            #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"))
            #expect(answer.headers["X-Content-Type-Options"] == "nosniff")
        }
    }

    @Test("an unknown parameter, a wrong value and a wrong body are errors that say what is expected")
    func badRequests() async {
        let unknown = await send("GET", "api/files?colour=red")
        #expect(unknown.status == 400 && unknown.text.contains("colour") && unknown.text.contains("layer"))
        #expect(await send("GET", "api/files?limit=0").status == 400)
        #expect(await send("GET", "api/files?limit=99999999999999999999").status == 400)
        #expect(await send("GET", "api/files?status=lost").status == 400)
        #expect(await send("GET", "api/files?text=%FF").status == 400)
        #expect(await send("GET", "api/files?layer=gold&layer=gold").status == 400)
        #expect(await send("DELETE", "api/files").status == 405)
        #expect(await send("GET", "api/nowhere").status == 404)
        #expect(await send("DELETE", "api/files").headers["Allow"] == "GET")
        for path in ["api/files?status=", "api/session?a=1", "files?colour=red", "?a=1", "sql?q=1&q=2", "files/x?a=1"] {
            #expect(await send("GET", path).status == 400, "\(path)")
        }
        #expect(await send("POST", "api/session").status == 405)
        let token = ("X-Cupel-Token", settings.token)
        for body: JSON in [
            [], [:], ["ids": "x"], ["ids": [1]], ["ids": [], "more": 1], ["ids": []], ["status": "lost"],
            ["layer": "bronze"], ["ids": ["x"], "status": "error"],
        ] {
            #expect(await send("POST", "api/replay", [token], body: body).status == 400, "\(body)")
        }
        #expect(source.replays.isEmpty)
    }

    @Test("a filter's fields reach the source; empty ones ask for nothing")
    func filter() async {
        _ = await send("GET", "files?layer=silver&status=&table=beer&since=2h&text=a%2Bb+c")
        #expect(source.filters.first?.layer == "silver")
        #expect(source.filters.first?.status == nil)
        #expect(source.filters.first?.table == "beer")
        #expect(source.filters.first?.text == "a+b c")
    }

    @Test("a replay by a filter reaches the source with all of the filter")
    func replayByFilter() async {
        let body: JSON = [
            "status": "error", "layer": "silver", "table": "beer", "day": "2026-11-30", "text": "x", "dry_run": true,
        ]
        #expect(await send("POST", "api/replay", [("X-Cupel-Token", settings.token)], body: body).status == 200)
        let filter = source.replays.first?.filter
        #expect(filter?.status == "error" && filter?.layer == "silver" && filter?.table == "beer")
        #expect(filter?.day == "2026-11-30" && filter?.text == "x" && source.replays.first?.isDryRun == true)
    }

    @Test("a contract is published with the token only, and never by a console that only reads")
    func publishing() async {
        let body: JSON = ["contract": "name: x"]
        #expect(await send("POST", "api/contracts", body: body).status == 403)
        let reading = Console.Settings(title: "prod", isReadOnly: true)
        #expect(
            await send("POST", "api/contracts", [("X-Cupel-Token", reading.token)], body: body, settings: reading)
                .status == 403)
        #expect(source.published.isEmpty)
        #expect(await send("POST", "api/contracts", [("X-Cupel-Token", settings.token)], body: body).status == 200)
        #expect(source.published == ["name: x"])
    }

    @Test("the picture has each part at its place with what is in it, and hostile names stay text")
    func picture() {
        let picture = FlowPicture([
            [
                "name": "a", "title": "<b>", "kind": "store", "column": 0, "row": 0, "next": ["c", "gone"],
                "total": 1234, "is_more": true, "about": "files", "failed": 2,
            ],
            ["name": "c", "title": "C", "kind": "function", "column": 2, "row": 100, "running": 3, "per_minute": 7],
            ["name": "q", "title": "Q", "kind": "queue", "column": -5, "row": 200, "total": 1],
            [:],
        ]).html.text
        #expect(picture.contains("&lt;b&gt;: store, 2 failed, 1,234+ files"))
        #expect(picture.contains("C: function, 3 running, 7 a minute"))
        #expect(picture.contains("/console/flow/a") && picture.contains("/console/flow/q"))
        #expect(picture.split(separator: "class=\"edge").count == 2)
        #expect(FlowPicture([]).html == .nothing)
    }

    @Test("the first page does not wait until all is counted, and says so; the API does")
    func counting() async {
        source.answers["late flow"] = ["is_counting": true]
        source.answers["flow"] = ["stages": [["title": "Bronze", "total": 7]]]
        let early = await send("GET", "")
        #expect(early.status == 200 && early.text.contains("data-counting") && early.text.contains("Counting"))
        #expect(await send("GET", "api/flow").text.contains("Bronze"))
        source.answers["late flow"] = nil
        let counted = await send("GET", "").text
        #expect(counted.contains("Bronze") && !counted.contains("data-counting"))
    }

    @Test("tables and cost are shown at once, and what is still counted of them comes later")
    func countingTablesAndCost() async {
        source.answers["late tables"] = [
            "tables": [["name": "silver.beer", "table": "dm_silver.beer"]], "is_counting": true,
        ]
        source.answers["tables"] = ["tables": [], "days": [["table": "beer", "day": "2026-11-30", "rows": 7]]]
        let early = await send("GET", "tables").text
        #expect(early.contains("dm_silver.beer") && early.contains("data-live=\"days\" data-counting"))
        #expect(await send("GET", "api/tables").text.contains("2026-11-30"))
        source.answers["late tables"] = nil
        // Also without a table of silver, the days are there.
        let counted = await send("GET", "tables").text
        #expect(
            counted.contains("2026-11-30") && counted.contains("no table yet") && !counted.contains("data-counting"))

        source.answers["late cost"] = ["is_counting": true]
        source.answers["cost"] = ["rows": [["table": "beer", "target": "lambda", "files": 3]]]
        #expect(await send("GET", "cost").text.contains("data-live=\"cost\" data-counting"))
        #expect(await send("GET", "api/cost").text.contains("lambda"))
        source.answers["late cost"] = nil
        let summed = await send("GET", "cost").text
        #expect(summed.contains("lambda") && summed.contains("data-live=\"cost\"") && !summed.contains("data-counting"))
    }

    @Test("a search that is not at the end says how far it is, and where to go on")
    func searching() async {
        source.answers["files"] = [
            "records": [], "searched": 12_000, "total": 1_000_000, "next": "mark", "sorted_by": .null,
        ]
        let page = await send("GET", "files?text=x").text
        #expect(page.contains("Searched 12,000 of 1,000,000 records.") && page.contains("data-search=\"100\""))
        #expect(page.contains("Nothing is found so far.") && page.contains("after=mark"))
        source.answers["files"] = ["records": [], "searched": 1_000_000, "sorted_by": .null]
        let last = await send("GET", "files?text=x&after=mark").text
        #expect(last.contains("Searched 1,000,000 records.") && !last.contains("data-search"))
        #expect(last.contains("Widen the filter"))
    }

    @Test("the page of streams has slots, shards and buffers, and names of partitions are text")
    func streams() async {
        source.answers["streams"] = [
            "captures": [["slot": "cupel", "position": "0/16B3748", "lag_bytes": 2048]],
            "sources": [
                [
                    "name": "changes",
                    "shards": [["shard": "shardId-1", "is_open": false, "share_percent": 25, "lag_ms": 1500]],
                ]
            ],
            "streams": [
                [
                    "name": "to-raw", "buffers": 3, "buffer_seconds": 60, "buffer_megabytes": 64,
                    "open_buffers": [["prefix": "raw/<b>/", "kind": "data", "bytes": 5000, "is_closed": true]],
                ]
            ],
        ]
        let page = await send("GET", "streams").text
        for text in [
            "0/16B3748", "2.0 kB", "shardId-1", "closed", "25 %", "1.5 s", "raw/&lt;b&gt;/", "being stored",
            "64 MB or 1 min 0 s", "and 2 newer buffers",
        ] { #expect(page.contains(text), "\(text)") }
        source.answers["streams"] = ["sources": [["name": "changes"]]]
        let idle = await send("GET", "streams").text
        #expect(idle.contains("--stream changes") && idle.contains("No delivery stream."))
        source.answers["streams"] = [:]
        #expect(await send("GET", "streams").text.contains("make stream"))
    }

    @Test("pages show hostile names as text, in content and in addresses")
    func hostileNames() async {
        let name = "raw/beer/<img src=x onerror=\"alert(1)\">'&.csv.gz"
        source.answers["files"] = [
            "records": [
                [
                    "control_id": "\"><script>", "object_key": .string(name), "status": "error",
                    "error_message": "</td><script>alert(2)</script>", "table_name": "<b>",
                ]
            ]
        ]
        let page = await send("GET", "files").text
        #expect(!page.contains("<script>") && !page.contains("<img src=x") && !page.contains("<b>"))
        #expect(page.contains("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&#39;&amp;.csv.gz"))
        #expect(page.contains("/console/files/%22%3E%3Cscript%3E"))
    }

    @Test("an empty page says what to do, and a failing source what is wrong")
    func emptyAndFailing() async {
        #expect(await send("GET", "files").text.contains("cupel run sample"))
        #expect(await send("GET", "files?status=error").text.contains("Widen the filter"))
        source.faults["files"] = .failed("nothing answers at <here>")
        let answer = await send("GET", "files")
        #expect(answer.status == 502 && answer.text.contains("nothing answers at &lt;here&gt;"))
        #expect(await send("GET", "api/files").text == #"{"error":"nothing answers at <here>"}"#)
    }

    @Test("every page is there, and together with the assets they are small")
    func pages() async {
        for page in Page.all {
            let path = page.section + (page.hasID ? "/x" : "")
            let answer = await send("GET", path)
            #expect(answer.status == 200, "\(path): \(answer.text)")
            #expect(answer.text.contains("<title>") && answer.text.hasSuffix("</html>\n"))
        }
        #expect(Asset.all.reduce(0) { $0 + $1.text.utf8.count } < 500_000)
        #expect(await send("GET", "files/a/b").status == 404)
    }

    @Test("a request that an AWS client has signed is not the console's")
    func bucketNamedConsole() {
        func isAddressed(_ headers: [(String, String)], query: String = "") -> Bool {
            Console.isAddressed(
                by: HTTPRequest(method: "GET", path: "/console/key", query: query, headers: HTTPHeaders(headers)))
        }
        #expect(isAddressed([("Host", "127.0.0.1")]))
        #expect(!isAddressed([("Authorization", "AWS4-HMAC-SHA256 Credential=x")]))
        #expect(!isAddressed([], query: "X-Amz-Signature=1"))
        #expect(!Console.isAddressed(by: HTTPRequest(method: "GET", path: "/consoles/key")))
    }

    @Test("the description has every operation, with the parameters that are checked")
    func description() {
        let document = OpenAPI.document
        #expect(document["openapi"]?.string == "3.1.0")
        for operation in Operation.all {
            let described = document["paths"]?["/" + operation.path]?[operation.method.rawValue.lowercased()]
            let schema = described?["responses"]?["200"]?["content"]?["application/json"]?["schema"]
            #expect(schema?["properties"]?.object?.isEmpty == false, "\(operation.id)")
            #expect(described?["operationId"]?.string == operation.id)
            #expect((described?["parameters"]?.array ?? []).count == operation.parameters.count)
            for name in operation.path.split(separator: "/").filter({ $0.hasPrefix("{") }) {
                #expect(operation.parameters.contains { $0.isInPath && "{\($0.name)}" == name })
            }
        }
        #expect(Set(Operation.all.map(\.id)).count == Operation.all.count)
    }
}
