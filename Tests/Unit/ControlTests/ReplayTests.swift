import AWSModels
import Control
import FakeAWS
import Testing
import Time

@Suite struct ReplayTests {
    let aws = FakeAWS()

    var table: ControlTable {
        ControlTable(name: "control", client: aws.client, attemptLimit: 2, now: { [aws] in aws.now })
    }

    /// Stores a record with `status`.
    @discardableResult
    func add(_ name: String, _ status: ControlRecord.Status, attempts: Int = 1) throws -> ControlID {
        var record = try ControlKeyTests.record("raw/beer/\(name).csv.gz")
        record.updatedAt = aws.now
        record.status = status
        record.attemptCount = status == .pending ? 0 : attempts
        record.computeTarget = .lambda
        if status == .running {
            record.leaseOwner = "execution-1"
            record.leaseExpiresAt = aws.now.advanced(byMilliseconds: 60_000)
        }
        if status == .error { (record.errorType, record.errorMessage) = ("BadInput", "no") }
        aws.putItem(record.item, in: "control")
        return record.controlID
    }

    @Test("a failed record is replayed once, however many replays are requested") func failedRecord() throws {
        let id = try add("a", .error)
        #expect(try table.replay(id).outcome == .replayed(from: .error))
        #expect(try table.replay(id).outcome == .alreadyPending)
        let record = try #require(try table.record(id))
        #expect(record.computeTarget == nil && record.errorType == nil && record.errorMessage == nil)
        #expect(record.attemptCount == 1)
    }

    @Test(
        "a failed record is replayed whatever the form of its update time",
        arguments: ["2026-03-01T09:00:00Z", "2026-03-01T09:00:00.123456Z", "2026-03-01T10:00:00+01:00", nil])
    func foreignTimestamps(time: String?) throws {
        let id = try add("a", .error)
        var item = try #require(aws.items(in: "control").first)
        item["updated_at"] = time.map(AttributeValue.string)
        aws.putItem(item, in: "control")
        #expect(try table.replay(id).outcome == .replayed(from: .error))
    }

    @Test("replaying a success or a pending record needs force; a held lease is never replayed") func force() throws {
        let success = try add("a", .success)
        let pending = try add("b", .pending)
        let running = try add("c", .running)
        #expect(try table.replay(success).outcome == .alreadyDone)
        #expect(try table.replay(pending).outcome == .alreadyPending)
        let until = aws.now.advanced(byMilliseconds: 60_000)
        aws.advance(byMilliseconds: 1)
        #expect(try table.replay(success, ReplayRules(force: true)).outcome == .replayed(from: .success))
        #expect(try table.replay(pending, ReplayRules(force: true)).outcome == .replayed(from: .pending))
        #expect(try table.replay(running, ReplayRules(force: true)).outcome == .running(until: until))
    }

    @Test("an expired lease is replayed, and abandoned as an error at the attempt limit") func expiredLease() throws {
        let once = try add("a", .running, attempts: 1)
        let often = try add("b", .running, attempts: 2)
        aws.advance(byMilliseconds: 60_001)
        #expect(try table.replay(once, ReplayRules(attemptLimit: 2)).outcome == .replayed(from: .running))
        #expect(try table.replay(often, ReplayRules(attemptLimit: 2)).outcome == .abandoned(attempts: 2))
        let abandoned = try #require(try table.record(often))
        #expect(abandoned.status == .error && abandoned.errorType == "WorkerDied" && abandoned.leaseOwner == nil)
        #expect(try table.replay(often, ReplayRules(attemptLimit: 2)).outcome == .exhausted(attempts: 2))
        #expect(try table.replay(often).outcome == .replayed(from: .error))
    }

    @Test("an unknown record is reported as not found, and is not created") func unknownRecord() throws {
        let id = try #require(ControlID("0123456789abcdef0123456789abcdef"))
        #expect(try table.replay(id).outcome == .notFound)
        #expect(aws.items(in: "control").isEmpty)
    }

    @Test("a replay by ID is one conditional update, whether it takes effect or not") func calls() throws {
        let failed = try add("a", .error)
        let expired = try add("b", .running)
        let success = try add("c", .success)
        aws.advance(byMilliseconds: 60_001)
        let running = try add("d", .running)
        let exhausted = try add("e", .error, attempts: 2)
        let pending = try add("f", .pending)
        let scheduled = ReplayRules(attemptLimit: 2, stalePendingSeconds: 3600)
        let forced = ReplayRules(force: true)
        for (id, rules) in [
            (failed, ReplayRules()), (failed, scheduled), (expired, scheduled), (success, scheduled),
            (success, forced), (running, forced), (exhausted, scheduled), (pending, scheduled),
        ] {
            let before = try table.record(id)
            let earlier = aws.requests.count
            let result = try table.replay(id, rules)
            #expect(aws.requests.dropFirst(earlier) == ["UpdateItem"], "\(result.outcome)")
            #expect(result.record == before)
            #expect(try result.outcome == #require(before).replayOutcome(rules, at: aws.now))
        }
    }

