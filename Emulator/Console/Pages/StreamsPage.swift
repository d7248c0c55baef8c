internal import JSON

/// What changes pass through: change-capture, data streams with their shards, and delivery streams with their buffers.
enum StreamsPage {
    static func render(_ request: Page.Request, _ source: any ConsoleSource) throws(ConsoleFault) -> Page.Content {
        let answer = try source.streams()
        let (streams, sources) = (answer[list: "streams"], answer[list: "sources"])
        let captures = answer[list: "captures"]
        guard !streams.isEmpty || !sources.isEmpty || !captures.isEmpty else {
            return Page.Content(
                title: "Streams",
                body: Parts.empty(
                    "The pipeline has no stream. The changes of a PostgreSQL database come through one:",
                    command: "make stream"))
        }
        let none = Parts.empty(
            "No change-capture has begun here. It keeps where it is in the pipeline's bucket. To start one:",
            command: command(sources.first?[text: "name"]))
        let body: HTML = """
            <div data-live="streams">
            <h2>Change-capture</h2>
            \(captures.isEmpty ? none : "\(captures.map(capture))")
            <h2>Data streams</h2>
            \(sources.isEmpty ? Parts.empty("No data stream.") : table(ofSources: sources))
            \(sources.map(shards))
            <h2>Delivery streams</h2>
            \(streams.isEmpty ? Parts.empty("No delivery stream.") : table(ofDeliveries: streams))
            \(streams.map(buffers))
            </div>
            """
        return Page.Content(title: "Streams", body: body)
    }

    private static func command(_ stream: String?) -> String {
        """
        change-capture --source postgresql://USER@HOST/DATABASE --stream \(stream ?? "STREAM") \\
            --bucket BUCKET --tables 'SCHEMA.*'
        """
    }

    // MARK: Change-capture

    private static func capture(_ capture: JSON) -> HTML {
        let facts = Parts.facts([
            ("Slot", "<span class=\"mono\">\(Shown.value(capture["slot"]))</span>"),
            ("Position (LSN)", "<span class=\"mono\">\(Shown.value(capture["position"]))</span>"),
            ("Behind the database's log", "\(Shown.bytes(capture[number: "lag_bytes"]))"),
            ("Kept by the slot", "\(Shown.bytes(capture[number: "slot_bytes"]))"),
            ("Changes a second", "\(Shown.count(capture[number: "changes_per_second"]))"),
            ("Refused by the stream", "\(Shown.count(capture[number: "refused"]))"),
            ("Tables", "\(Shown.count(capture[number: "tables"]))"),
            ("Last said", Shown.time(capture[text: "at"])),
        ])
        return "<section class=\"card\" aria-label=\"Slot \(Shown.value(capture["slot"]))\">\(facts)</section>"
    }

    // MARK: Data streams

    private static func table(ofSources sources: [JSON]) -> HTML {
        let rows = sources.map { stream -> [HTML] in
            [
                "<span class=\"mono\">\(stream[text: "name"] ?? "")</span>", Parts.state(stream[text: "status"]),
                "\(Shown.count(stream[number: "open_shards"]))", "\(Shown.count(stream[number: "retention_hours"])) h",
                "\(Shown.count(stream[number: "records"]))", "\(Shown.duration(stream[number: "lag_ms"]))",
                "\(Shown.count(stream[number: "refused"]))",
            ]
        }
        return Parts.table(
            "Data streams",
            [
                ("Stream", false), ("Status", false), ("Open shards", true), ("Kept", true), ("In five minutes", true),
                ("Readers behind", true), ("Refused", true),
            ], rows)
    }

    private static func shards(_ stream: JSON) -> HTML {
        let rows = stream[list: "shards"].map { shard -> [HTML] in
            [
                "<span class=\"mono\">\(shard[text: "shard"] ?? "")</span>",
                Parts.state(shard["is_open"]?.bool == true ? "open" : "closed"),
                "\(shard[number: "share_percent"].map { "\($0) %" } ?? Shown.none)",
                "\(Shown.count(shard[number: "records_waiting"]))", "\(Shown.duration(shard[number: "lag_ms"]))",
            ]
        }
        guard !rows.isEmpty else { return .nothing }
        let name = stream[text: "name"] ?? ""
        return """
            <h3 class="part">Shards of <span class="mono">\(name)</span></h3>
            \(Parts.table("Shards of \(name)", [("Shard", false), ("State", false), ("Of the keys", true), ("Waiting", true), ("Lag", true)], rows))
            """
    }

    // MARK: Delivery streams

    private static func table(ofDeliveries streams: [JSON]) -> HTML {
        let rows = streams.map { stream -> [HTML] in
            let hints = [
                stream[number: "buffer_megabytes"].map { "\($0) MB" },
                stream[number: "buffer_seconds"].map { Shown.duration($0 * 1000) },
            ].compactMap(\.self).joined(separator: " or ")
            return [
                "<span class=\"mono\">\(stream[text: "name"] ?? "")</span>", Parts.state(stream[text: "status"]),
                "\(Shown.count(stream[number: "records_waiting"]))", "\(Shown.duration(stream[number: "lag_ms"]))",
                "\(Shown.count(stream[number: "buffers"]))", "\(Shown.bytes(stream[number: "buffered_bytes"]))",
                "\(Shown.duration(stream[number: "oldest_ms"]))", "\(Shown.count(stream[number: "partitions"]))",
                "\(hints.isEmpty ? Shown.none : hints)",
            ]
        }
        return Parts.table(
            "Delivery streams",
            [
                ("Stream", false), ("Status", false), ("Waiting", true), ("Lag", true), ("Buffers", true),
                ("Buffered", true), ("Oldest", true), ("Partitions", true), ("A buffer ends at", true),
            ], rows)
    }

    private static func buffers(_ stream: JSON) -> HTML {
        let buffers = stream[list: "open_buffers"]
        guard !buffers.isEmpty else { return .nothing }
        let rows = buffers.map { buffer -> [HTML] in
            [
                "<span class=\"mono\">\(buffer[text: "prefix"] ?? "")</span>", "\(buffer[text: "kind"] ?? "")",
                Parts.state(buffer["is_closed"]?.bool == true ? "being stored" : "open"),
                "\(Shown.bytes(buffer[number: "bytes"]))", "\(Shown.duration(buffer[number: "open_ms"]))",
            ]
        }
        let name = stream[text: "name"] ?? ""
        let others = (stream[number: "buffers"] ?? 0) - buffers.count
        let cut: HTML = others > 0 ? "<p class=\"quiet\">and \(Shown.count(others)) newer buffers</p>" : ""
        return """
            <h3 class="part">Buffers of <span class="mono">\(name)</span></h3>
            \(Parts.table("Buffers of \(name)", [("Partition", false), ("Holds", false), ("State", false), ("Size", true), ("Open for", true)], rows))\(cut)
            """
    }
}
