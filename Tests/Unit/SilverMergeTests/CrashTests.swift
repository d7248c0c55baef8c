import AWSModels
import Control
import FakeAWS
import JSON
import Synchronization
import TestRandom
import Testing

@testable import SilverMerge

/// Whatever happens to a run between two of its steps, the next run makes the table and the records right.
@Suite struct CrashTests {
    /// What happens to one request of a run.
    enum Disturbance: CaseIterable {
        /// The process dies before it.
        case crash
        /// The answer does not arrive.
        case loss
        /// The service does not do it now.
        case busy
        /// The service does it and says that it failed.
        case failure
        /// The lease of the worker has expired, and another takes the table before it.
        case overtaken
    }

    /// A lake with a table of two batches' rows, of which the second waits.
    struct Scene {
        let lake: TestLake
        let changes: [TestChange]

        init() throws {
            lake = try TestLake()
            let first = (0..<8).map {
                TestChange(id: $0, operation: .insert, order: "1\($0)", time: 10 + $0, name: "first", score: 1)
            }
            try lake.put(first, as: "first")
            try lake.merge()
            let second = [
                TestChange(id: 3, operation: .update, order: "20", time: 20, score: 2, leavesOut: ["name"]),
                TestChange(id: 4, operation: .delete, order: "21", time: 21),
                TestChange(id: 9, operation: .update, order: "22", time: 22, name: "moved", score: 3, formerID: 5),
            ]
            let third = [
                TestChange(id: 10, operation: .insert, order: "30", time: 30, name: "third", score: 4),
                TestChange(id: 3, operation: .update, order: "31", time: 31, name: "third", score: nil),
            ]
            try lake.put(second, as: "second")
            try lake.put(bytes: Array("no Parquet".utf8), as: "broken")
            try lake.put(third, as: "third")
            changes = first + second + third
        }

        func check(_ place: String) throws {
            #expect(try lake.rows() == modelled(changes), "\(place)")
            let batches = try lake.batches()
            #expect(Set(batches).count == batches.count, "\(place): a batch is in two snapshots")
            for record in try lake.records() {
                let isBroken = record.objectKey.contains("broken")
                #expect(record.status == (isBroken ? .error : .success), "\(place): \(record.objectKey)")
                if isBroken { #expect(record.errorType == "UnreadableFile") }
            }
        }
    }

    @Test("a run that is disturbed at any of its requests is repaired by the next one", arguments: Disturbance.allCases)
    func everyStep(disturbance: Disturbance) throws {
        var step = 0
        while true {
            let scene = try Scene()
            let aws = scene.lake.aws
            let start = aws.requests.count
            switch disturbance {
            case .crash: aws.crash(after: step)
            case .loss: aws.loseNextAnswer(after: step)
            case .busy: aws.refuse("", "ServiceUnavailableException", status: 503, after: step)
            case .failure: aws.refuse("", "InternalServerError", status: 500, after: step, tookEffect: true)
            case .overtaken:
                let lake = scene.lake
                aws.before("", after: step) {
                    aws.advance(byMilliseconds: 1_000_000)
                    #expect(throws: Never.self) { try lake.merge(as: "other") }
                }
            }
            _ = try? scene.lake.merge(as: "first")
            let requests = Array(aws.requests[start...])
            aws.recover()
            aws.endFaults()
            aws.endInterludes()
            try scene.lake.settle()
            try scene.check(
                "\(disturbance) at request \(step), \(requests.indices.contains(step) ? requests[step] : "-")")
            // A run that ends before the step was not disturbed.
            guard step < requests.count else { break }
            step += 1
        }
        #expect(step > 20)
    }

    @Test("while one worker has the table, another does nothing") func held() throws {
        let scene = try Scene()
        let lake = scene.lake
        let outcome = Mutex<JSON>(.null)
        lake.aws.before("POST /iceberg") {
            let other = try? lake.merge(as: "other")
            outcome.withLock { $0 = other?["outcome"] ?? .null }
        }
        #expect(try lake.merge(as: "first")["outcome"] == "done")
        #expect(outcome.withLock { $0 } == "heldByAnother")
        try scene.check("held")
    }

    @Test("a worker whose lease another has taken does not commit, and leaves the other's records alone")
    func fenced() throws {
        let scene = try Scene()
        let lake = scene.lake
        // The other has only begun: nothing of it is in the table that a commit could meet.
        lake.aws.before("PUT /lake/silver/t/metadata") {
            lake.aws.advance(byMilliseconds: 1_000_000)
            #expect(throws: Never.self) {
                try lake.control.takeTable("t", in: .silver, owner: "other", leaseSeconds: 900)
            }
        }
        let error = #expect(throws: ControlError.self) { try lake.merge(as: "first") }
        #expect(error?.errorType == "LeaseLost", "\(String(describing: error))")
        #expect(try lake.batches().count == 1)
        try lake.settle()
        try scene.check("fenced")
        #expect(try lake.batches().count == 2)
    }

