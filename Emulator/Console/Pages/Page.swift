internal import JSON

/// A page: its address, and how it is made from the API's answers.
struct Page: Sendable {
    struct Request: Sendable {
        /// The second part of the address: which file, which execution, which table.
        var id: String?
        var query: [String: String] = [:]
        /// Whether this console may change the pipeline.
        var canChange = true
    }

    struct Content: Sendable {
        var title: String
        var body: HTML
    }

    /// The first part of the address; empty for the first page.
    let section: String
    /// In the navigation.
    let name: String
    var hasID = false
    /// What its query may have.
    var parameters: [String] = []
    var isListed = true
    var isInNavigation: Bool { !hasID && isListed }
    /// How long a page waits for counts. Those that take longer come as an event.
    static let patience = Duration.milliseconds(50)

    let render: @Sendable (Request, any ConsoleSource) throws(ConsoleFault) -> Content

    static let all: [Page] = [
        Page(section: "", name: "Flow", render: FlowPage.render),
        Page(section: "flow", name: "Part", hasID: true, render: PartPage.render),
        Page(
            section: "files", name: "Files",
            parameters: ["layer", "status", "table", "since", "text", "day", "sort", "order", "limit", "after"],
            render: FilesPage.render),
        Page(section: "files", name: "File", hasID: true, render: FilePage.render),
        Page(
            section: "executions", name: "Executions", parameters: ["machine", "status", "map_run"],
            render: ExecutionsPage.render),
        Page(section: "executions", name: "Execution", hasID: true, render: ExecutionPage.render),
        Page(section: "tables", name: "Tables", render: TablesPage.render),
        Page(section: "tables", name: "Table", hasID: true, render: TablePage.render),
        Page(section: "sql", name: "SQL", parameters: ["q"], render: SQLPage.render),
        Page(
            section: "quarantine", name: "Quarantine", parameters: ["table", "key"], render: QuarantinePage.render),
        Page(section: "lineage", name: "Lineage", parameters: ["table"], render: LineagePage.render),
        Page(
            section: "lines", name: "Raw lines", parameters: ["table", "text", "id"], isListed: false,
            render: LinesPage.render),
        Page(section: "streams", name: "Streams", render: StreamsPage.render),
        Page(section: "cost", name: "Cost", render: CostPage.render),
    ]

    static func matching(_ segments: [String]) -> (Page, String?)? {
        guard segments.count <= 2 else { return nil }
        let page = all.first { $0.section == segments.first ?? "" && $0.hasID == (segments.count == 2) }
        return page.map { ($0, segments.count == 2 ? segments[1] : nil) }
    }
}

extension JSON {
    /// The members of a list; none if it is no list.
    subscript(list name: String) -> [JSON] { self[name]?.array ?? [] }
    subscript(text name: String) -> String? { self[name]?.string }
    subscript(number name: String) -> Int? { self[name]?.int }
}
