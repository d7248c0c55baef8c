import AWSClient
import AWSModels
import Control
import FakeAWS
import TestRandom
import Testing
import Time

@testable import BronzeWriter

/// Random histories of uploads, events, workers, crashes and replays against a model: the list of uploads.
@Suite struct VersionHistoryTests {
    /// One upload: the record of its event, and the text by which its rows are recognised; nil if the file is broken.
    struct Upload {
        let record: ControlRecord
        let marker: String?
    }

    @Test("after any history, bronze shows each key's newest version, and every older record says what superseded it")
    func randomHistories() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        for number in 0..<60 {
            let comment: Comment = "seed \(seed), history \(number)"
            var history = try History(versioned: number.isMultiple(of: 2), random: random)
            try history.run(steps: 30)
            try history.settle(comment)
            try history.check(comment)
            random = history.random
        }
    }

    struct History {
        let world: Versions
        let isVersioned: Bool
        var random: SeededGenerator
        var uploads: [String: [Upload]] = [:]
        var events: [ControlRecord] = []
        let keys = ["raw/beer/a.csv.gz", "raw/beer/b.csv.gz"]

        init(versioned: Bool, random: SeededGenerator) throws {
            world = try Versions(versioned: versioned)
            isVersioned = versioned
            self.random = random
        }

        mutating func run(steps: Int) throws {
            for _ in 0..<steps {
                switch Int.random(in: 0..<10, using: &random) {
                case 0, 1: try upload(mayBreak: true)
                case 2, 3, 4: deliver()
                case 5: world.aws.advance(byMilliseconds: .random(in: 0..<90_000, using: &random))
                case 6:
                    guard let id = events.randomElement(using: &random)?.controlID else { continue }
                    _ = try world.control.replay(id, ReplayRules(force: .random(using: &random)))
                default: work()
                }
            }
        }

        mutating func upload(mayBreak: Bool, key: String? = nil) throws {
            let key = key ?? keys.randomElement(using: &random) ?? keys[0]
            let isBroken = mayBreak && random.next().isMultiple(of: 5)
            let marker = ["marker-A", "marker-B", "marker-C"].randomElement(using: &random) ?? ""
            let count = uploads.values.reduce(0) { $0 + $1.count } + 1
            // Digits without padding: 1, 11, 111 are equal to S3 only if the shorter is padded with zeros.
            let sequencer = String(0x10 + count, radix: 16) + String(repeating: "0", count: count % 3)
            let record = try world.upload(
                isBroken ? SupersedingTests.broken : SupersedingTests.content("\(marker)-\(key)"), key: key,
                sequencer: sequencer)
            uploads[key, default: []].append(Upload(record: record, marker: isBroken ? nil : "\(marker)-\(key)"))
            events.append(record)
            world.aws.advance(byMilliseconds: random.next().isMultiple(of: 4) ? 86_400_000 : 1000)
        }

        /// An event arrives, for the first time or again.
        mutating func deliver() {
            guard let event = events.randomElement(using: &random) else { return }
            disturb(request: ["UpdateItem", "PutItem", "GetItem"])
            _ = try? world.control.registerVersion(event)
            world.aws.recover()
        }

        mutating func work() {
            guard let id = events.randomElement(using: &random)?.controlID else { return }
            disturb(request: [
                "GetItem", "BatchGetItem", "UpdateItem", "TransactWriteItems", "GET /", "HEAD /", "PUT /",
            ])
            _ = try? world.write(id, as: "worker-\(Int.random(in: 0..<100, using: &random))")
            world.aws.recover()
        }

        /// Lets the next process crash at some request, or lets another worker run while it waits for one, maybe after its
        /// lease has expired.
        mutating func disturb(request operations: [String]) {
            if random.next().isMultiple(of: 3) { world.aws.crash(after: .random(in: 0..<14, using: &random)) }
            if random.next().isMultiple(of: 5) { world.aws.loseNextAnswer() }
            for _ in 0..<Int.random(in: 0..<3, using: &random) {
                guard let operation = operations.randomElement(using: &random),
                    let other = events.randomElement(using: &random)
                else { return }
                let pause: Int64 = random.next().isMultiple(of: 2) ? 61_000 : 0
                let isNew = random.next().isMultiple(of: 2)
                world.aws.before(operation) { [world] in
                    world.aws.advance(byMilliseconds: pause)
                    if isNew { _ = try? world.control.registerVersion(other) }
                    _ = try? world.write(other.controlID, as: "interlude")
                }
            }
        }

        /// All events arrive, and every record is worked on until nothing changes.
        mutating func settle(_ comment: Comment) throws {
            // Without versioning, the bytes of older versions are gone: the last upload must be a good one.
            for key in keys { try upload(mayBreak: isVersioned, key: key) }
            world.aws.endInterludes()
            for event in events.shuffled(using: &random) { _ = try world.control.registerVersion(event) }
            for _ in 0..<6 {
                world.aws.advance(byMilliseconds: 120_000)
                for record in try world.records(.bronze).shuffled(using: &random) where record.status != .success {
                    _ = try world.control.replay(record.controlID)
                    _ = try? world.write(record.controlID, as: "last")
                }
            }
            let left = try world.records(.bronze).filter { $0.status == .pending || $0.status == .running }
            #expect(left.isEmpty, comment)
        }

        func check(_ comment: Comment) throws {
            let records = Dictionary(uniqueKeysWithValues: try world.records(.bronze).map { ($0.controlID, $0) })
            #expect(Set(records.keys) == Set(events.map(\.controlID)), comment)
            var places: Set<String> = []
            for (key, uploads) in uploads {
                guard let newest = uploads.last(where: { $0.marker != nil }) else { continue }
                let current = try #require(records[newest.record.controlID], comment)
                #expect(current.status == .success && current.supersededBy == nil, comment)
                let place = try #require(current.outputKey, comment)
                #expect(places.insert(place).inserted, comment)
                let bytes = try #require(world.bytes(place), comment)
                for marker in ["marker-A", "marker-B", "marker-C"].map({ "\($0)-\(key)" }) {
                    #expect(bytes.contains(text: marker) == (marker == newest.marker), comment)
                }
                try checkOlder(uploads, than: newest, in: records, comment)
            }
            #expect(Set(world.keys("bronze/")) == places, comment)
            #expect(world.aws.openUploads == 0, comment)
        }

        private func checkOlder(
            _ uploads: [Upload], than newest: Upload, in records: [ControlID: ControlRecord], _ comment: Comment
        ) throws {
            for upload in uploads {
                let record = try #require(records[upload.record.controlID], comment)
                guard record.controlID != newest.record.controlID else { continue }
                guard record.order < newest.record.order else {
                    #expect(record.status == .error && record.supersededBy == nil, comment)
                    continue
                }
                #expect(record.status == .success, comment)
                var (last, length) = (record, 0)
                while let next = last.supersededBy, length < 100 {
                    last = try #require(records[next], comment)
                    length += 1
                }
                #expect(length > 0 && last.controlID == newest.record.controlID, comment)
                if let kept = record.outputKey, kept.hasPrefix("superseded/") {
                    let bytes = try #require(world.bytes(kept), comment)
                    #expect(upload.marker.map { bytes.contains(text: $0) } ?? false, comment)
                }
            }
        }
    }
}