    @Test(
        "a commit that meets another's is planned again on the new snapshot; the third refusal ends the run, and a later one goes on"
    )
    func conflicts() throws {
        for refusals in 1...4 {
            let scene = try Scene()
            let commit = "POST /iceberg/v1/catalogs/000000000000/namespaces/dm_silver/tables/t"
            scene.lake.aws.refuse(commit, "CommitFailedException", status: 409, times: refusals)
            if refusals < 3 {
                #expect(try scene.lake.merge()["outcome"] == "done")
            } else {
                let error = #expect(throws: SilverError.self) { try scene.lake.merge() }
                #expect(error?.errorType == "Interrupted")
                #expect(try scene.lake.records().filter { $0.status == .pending }.count == 2)
                scene.lake.aws.endFaults()
                try scene.lake.settle()
            }
            try scene.check("\(refusals) refusals")
        }
    }

    @Test(
        "any order of files, late ones, repeated ones, uploads that replace others, moved keys and crashes give the rows of the changes one after the other",
        arguments: 0..<20)
    func anyHistory(round: Int) throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        let lake = try TestLake()
        var changes = (0..<Int.random(in: 1...120, using: &random)).map { Self.change($0, &random) }
        var files: [[TestChange]] = []
        var waiting = changes.shuffled(using: &random)
        waiting += waiting.shuffled(using: &random).prefix(10)
        while !waiting.isEmpty {
            let count = min(waiting.count, Int.random(in: 1...40, using: &random))
            files.append(Array(waiting.prefix(count)))
            waiting.removeFirst(count)
        }
        for (number, file) in files.enumerated() {
            try lake.put(file, as: "\(number)")
            if Bool.random(using: &random) { try Self.replacedUpload(number, lake, &changes, &random) }
            guard Bool.random(using: &random) else { continue }
            if Bool.random(using: &random) {
                lake.aws.crash(after: Int.random(in: 0..<50, using: &random))
                _ = try? lake.merge(as: "killed")
                lake.aws.recover()
            } else {
                lake.aws.advance(byMilliseconds: 1_000_000)
                try lake.merge()
            }
        }
        try lake.settle()
        let (rows, expected) = (try lake.rows(), modelled(changes))
        for key in Set(rows.keys).union(expected.keys) {
            #expect(rows[key] == expected[key], "seed \(seed), key \(key)")
        }
        #expect(try lake.records().allSatisfy { $0.status == .success }, "seed \(seed)")
    }

    static func change(_ number: Int, _ random: inout SeededGenerator) -> TestChange {
        let operation: Changes.Operation =
            number % 40 == 39
            ? .truncate : [.insert, .update, .update, .delete].randomElement(using: &random) ?? .insert
        let id = Int64.random(in: 0..<15, using: &random)
        // An order begins with the time.
        let time = Int64.random(in: 100_000...999_999, using: &random)
        var change = TestChange(id: id, operation: operation, order: "\(time)-\(1000 + number)", time: time)
        guard operation == .insert || operation == .update else { return change }
        change.name = Bool.random(using: &random) ? "n\(number)" : nil
        change.score = Bool.random(using: &random) ? Int32(number) : nil
        if operation == .update, Int.random(in: 0..<4, using: &random) == 0 {
            change.leavesOut = [Bool.random(using: &random) ? "name" : "score"]
        }
        // Keys are taken again here, so what a change of one leaves out may be gone when it comes: DonorTests has such changes.
        if operation == .update, change.leavesOut.isEmpty, Int.random(in: 0..<5, using: &random) == 0 {
            change.formerID = (id + 1) % 15
        }
        return change
    }

    /// A batch file, and one of the same name that is uploaded later: keys that it lacks are deleted at its time.
    private static func replacedUpload(
        _ number: Int, _ lake: TestLake, _ changes: inout [TestChange], _ random: inout SeededGenerator
    ) throws {
        let keys = (0..<15).map(Int64.init).shuffled(using: &random)
        func rows(_ ids: some Sequence<Int64>, _ name: String) -> [TestChange] {
            ids.map { TestChange(id: $0, operation: .insert, order: "", time: 0, name: name, score: Int32(number)) }
        }
        let (old, new) = (rows(keys[..<6], "old"), rows(keys[3..<9], "new"))
        let former = try lake.put(old, as: "\(number)-old", hasOrders: false)
        let latter = try lake.put(new, as: "\(number)-new", hasOrders: false, replacing: former.objectKey)
        let gone = keys[..<3].map { TestChange(id: $0, operation: .delete, order: "", time: 0) }
        for (record, rows) in [(former, old), (latter, new + gone)] {
            let file = BronzeFile(record: record)
            for var row in rows {
                (row.order, row.time) = (String(decoding: file.order, as: UTF8.self), file.microseconds)
                changes.append(row)
            }
        }
    }
}
