internal import EmulatorCore

/// A file of the pages, in the program itself: nothing comes from elsewhere.
struct Asset: Sendable {
    let name: String
    let type: String
    let text: String
    /// FNV-1a of the text.
    private let mark: String

    init(name: String, type: String, text: String) {
        (self.name, self.type, self.text) = (name, type, text)
        mark = String(
            text.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }, radix: 36)
    }

    static let all = [style, script, icon]

    static func named(_ name: String) -> Asset? { all.first { $0.name == name } }

    /// With a mark of its text, so that a browser keeps it until it changes.
    var address: String { "\(Console.root)assets/\(name)?\(mark)" }

    func response(to request: HTTPRequest) -> HTTPResponse {
        HTTPResponse(
            status: 200,
            headers: HTTPHeaders([
                ("Content-Type", type),
                ("Cache-Control", request.query == mark ? "private, max-age=31536000, immutable" : "no-cache"),
            ]),
            body: .bytes(Array(text.utf8)))
    }

    static let icon = Asset(
        name: "icon.svg", type: "image/svg+xml",
        text: """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path d="M5 8h22l-3 17a3 3 0 0 1-3 2H11a3 3 0 0 1-3-2z" fill="#8a6d3b"/><ellipse cx="16" cy="8" rx="11" ry="3.4" fill="#e0b454"/><ellipse cx="16" cy="8" rx="7" ry="1.9" fill="#f6e3b0"/></svg>
            """)
}
