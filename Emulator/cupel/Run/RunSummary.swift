internal import Control

/// The result of a run of many files: a line for each table, however many files it has.
struct RunSummary {
    fileprivate struct Total {
        var files = 0
        var failed = 0
        var sizeInBytes = 0
        var read = 0
        var written = 0
        var quarantined = 0
    }

    private let totals: [(table: String, total: Total)]
    private let sum: Total
    private let seconds: Double

    /// - Parameter seconds: how long all files took together.
    init(_ ingestions: [Ingestion], seconds: Double) {
        var totals: [String: Total] = [:]
        var sum = Total()
        for ingestion in ingestions {
            totals[ingestion.file.table, default: Total()].add(ingestion)
            sum.add(ingestion)
        }
        self.totals = totals.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        self.sum = sum
        self.seconds = seconds
    }

    func print(to stream: StandardStream) {
        for line in lines { stream.line(line) }
    }

    /// At most 80 columns wide, unless a table's name is long.
    var lines: [String] {
        var table = TextTable([
            .left("TABLE"), .right("FILES"), .right("FAILED"), .right("SIZE"), .right("READ"), .right("WRITTEN"),
            .right("QUARANTINED"),
        ])
        for (name, total) in totals { table.add(total.cells(name)) }
        if totals.count > 1 { table.add(sum.cells("all")) }
        let rate = Quantity.decimal(Double(sum.files) / max(seconds, 0.001), places: 0)
        return table.lines() + [
            "",
            "\(Quantity.count(sum.files)) files in \(Quantity.decimal(seconds, places: 1)) s: \(rate) a second",
        ]
    }
}

extension RunSummary.Total {
    fileprivate mutating func add(_ ingestion: Ingestion) {
        files += 1
        if !ingestion.hasSucceeded { failed += 1 }
        sizeInBytes += ingestion.file.sizeInBytes
        read += ingestion.record?.recordCount ?? 0
        written += ingestion.record?.writtenCount ?? 0
        quarantined += ingestion.record?.quarantinedCount ?? 0
    }

    fileprivate func cells(_ name: String) -> [String] {
        [
            name, Quantity.count(files), Quantity.count(failed), Quantity.bytes(sizeInBytes), Quantity.count(read),
            Quantity.count(written), Quantity.count(quarantined),
        ]
    }
}
