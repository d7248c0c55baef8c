internal import EmulatorCore
internal import JSON
internal import Time

/// Records that invoke a function at once.
struct MappingBatch: Sendable {
    var records: [StreamRecord]
    /// The sequence of the last record that the lane is done with once the batch is done: one of the batch, or one after it
    /// that no filter took.
    var end: Int64
    /// How often the function failed with these records.
    var attempts = 0

    /// Lambda's limit on an event, in bytes.
    static let payloadLimit = 6_000_000

    /// What a record adds to the event, at most.
    static func payloadSize(of record: StreamRecord) -> Int {
        switch record.content {
        case .data(let data, let key): (data.count + 2) / 3 * 4 + key.utf8.count * 6 + 700
        case .change(let event): event.bytes.count + 1
        }
    }

    /// Both halves, the first one the larger. The batch has two records or more.
    var halves: [MappingBatch] { split(at: (records.count + 1) / 2) }

    func split(at place: Int) -> [MappingBatch] {
        let first = Array(records[..<place])
        return [
            MappingBatch(records: first, end: first.last?.sequence ?? end, attempts: attempts),
            MappingBatch(records: Array(records[place...]), end: end, attempts: attempts),
        ]
    }

    /// The event with the records.
    /// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html>
    func event(shard: StreamShard, stream: String, account: Account) -> JSONObject {
        let documents = records.map { record in
            if case .change(let event) = record.content { return event }
            var document: JSONObject = ["kinesis": .object(record.kinesis ?? [:])]
            for (name, value) in record.origin(shard: shard, stream: stream, account: account) {
                document[name] = value
            }
            return JSON.object(document)
        }
        return ["Records": .array(documents)]
    }

    // MARK: The answer

    enum Outcome: Sendable, Hashable {
        case done
        /// The records from this place on have failed.
        case failed(from: Int)
    }

    /// What the answer of a function that did not fail says about the records.
    /// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html>
    func outcome(of answer: [UInt8], reportsItemFailures: Bool) -> Outcome {
        guard reportsItemFailures, let answer = try? JSON(parsing: answer), !answer.isNull else { return .done }
        guard let failures = answer["batchItemFailures"], !failures.isNull else { return .done }
        guard let items = failures.array else { return .failed(from: 0) }
        var first = records.count
        for item in items {
            // An identifier that is missing, or that of no record, fails the whole batch.
            guard let number = item["itemIdentifier"]?.string,
                let place = records.firstIndex(where: { $0.sequenceNumber == number })
            else { return .failed(from: 0) }
            first = min(first, place)
        }
        return first < records.count ? .failed(from: first) : .done
    }
}
