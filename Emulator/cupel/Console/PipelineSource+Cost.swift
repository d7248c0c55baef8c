internal import Console
internal import Control
internal import JSON
internal import Time

/// What converting costs at the list prices of us-east-1: those of `infra/cost`.
enum ConversionPrice {
    /// GB of the bronze writer's function.
    static let functionMemory = 1769.0 / 1024
    static let functionSecond = 0.0000166667 * functionMemory
    static let request = 0.20e-6
    /// The bronze writer's task: 2 vCPU and 4 GB.
    static let taskSecond = (2 * 0.04048 + 4 * 0.004445) / 3600
    /// A task is billed for a minute at least.
    static let taskLeast = 60.0
    /// A job of Spark with 4 vCPU and 16 GB on EMR Serverless.
    static let jobSecond = (4 * 0.052624 + 16 * 0.0057785) / 3600
    static let jobProcessors = 4.0
    /// Assumed: what a job takes to start.
    static let jobStart = 60.0

    static func function(_ seconds: Double) -> Double { seconds * functionSecond + request }
    static func task(_ seconds: Double) -> Double { max(taskLeast, seconds) * taskSecond }
    static func job(_ seconds: Double) -> Double { (jobStart + seconds / jobProcessors) * jobSecond }
}

extension JSON {
    static func dollars(_ value: Double) -> JSON { JSONNumber(value).map(JSON.number) ?? .null }
}

extension ControlRecord {
    /// What the conversion cost, and would have on the other target; nil if it has not ended.
    var cost: JSON? {
        guard schema == .bronze, let took = durationInMilliseconds, let computeTarget else { return nil }
        let seconds = Double(took) / 1000
        return [
            "took_ms": .int(took), "target": .string(computeTarget.rawValue),
            "lambda": .dollars(ConversionPrice.function(seconds)), "ecs": .dollars(ConversionPrice.task(seconds)),
            "emr": .dollars(ConversionPrice.job(seconds)),
        ]
    }
}

extension PipelineSource {
    /// The cost of all files, which is summed up while the flow page's counts are read.
    func cost(patience: Duration?) throws(ConsoleFault) -> JSON {
        let flow = try flow(patience: patience)
        let counts = memory.reading.counts(of: .bronze)
        var document = (counts?.cost ?? CostTally()).document
        document["truncated"] = .bool(counts?.isMore ?? true)
        document["is_counting"] = flow["is_counting"] ?? false
        document["is_old"] = flow["is_old"] ?? false
        return .object(document)
    }
}

/// What conversions cost, by table and target, by day, and with other thresholds.
struct CostTally: Sendable {
    private static let dayLimit = 31
    /// Rows from which on a file goes to a task; nil is no limit.
    private static let limits: [Int?] = [1000, 10_000, 100_000, 1_000_000, 10_000_000, nil]

    /// The cost of files that have something in common.
    private struct Sum: Sendable {
        var (files, rows, bytes, milliseconds) = (0, 0, 0, 0)
        /// In dollars: by a function, by a task, and where the files were.
        var (function, task, own) = (0.0, 0.0, 0.0)

        mutating func add(_ record: RecordFigures, _ took: Int, _ target: ControlRecord.ComputeTarget) {
            let seconds = Double(took) / 1000
            let (function, task) = (ConversionPrice.function(seconds), ConversionPrice.task(seconds))
            files += 1
            rows += record.recordCount ?? 0
            bytes += record.sizeInBytes
            milliseconds += took
            self.function += function
            self.task += task
            own += target == .ecs ? task : function
        }
    }

    private struct Group: Sendable, Hashable {
        let table: String
        let target: ControlRecord.ComputeTarget
    }

    private struct Threshold: Sendable {
        let rows: Int?
        var lambda = 0
        var ecs = 0
        var dollars = 0.0
    }

    private var groups: [Group: Sum] = [:]
    private var days: [String: Sum] = [:]
    private var thresholds = CostTally.limits.map { Threshold(rows: $0) }

    /// A record whose conversion has not ended costs nothing yet.
    mutating func add(_ record: RecordFigures) {
        guard let took = record.durationInMilliseconds, let target = record.computeTarget else { return }
        groups[Group(table: record.table, target: target), default: Sum()].add(record, took, target)
        days[record.day, default: Sum()].add(record, took, target)
        let rows = record.estimatedRecordCount ?? record.recordCount ?? 0
        let seconds = Double(took) / 1000
        let (function, task) = (ConversionPrice.function(seconds), ConversionPrice.task(seconds))
        for number in thresholds.indices {
            if let limit = thresholds[number].rows, rows > limit {
                thresholds[number].ecs += 1
                thresholds[number].dollars += task
            } else {
                thresholds[number].lambda += 1
                thresholds[number].dollars += function
            }
        }
    }

    var document: JSONObject {
        [
            "rows": .array(rowDocuments), "days": .array(dayDocuments),
            "thresholds": .array(
                thresholds.map { threshold in
                    [
                        "rows": threshold.rows.map { .int($0) } ?? .null, "lambda_files": .int(threshold.lambda),
                        "ecs_files": .int(threshold.ecs), "dollars": .dollars(threshold.dollars),
                    ]
                }),
            "prices": .array(Self.prices),
        ]
    }

    private var rowDocuments: [JSON] {
        let sorted = groups.sorted { ($0.key.table, $0.key.target.rawValue) < ($1.key.table, $1.key.target.rawValue) }
        return sorted.map { group, sum in
            let other = group.target == .ecs ? sum.function : sum.task
            var row: JSONObject = [
                "table": .string(group.table), "target": .string(group.target.rawValue), "files": .int(sum.files),
                "rows": .int(sum.rows), "bytes": .int(sum.bytes), "took_ms": .int(sum.milliseconds),
                "dollars": .dollars(sum.own), "dollars_other": .dollars(other),
            ]
            if sum.rows > 0 { row["dollars_per_million_rows"] = .dollars(sum.own / Double(sum.rows) * 1e6) }
            return .object(row)
        }
    }

    /// The newest days.
    private var dayDocuments: [JSON] {
        days.sorted { $0.key > $1.key }.prefix(Self.dayLimit).map { day, sum in
            [
                "day": .string(day), "files": .int(sum.files), "rows": .int(sum.rows), "bytes": .int(sum.bytes),
                "took_ms": .int(sum.milliseconds), "dollars": .dollars(sum.own), "lambda": .dollars(sum.function),
                "ecs": .dollars(sum.task), "emr": .dollars(ConversionPrice.job(Double(sum.milliseconds) / 1000)),
            ]
        }
    }

    private static let prices: [JSON] = [
        price("Lambda, bronze-writer's 1,769 MB", ConversionPrice.functionSecond, "second"),
        price("Lambda, a request", ConversionPrice.request, "request"),
        price("Fargate, 2 vCPU and 4 GB", ConversionPrice.taskSecond, "second, a minute at least"),
        price("EMR Serverless, 4 vCPU and 16 GB", ConversionPrice.jobSecond, "second, from the start on"),
    ]

    private static func price(_ name: String, _ value: Double, _ unit: String) -> JSON {
        ["name": .string(name), "value": .dollars(value), "unit": .string(unit)]
    }
}
