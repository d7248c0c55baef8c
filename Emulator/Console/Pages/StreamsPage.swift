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
        let capture = answer["capture"].flatMap { $0.isNull ? nil : $0 }
        guard !streams.isEmpty || !sources.isEmpty || capture != nil else {
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
            <h2>Change-capture</h2>
            \(capture.map(Self.capture) ?? Parts.empty("No task of change-capture has written a log here. One that runs beside the emulator writes its own; the pipeline's task does with Capture=change-capture."))
            </div>
            """
        return Page.Content(title: "Streams", body: body)
    }

    /// What the task said last of the database's log.
    private static func capture(_ capture: JSON) -> HTML {
        Parts.facts([
            ("Slot", "\(Shown.value(capture["slot"]))"), ("Position (LSN)", "\(Shown.value(capture["position"]))"),
            ("Behind", "\(Shown.bytes(capture[number: "lag_bytes"]))"),
            ("Kept by the slot", "\(Shown.bytes(capture[number: "slot_bytes"]))"),
            ("Changes a second", "\(Shown.count(capture[number: "changes_per_second"]))"),
            ("Refused by the stream", "\(Shown.count(capture[number: "refused"]))"),
            ("Said", Shown.time(capture[text: "at"])),
        ])
    }
}
