internal import JSON

/// Delivery streams: what waits, what is buffered, and how late it is.
enum StreamsPage {
    static func render(_ request: Page.Request, _ source: any ConsoleSource) throws(ConsoleFault) -> Page.Content {
        let answer = try source.streams()
        let streams = answer[list: "streams"].map { stream -> [HTML] in
            [
                "<span class=\"mono\">\(stream[text: "name"] ?? "")</span>", "\(Shown.count(stream[number: "shards"]))",
                "\(Shown.count(stream[number: "records_waiting"]))", "\(Shown.duration(stream[number: "lag_ms"]))",
                "\(Shown.count(stream[number: "buffers"]))", "\(Shown.bytes(stream[number: "buffered_bytes"]))",
                "\(Shown.count(stream[number: "partitions"]))",
            ]
        }
        let sources = answer[list: "sources"].map { stream -> [HTML] in
            [
                "<span class=\"mono\">\(stream[text: "name"] ?? "")</span>", Parts.state(stream[text: "status"]),
                "\(Shown.count(stream[number: "open_shards"]))", "\(Shown.count(stream[number: "retention_hours"])) h",
            ]
        }
        guard !streams.isEmpty || !sources.isEmpty else {
            return Page.Content(
                title: "Streams",
                body: Parts.empty(
                    "The pipeline has no stream. The changes of a PostgreSQL database come through one:",
                    command: "make stream"))
        }
        let body: HTML = """
            <div data-live="streams">
            <h2>Delivery streams</h2>
            \(streams.isEmpty ? Parts.empty("This account's metrics have the progress of delivery streams; they are not read here.") : Parts.table("Delivery streams", [("Stream", false), ("Shards", true), ("Waiting", true), ("Lag", true), ("Buffers", true), ("Buffered", true), ("Partitions", true)], streams))
            <h2>Sources</h2>
            \(sources.isEmpty ? Parts.empty("No data stream.") : Parts.table("Sources", [("Stream", false), ("Status", false), ("Open shards", true), ("Kept", true)], sources))
            </div>
            """
        return Page.Content(title: "Streams", body: body)
    }
}
