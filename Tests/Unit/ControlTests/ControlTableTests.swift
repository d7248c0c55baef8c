import AWSClient
import AWSModels
import FakeAWS
import Testing
import TestRandom
import Time

@testable import Control

@Suite struct ControlTableTests {
    let aws = FakeAWS()
    let record: ControlRecord

    var table: ControlTable {
        ControlTable(name: "control", client: aws.client, attemptLimit: 2, now: { [aws] in aws.now })
    }

    init() throws {
        var record = try ControlKeyTests.record("raw/beer/beers.csv.gz")
        record.updatedAt = aws.now
        self.record = record
    }

    /// Claims the record for `owner`.
    func claimed(by owner: String = "execution-1") throws -> ControlRecord {
        guard case .claimed(let claimed) = try table.claim(record.controlID, owner: owner, leaseSeconds: 60) else {
            throw Unclaimed()
        }
        return claimed
    }
    struct Unclaimed: Error {}

    let conversion = FinishedConversion(
        writtenCount: 6, quarantinedCount: 1, checksum: "c0ffee", outputKey: "bronze/beer/x.parquet",
        contractVersion: "1.0.0", maskedColumns: ["email"], quality: [measured],
        personalData: [
            PersonalDataFinding(column: "note", kind: "email", matchedCount: 3, sampledCount: 100, action: "report")
        ])

    static let measured = MeasuredRule(
        rule: "few_nulls", metric: "nullValues", column: "abv", measured: 12.5, expected: "mustBeLessThan 5 percent",
        outcome: .failed, severity: "warning")

    // MARK: Register

    @Test("a repeated event leaves the first record unchanged") func repeatedEvent() throws {
        #expect(try table.register(record) == .recorded)
        let working = try claimed()
        #expect(try table.register(record) == .alreadyRecorded)
        #expect(try table.record(record.controlID) == working)
        #expect(aws.items(in: "control").count == 1)
    }

    @Test("a registration whose response is lost is retried and recorded once") func lostRegistration() throws {
        aws.loseNextAnswer()
        #expect(try table.register(record) == .alreadyRecorded)
        #expect(try table.record(record.controlID) == record)
        #expect(aws.requests == ["PutItem", "PutItem", "GetItem"])
    }

