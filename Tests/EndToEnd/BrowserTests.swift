import Foundation
import FoundationNetworking
import TestEmulator
import Testing

/// A web page in the user's browser cannot use the emulator, unless the user admits it.
@Suite struct BrowserTests {
    private static let function = #"{"FunctionName": "planted", "Role": "r", "Runtime": "provided.al2023", "Code": {}}"#

    private func post(
        _ emulator: RunningEmulator, _ path: String, _ headers: [String: String], method: String = "POST"
    ) async throws -> (HTTPURLResponse, String) {
        var request = URLRequest(url: try #require(URL(string: emulator.endpoint + path)))
        request.httpMethod = method
        request.setValue("text/plain", forHTTPHeaderField: "Content-Type")
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        if method == "POST" { request.httpBody = Data(Self.function.utf8) }
        let (data, response) = try await URLSession.shared.data(for: request)
        return (try #require(response as? HTTPURLResponse), String(decoding: data, as: UTF8.self))
    }

    @Test("a page from elsewhere cannot create a function, nor can one under a rebound name; an admitted one may")
    func pages() async throws {
        let emulator = try await RunningEmulator(options: ["--allow-origin", "http://localhost:5173"])
        let functions = "/2015-03-31/functions"
        for headers in [
            ["Origin": "https://evil.example"], ["Origin": "null"], ["Sec-Fetch-Site": "cross-site"],
            ["Host": "evil.example"],
        ] {
            let (response, text) = try await post(emulator, functions, headers)
            #expect(response.statusCode == 403, "\(headers): \(text)")
        }
        let (_, list) = try await post(emulator, functions, [:], method: "GET")
        #expect(list.contains("bronze-writer") && !list.contains("planted"))
        let (admitted, text) = try await post(emulator, functions, ["Origin": "http://localhost:5173"])
        #expect(admitted.statusCode != 403, "\(text)")
        #expect(admitted.value(forHTTPHeaderField: "Access-Control-Allow-Origin") == "http://localhost:5173")
        #expect(emulator.stop() == 0)
    }

    /// Chromium is the referee: what a browser sends is its decision, not ours.
    @Test(
        "in a real browser, pages from elsewhere, from a file and under a rebound name reach nothing; an admitted one reads"
    )
    func realBrowser() async throws {
        // The emulator must know the page's origin before there is one, so the port is chosen by chance.
        let port = Int.random(in: 20_000..<32_000)
        let emulator = try await RunningEmulator(options: ["--allow-origin", "http://localhost:\(port)"])
        let run = try await Command.run(
            Programs.python,
            ["-B", "\(Programs.packageRoot)/Tests/EndToEnd/Referees/browser.py", emulator.endpoint, "\(port)"])
        #expect(run.status == 0, "\(run.text)\(run.errors)")
        let pages = Dictionary(
            uniqueKeysWithValues: run.text.split(separator: "\n").map { line in
                let halves = line.split(separator: ": ", maxSplits: 1)
                return (String(halves[0]), halves.count > 1 ? String(halves[1]) : "")
            })
        #expect(pages["elsewhere"]?.hasSuffix("unreadable") == true, "\(pages)")
        #expect(pages["file"]?.hasSuffix("unreadable") == true, "\(pages)")
        #expect(pages["rebound"]?.contains("bronze-writer") == false && pages["rebound"]?.isEmpty == false, "\(pages)")
        #expect(pages["admitted"]?.hasSuffix("200 cors") == true, "\(pages)")
        #expect(pages["topics"] == "from-admitted")
        #expect(emulator.stop() == 0)
    }

    @Test("an origin with a path is a usage error")
    func originWithPath() async throws {
        let up = try await Command.run(Programs.cupel, ["up", "--allow-origin", "http://localhost:5173/app"])
        #expect(up.status == 2)
        #expect(up.errors.contains("without a path"))
    }
}