    @Test("a second update is only for another schema, a worker that is given up, or a foreign form of a time")
    func secondUpdates() throws {
        let often = try add("a", .running, attempts: 2)
        aws.advance(byMilliseconds: 60_001)
        var silver = try #require(try table.record(try add("b", .success)))
        silver = silver.next(
            .silver, bucket: "lake", outputKey: "silver/beer/b", version: .eTag("e"), sizeInBytes: 1, rowCount: 1)
        silver.status = .error
        aws.putItem(silver.item, in: "control")
        var stale = try #require(try table.record(try add("c", .pending))).item
        stale["updated_at"] = "2026-03-01T12:00:00+04:00"
        aws.putItem(stale, in: "control")
        let staleID = try ControlRecord(item: stale).controlID
        let rules = ReplayRules(attemptLimit: 2, stalePendingSeconds: 3600)
        for (id, outcome) in [
            (often, ReplayOutcome.abandoned(attempts: 2)), (silver.controlID, .replayed(from: .error)),
            (staleID, .replayed(from: .pending)),
        ] {
            let earlier = aws.requests.count
            #expect(try table.replay(id, rules).outcome == outcome)
            #expect(aws.requests.dropFirst(earlier) == ["UpdateItem", "UpdateItem"])
        }
        let item = aws.items(in: "control").first { $0["control_id"]?.string == silver.controlID.text }
        #expect(item?["open_work"]?.string?.hasPrefix("dm_silver#") == true)
        let earlier = aws.requests.count
        #expect(try table.replay(silver.controlID, rules, expecting: .silver).outcome == .alreadyPending)
        #expect(aws.requests.dropFirst(earlier) == ["UpdateItem"])
    }

    @Test("a record that a query found is replayed with one call, and a dry run of an ID is one read")
    func callsOfSelections() throws {
        let ids = try (0..<3).map { try add("file \($0)", .error) }
        var earlier = aws.requests.count
        try table.replay(.matching(.error, in: .bronze, table: nil, since: nil), ReplayRules()) { _ in true }
        #expect(aws.requests.dropFirst(earlier).filter { $0 != "Query" } == Array(repeating: "UpdateItem", count: 3))
        earlier = aws.requests.count
        try table.replay(.ids(ids), ReplayRules(), dryRun: true) { _ in true }
        #expect(aws.requests.dropFirst(earlier) == ["GetItem", "GetItem", "GetItem"])
    }

    @Test("of two replays at once, one takes effect, forced or not", arguments: [false, true])
    func concurrentReplays(force: Bool) throws {
        let id = try add("a", force ? .success : .error)
        aws.advance(byMilliseconds: 1)
        aws.before("UpdateItem") { [self] in
            #expect(throws: Never.self) { _ = try table.replay(id, ReplayRules(force: force)) }
        }
        #expect(try table.replay(id, ReplayRules(force: force)).outcome == .alreadyPending)
        #expect(try table.record(id)?.status == .pending)
    }

    @Test("a forced replay whose answer is lost is not made twice") func lostAnswer() throws {
        let id = try add("a", .success)
        aws.advance(byMilliseconds: 1)
        aws.loseNextAnswer()
        #expect(try table.replay(id, ReplayRules(force: true)).outcome == .alreadyPending)
        #expect(aws.requests == ["UpdateItem", "UpdateItem"])
    }