    @Test("a record is written with the table's attribute names") func wireNames() throws {
        _ = try table.register(record)
        let item = try #require(aws.items(in: "control").first)
        #expect(
            Set(item.keys) == [
                "control_id", "object_key", "bucket", "object_version", "schema_name", "table_name", "file_format",
                "file_size", "status", "open_work", "attempt_count", "created_at", "updated_at",
            ])
        #expect(item["schema_name"] == "dm_bronze" && item["status"] == "pending" && item["object_version"] == "\"e\"")
        #expect(item["created_at"] == "2026-02-28T23:59:59.999Z" && item["updated_at"] == "2026-03-01T10:00:00.000Z")
    }

    @Test("the error names the malformed attribute of a record") func malformedRecord() throws {
        var item = record.item
        item["attempt_count"] = "many"
        aws.putItem(item, in: "control")
        #expect {
            try table.record(record.controlID)
        } throws: { error in
            guard case .malformedRecord(record.controlID.text, "attempt_count", _) = error as? ControlError
            else { return false }
            return true
        }
    }

    // MARK: Route

    @Test("a pending record is routed; a running record is left unchanged") func routing() throws {
        _ = try table.register(record)
        guard case .routed(let routed) = try table.route(record.controlID, to: .ecs, estimatedRecordCount: 9) else {
            throw Unclaimed()
        }
        #expect(routed.computeTarget == .ecs && routed.estimatedRecordCount == 9 && routed.status == .pending)
        let working = try claimed()
        #expect(try table.route(record.controlID, to: .lambda, estimatedRecordCount: 1) == .notPending(working))
    }

    // MARK: Claim

    @Test("a claim sets a pending record to running with a lease and counts an attempt") func claim() throws {
        _ = try table.register(record)
        guard
            case .claimed(let claimed) = try table.claim(
                record.controlID, owner: "execution-1", leaseSeconds: 60, requestID: "request-1")
        else { throw Unclaimed() }
        #expect(claimed.status == .running && claimed.attemptCount == 1 && claimed.leaseOwner == "execution-1")
        #expect(claimed.leaseExpiresAt == aws.now.advanced(byMilliseconds: 60_000))
        #expect(claimed.startedAt == aws.now && claimed.requestID == "request-1")
    }

    @Test("a second worker cannot claim a record until the lease expires") func secondWorker() throws {
        _ = try table.register(record)
        let first = try claimed()
        #expect(
            try table.claim(record.controlID, owner: "execution-2", leaseSeconds: 60)
                == .held(first, until: first.leaseExpiresAt))
        aws.advance(byMilliseconds: 60_001)
        #expect(try claimed(by: "execution-2").attemptCount == 2)
    }

    @Test("the same execution can claim its record again after a crash") func claimAfterCrash() throws {
        _ = try table.register(record)
        _ = try claimed()
        #expect(try claimed().attemptCount == 2)
    }

    @Test("a claim whose response is lost still belongs to its owner") func lostClaim() throws {
        _ = try table.register(record)
        aws.loseNextAnswer()
        let claimed = try claimed()
        #expect(try table.finish(claimed, conversion).status == .success)
    }

    @Test("a record is exhausted at the attempt limit, whether attempts failed or leases expired")
    func exhausted() throws {
        _ = try table.register(record)
        try table.fail(try claimed(), errorType: "BadInput", message: "no")
        try table.fail(try claimed(), errorType: "BadInput", message: "no")
        guard case .exhausted = try table.claim(record.controlID, owner: "x", leaseSeconds: 60) else {
            throw Unclaimed()
        }
        #expect(try table.replay(record.controlID).outcome == .replayed(from: .error))
        _ = try claimed()
        aws.advance(byMilliseconds: 60_001)
        guard case .exhausted = try table.claim(record.controlID, owner: "x", leaseSeconds: 60) else {
            throw Unclaimed()
        }
    }

    @Test("a finished or unknown record is not claimed") func unclaimable() throws {
        #expect(try table.claim(record.controlID, owner: "x", leaseSeconds: 60) == .notFound)
        _ = try table.register(record)
        let done = try table.finish(try claimed(), conversion)
        #expect(try table.claim(record.controlID, owner: "x", leaseSeconds: 60) == .alreadyDone(done))
    }

    @Test("a renewed lease lasts from the time of renewal") func leaseRenewal() throws {
        _ = try table.register(record)
        let first = try claimed()
        aws.advance(byMilliseconds: 50_000)
        let renewed = try table.renewLease(of: first, leaseSeconds: 60)
        #expect(renewed.leaseExpiresAt == aws.now.advanced(byMilliseconds: 60_000))
    }

    // MARK: Settle

    @Test("a finished record carries the conversion's results") func finish() throws {
        _ = try table.register(record)
        let working = try claimed()
        aws.advance(byMilliseconds: 1500)
        let done = try table.finish(working, conversion)
        #expect(done.status == .success && done.finishedAt == aws.now && done.durationInMilliseconds == 1500)
        #expect(done.recordCount == 7 && done.writtenCount == 6 && done.quarantinedCount == 1)
        #expect(done.checksum == "c0ffee" && done.outputKey == "bronze/beer/x.parquet")
        #expect(done.contractVersion == "1.0.0" && done.maskedColumns == ["email"])
        #expect(done.quality == [Self.measured] && done.personalData == conversion.personalData)
        #expect(done.leaseOwner == nil && done.leaseExpiresAt == nil)
    }

    @Test("the next layer's record is created together with the finish, and only once") func nextRecord() throws {
        _ = try table.register(record)
        let next = record.next(
            .silver, bucket: "lake", outputKey: "bronze/beer/x.parquet", version: .versionID("1"), sizeInBytes: 5,
            rowCount: 6)
        let stale = try claimed()
        let fresh = try claimed()
        #expect(throws: ControlError.self) { try table.finish(stale, conversion, next: next) }
        #expect(try table.record(next.controlID) == nil)
        _ = try table.finish(fresh, conversion, next: next)
        let stored = try #require(try table.record(next.controlID))
        #expect(stored.status == .pending && stored.schema == .silver && stored.estimatedRecordCount == 6)

        // Writing the same output again makes another version of the same work.
        _ = try table.replay(record.controlID, ReplayRules(force: true))
        let again = record.next(
            .silver, bucket: "lake", outputKey: "bronze/beer/x.parquet", version: .versionID("2"), sizeInBytes: 5,
            rowCount: 6)
        _ = try table.finish(try claimed(), conversion, next: again)
        #expect(again.controlID == next.controlID)
        #expect(try table.record(next.controlID) == stored)
    }

    @Test("a worker that lost its lease can finish, fail, release and renew nothing") func lostLease() throws {
        _ = try table.register(record)
        let slow = try claimed()
        aws.advance(byMilliseconds: 60_001)
        let quick = try claimed(by: "execution-2")
        let lost = ControlError.leaseLost(record.controlID, attempt: 1, now: "running, attempt 2")
        #expect(throws: lost) { try table.finish(slow, conversion) }
        #expect(throws: lost) { try table.fail(slow, errorType: "BadInput", message: "no") }
        #expect(throws: lost) { try table.release(slow) }
        #expect(throws: lost) { try table.renewLease(of: slow, leaseSeconds: 60) }
        #expect(try table.record(record.controlID) == quick)
    }

    @Test("a finish or failure whose response is lost is recognised") func lostEnd() throws {
        _ = try table.register(record)
        let first = try claimed()
        aws.loseNextAnswer()
        #expect(try table.finish(first, conversion).status == .success)
        _ = try table.replay(record.controlID, ReplayRules(force: true))
        let second = try claimed()
        aws.loseNextAnswer()
        #expect(try table.fail(second, errorType: "BadInput", message: "no").status == .error)
    }

    @Test("a released record can be claimed at once") func release() throws {
        _ = try table.register(record)
        _ = try table.route(record.controlID, to: .lambda, estimatedRecordCount: 1)
        let released = try table.release(try claimed())
        #expect(released.status == .pending && released.leaseOwner == nil && released.computeTarget == .lambda)
        #expect(try claimed(by: "execution-2").attemptCount == 2)
    }

    @Test("a long error message keeps its beginning") func longMessage() throws {
        _ = try table.register(record)
        let failed = try table.fail(try claimed(), errorType: "BadInput", message: String(repeating: "é", count: 9000))
        let message = try #require(failed.errorMessage)
        #expect(message.hasPrefix("éé") && message.utf8.count < 4100)
    }

    // MARK: Open work

    @Test("a record is open work until it succeeds, and again after a replay") func openWork() throws {
        func openWork() -> AttributeValue? {
            aws.items(in: "control").first { $0["control_id"] == .string(record.controlID.text) }?["open_work"]
        }
        let partition = AttributeValue.string("dm_bronze#\(record.controlID.text.prefix(1))")
        _ = try table.register(record)
        #expect(openWork() == partition)
        try table.fail(try claimed(), errorType: "BadInput", message: "no")
        #expect(openWork() == partition)
        _ = try table.finish(try claimed(), conversion)
        #expect(openWork() == nil)
        _ = try table.replay(record.controlID, ReplayRules(force: true))
        #expect(openWork() == partition)
    }

    @Test("a success record expires; an error does not; replay clears the expiry") func expiration() throws {
        let keeping = ControlTable(name: "control", client: aws.client, retentionInDays: 30, now: { [aws] in aws.now })
        _ = try keeping.register(record)
        func expiry() -> AttributeValue? { aws.items(in: "control").first?["expires_at"] }
        try keeping.fail(try claimed(), errorType: "BadInput", message: "no")
        #expect(expiry() == nil)
        _ = try keeping.replay(record.controlID)
        _ = try keeping.finish(try claimed(), conversion)
        #expect(expiry() == .int(Int(aws.now.seconds) + 30 * 86_400))
        _ = try keeping.replay(record.controlID, ReplayRules(force: true))
        #expect(expiry() == nil)
        _ = try table.finish(try claimed(), conversion)
        #expect(expiry() == nil, "without a retention no record expires")
    }

    @Test("a next record that already succeeded stays out of open work") func finishedNextRecord() throws {
        _ = try table.register(record)
        let next = record.next(
            .silver, bucket: "lake", outputKey: "bronze/beer/x.parquet", version: .versionID("1"), sizeInBytes: 5,
            rowCount: 6)
        _ = try table.finish(try claimed(), conversion, next: next)
        guard case .claimed(let silver) = try table.claim(next.controlID, owner: "silver", leaseSeconds: 60) else {
            throw Unclaimed()
        }
        let done = try table.finish(silver, conversion)
        _ = try table.replay(record.controlID, ReplayRules(force: true))
        _ = try table.finish(try claimed(), conversion, next: next)
        #expect(try table.record(record.controlID)?.status == .success)
        #expect(try table.record(next.controlID) == done)
        #expect(aws.items(in: "control").allSatisfy { $0["open_work"] == nil })
    }

    @Test("the backlog counts open work in every partition") func backlog() throws {
        let statuses: [ControlRecord.Status] = [.pending, .running, .error, .error, .success]
        for number in 0..<100 {
            var record = try ControlKeyTests.record("raw/beer/\(number).csv.gz")
            record.status = statuses[number % 5]
            record.updatedAt = aws.now.advanced(byMilliseconds: -1000 * Int64(number))
            record.attemptCount = number % 5 == 3 ? 2 : 1
            if record.status == .running {
                record.leaseExpiresAt = aws.now.advanced(byMilliseconds: number < 50 ? -1 : 1)
            }
            aws.putItem(record.item, in: "control")
        }
        #expect(Set(aws.items(in: "control").compactMap { $0["open_work"]?.string }).count > 8)
        var expected = Backlog()
        (expected.pendingCount, expected.runningCount, expected.expiredLeaseCount) = (20, 20, 10)
        (expected.retriedCount, expected.failedCount, expected.oldestPendingAgeInSeconds) = (20, 20, 95)
        #expect(try table.backlog(in: .bronze) == expected)
        #expect(try table.backlog(in: .silver) == Backlog())
    }

    // MARK: Random histories

    /// Workers crash at random, some are slow, some records are replayed: at most one finish counts.
    @Test("in random histories a record finishes at most once, with the counts of one worker")
    func randomHistories() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        for history in 0..<40 {
            let record = try ControlKeyTests.record("raw/beer/\(history).csv.gz")
            let table = ControlTable(name: "control", client: aws.client, attemptLimit: 1000, now: { [aws] in aws.now })
            _ = try table.register(record)
            var holders: [ControlRecord] = []
            var ends = 0
            for step in 0..<30 {
                if Bool.random(using: &random) && random.next().isMultiple(of: 4) { aws.loseNextAnswer() }
                switch Int.random(in: 0..<6, using: &random) {
                case 0, 1:
                    let owner = "worker-\(Int.random(in: 0..<3, using: &random))"
                    if case .claimed(let claimed) = try table.claim(record.controlID, owner: owner, leaseSeconds: 10) {
                        holders.append(claimed)
                    }
                case 2:
                    aws.advance(byMilliseconds: .random(in: 0..<12_000, using: &random))
                case 3:
                    _ = try table.replay(record.controlID)
                default:
                    guard let holder = holders.randomElement(using: &random) else { continue }
                    aws.advance(byMilliseconds: 1)
                    let conversion = FinishedConversion(
                        writtenCount: step, quarantinedCount: holder.attemptCount, checksum: "", outputKey: "",
                        contractVersion: "")
                    if let end = try? table.finish(holder, conversion) {
                        ends += 1
                        #expect(end.quarantinedCount == holder.attemptCount, "seed \(seed)")
                    }
                }
            }
            let last = try #require(try table.record(record.controlID))
            #expect(ends <= 1, "seed \(seed)")
            #expect((last.status == .success) == (ends == 1), "seed \(seed)")
            #expect(last.leaseOwner != nil || last.status != .running, "seed \(seed)")
        }
    }
}