    @Test("the overdue selection replays expired leases, stale pending records and retryable errors only")
    func overdue() throws {
        let expired = try add("a", .running)
        let stale = try add("b", .pending)
        aws.advance(byMilliseconds: 3_600_001)
        let failed = try add("c", .error)
        try add("d", .error, attempts: 2)
        try add("e", .running)
        try add("f", .pending)
        try add("g", .success)
        let rules = ReplayRules(attemptLimit: 2, stalePendingSeconds: 3600)
        var results: [ControlID: ReplayOutcome] = [:]
        try table.replay(.overdue, rules) { result in
            results[result.id] = result.outcome
            return true
        }
        #expect(
            results == [
                expired: .replayed(from: .running), stale: .replayed(from: .pending), failed: .replayed(from: .error),
            ])
        results = [:]
        try table.replay(.overdue, rules) { result in
            results[result.id] = result.outcome
            return true
        }
        #expect(results.isEmpty)
    }

    @Test("the first claim pins a contract; a retry by claim or schedule keeps it, and an explicit replay forgets it")
    func pinnedContract() throws {
        func claim(_ hash: String?, _ id: ControlID) throws -> String? {
            let claim = try table.claim(id, owner: "execution", leaseSeconds: 60, contractHash: hash)
            guard case .claimed(let record) = claim else { return "not claimed" }
            return record.contractHash
        }
        let record = try ControlKeyTests.record("raw/beer/pinned.csv.gz")
        _ = try table.register(record)
        let id = record.controlID
        #expect(try claim("first", id) == "first")
        #expect(try claim("second", id) == "first")
        aws.advance(byMilliseconds: 120_000)
        let scheduled = ReplayRules(attemptLimit: 9, stalePendingSeconds: 3600)
        #expect(try table.replay(id, scheduled).outcome == .replayed(from: .running))
        #expect(try claim("third", id) == "first")
        aws.advance(byMilliseconds: 120_000)
        #expect(try table.replay(id).outcome == .replayed(from: .running))
        let pending = try #require(try table.record(id))
        #expect(pending.contractHash == nil)
        #expect(try claim("fourth", id) == "fourth")
        #expect(try ControlRecord(item: #require(try table.record(id)).item).contractHash == "fourth")
    }

    @Test("the scheduled replay leaves a permanent error alone; an explicit one retries it as any other")
    func permanentError() throws {
        let id = try add("a", .error)
        var record = try #require(try table.record(id))
        record.isPermanent = true
        aws.putItem(record.item, in: "control")
        let scheduled = ReplayRules(attemptLimit: 2, stalePendingSeconds: 3600)
        #expect(try table.replay(id, scheduled).outcome == .permanent)
        try table.replay(.overdue, scheduled) { result in
            Issue.record("\(result)")
            return true
        }
        let backlog = try table.backlog(in: .bronze)
        #expect(backlog.failedCount == 1 && backlog.retriedCount == 0)
        #expect(try table.replay(id).outcome == .replayed(from: .error))
        #expect(try table.record(id)?.isPermanent == false)
    }

    @Test("a selection by status, table and time replays the matching records") func selection() throws {
        try add("early", .error)
        aws.advance(byMilliseconds: 10_000)
        let late = try add("late", .error)
        var seen: [ControlID] = []
        try table.replay(.matching(.error, in: .bronze, table: "beer", since: aws.now), ReplayRules()) { result in
            seen.append(result.id)
            return true
        }
        #expect(seen == [late])
        try table.replay(.matching(.error, in: .bronze, table: "wine", since: nil), ReplayRules()) { _ in
            Issue.record("no record matches")
            return true
        }
    }

    @Test("a dry run reports the outcomes and changes nothing") func dryRun() throws {
        let ids = try (0..<5).map { try add("file \($0)", .error) }
        let before = aws.items(in: "control").sorted { $0["control_id"]?.string ?? "" < $1["control_id"]?.string ?? "" }
        var outcomes: [ReplayOutcome] = []
        try table.replay(.ids(ids + ids), ReplayRules(), dryRun: true) { result in
            outcomes.append(result.outcome)
            return true
        }
        #expect(outcomes == Array(repeating: .replayed(from: .error), count: 5))
        #expect(
            aws.items(in: "control").sorted { $0["control_id"]?.string ?? "" < $1["control_id"]?.string ?? "" }
                == before)
    }

    @Test("a replay stops when its callback returns false") func stopping() throws {
        for number in 0..<5 { try add("file \(number)", .error) }
        var count = 0
        try table.replay(.matching(.error, in: .bronze, table: nil, since: nil), ReplayRules()) { _ in
            count += 1
            return count < 3
        }
        #expect(count == 3)
        #expect(aws.items(in: "control").filter { $0["status"] == "pending" }.count == 3)
    }

    @Test("queries find records by key, table, status and expired lease, across pages") func queries() throws {
        let failed = Set(try (0..<5).map { try add("failed \($0)", .error) })
        let running = try add("running", .running)
        #expect(Set(try table.records(.status(.error, in: .bronze)).map(\.controlID)) == failed)
        #expect(try table.records(.status(.error, in: .bronze), limit: 3).count == 3)
        #expect(try table.records(.status(.error, in: .silver)).isEmpty)
        #expect(try table.records(.schema(.bronze)).count == 6)
        #expect(try table.records(.table("beer", in: .bronze)).count == 6)
        #expect(try table.records(.objectKey("raw/beer/running.csv.gz")).map(\.controlID) == [running])
        let digits = String(running.text.prefix(8))
        #expect(try table.records(.openWork(idPrefix: digits, in: .bronze)).map(\.controlID) == [running])
        #expect(try table.records(.openWork(idPrefix: digits, in: .gold)).isEmpty)
        #expect(try table.records(.expiredLeases(in: .bronze)).isEmpty)
        aws.advance(byMilliseconds: 60_001)
        #expect(try table.records(.expiredLeases(in: .bronze)).map(\.controlID) == [running])
    }
}
