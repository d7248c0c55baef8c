import AWSClient
import AWSModels
import Control
import FakeAWS
import JSON
import Testing

@testable import BronzeWriter

/// Keys whose versions were converted before keys had states: each version has a record, and a bronze file of its own
/// without metadata.
@Suite struct EarlierFilesTests {
    /// A version that was converted then, and its file's bytes.
    private static func convertedBefore(
        _ marker: String, in world: Versions, sequencer: String? = nil
    ) throws -> (record: ControlRecord, key: String, bytes: [UInt8]) {
        let scratch = try Versions()
        let text = SupersedingTests.content(marker)
        try scratch.ingest(try scratch.upload(text, sequencer: "0A"))
        let written = try #require(scratch.keys("bronze/").first)
        let bytes = try #require(scratch.bytes(written))
        let checksum = try #require(scratch.records(.bronze).first?.checksum)

        var record = try world.upload(text, sequencer: "0")
        record.sequencer = sequencer
        world.aws.advance(byMilliseconds: 86_400_000)
        let key = try BronzeKey(record).text
        let stored = world.aws.put(bytes, to: S3Object(bucket: "lake", key: key))
        _ = try world.control.register(record)
        guard
            case .claimed(let claimed) = try world.control.claim(
                record.controlID, owner: "then", leaseSeconds: 60, requestID: "r")
        else { throw ControlError.notFound(record.controlID) }
        _ = try world.control.finish(
            claimed,
            FinishedConversion(
                writtenCount: 1, quarantinedCount: 0, checksum: checksum, outputKey: key, contractVersion: "1.2.0"),
            next: claimed.next(
                .silver, bucket: "lake", outputKey: key, version: .eTag(stored.eTag), sizeInBytes: bytes.count,
                rowCount: 1))
        return (record, key, bytes)
    }

    private static func upload(_ marker: String, to world: Versions) throws -> ControlRecord {
        try world.upload(SupersedingTests.content(marker), sequencer: "0B")
    }

    @Test("a file that is uploaded again takes the place of one that was converted before keys had states")
    func oneEarlierVersion() throws {
        let world = try Versions()
        let old = try Self.convertedBefore("older", in: world)
        let new = try Self.upload("newer!", to: world)
        #expect(try world.ingest(new)["outcome"] == "done")

        #expect(world.keys("bronze/") == [old.key])
        #expect(world.bytes(old.key)?.contains(text: "newer!") == true)
        let kept = SupersededKey(old.key, writtenBy: old.record.controlID).text
        #expect(world.keys("superseded/") == [kept] && world.bytes(kept) == old.bytes)
        let (older, newer) = (try world.stored(old.record), try world.stored(new))
        #expect(older.supersededBy == new.controlID && older.outputKey == kept)
        #expect(newer.supersedes == old.record.controlID && newer.outputKey == old.key)
        let silver = try world.records(.silver)
        #expect(silver.count == 2 && silver.filter { $0.supersededBy == nil }.map(\.supersededKey) == [kept])
    }

    @Test("all earlier versions leave the table, whichever of them readers saw, and each record says where its file is")
    func severalEarlierVersions() throws {
        let world = try Versions()
        let old = try ["first", "second", "third"].map { try Self.convertedBefore($0, in: world) }
        #expect(world.keys("bronze/").count == 3)
        let new = try Self.upload("newer!", to: world)
        try world.ingest(new)
        #expect(world.keys("bronze/") == [old[2].key])
        #expect(world.bytes(old[2].key)?.contains(text: "newer!") == true)
        for version in old {
            let stored = try world.stored(version.record)
            let kept = try #require(stored.outputKey)
            #expect(kept.hasPrefix("superseded/") && world.bytes(kept) == version.bytes)
            #expect(stored.supersededBy != nil)
        }
        #expect(try world.records(.silver).filter { $0.supersededBy == nil }.count == 1)
    }

    @Test("a replay of an earlier version ends as superseded by the newest of them, whose rows stay")
    func replayOfEarlierVersion() throws {
        let world = try Versions()
        let first = try Self.convertedBefore("first", in: world)
        let second = try Self.convertedBefore("second", in: world)
        _ = try world.control.replay(first.record.controlID, ReplayRules(force: true))
        #expect(try world.write(first.record.controlID)["outcome"] == "superseded")
        #expect(world.keys("bronze/") == [second.key] && world.bytes(second.key) == second.bytes)
        let stored = try world.stored(first.record)
        #expect(stored.supersededBy == second.record.controlID && stored.status == .success)
        #expect(stored.outputKey.flatMap(world.bytes) == first.bytes)
    }

    @Test("a replay of the only earlier version writes its file anew in its place")
    func replayOfOnlyVersion() throws {
        let world = try Versions()
        let old = try Self.convertedBefore("older", in: world)
        _ = try world.control.replay(old.record.controlID, ReplayRules(force: true))
        #expect(try world.write(old.record.controlID)["outcome"] == "done")
        #expect(world.keys("bronze/") == [old.key] && world.keys("superseded/").isEmpty)
    }

    @Test("the same bytes again are recorded and not converted") func identicalBytes() throws {
        let world = try Versions()
        let old = try Self.convertedBefore("older", in: world)
        let same = try Self.upload("older", to: world)
        #expect(try world.ingest(same)["outcome"] == "identical")
        #expect(world.aws.keys(in: "lake") == [old.key] && world.bytes(old.key) == old.bytes)
        #expect(try world.stored(same).identicalTo == old.record.controlID)
    }

    @Test("a version that failed before keys had states ends with the next success", arguments: [true, false])
    func failedVersion(hasFile: Bool) throws {
        let world = try Versions()
        var failed = try world.upload(SupersedingTests.broken, sequencer: "0")
        failed.sequencer = nil
        _ = try world.control.register(failed)
        guard
            case .claimed(let claimed) = try world.control.claim(
                failed.controlID, owner: "then", leaseSeconds: 60, requestID: "r")
        else { throw ControlError.notFound(failed.controlID) }
        _ = try world.control.fail(claimed, errorType: "ContractBroken", message: "broken")
        world.aws.advance(byMilliseconds: 1000)
        if hasFile { _ = try Self.convertedBefore("older", in: world) }
        let new = try Self.upload("newer!", to: world)
        #expect(try world.ingest(new)["outcome"] == "done")
        #expect(world.keys("bronze/").count == 1)
        let ended = try world.stored(failed)
        #expect(ended.supersededBy == new.controlID && ended.status == .success && ended.errorType == nil)
    }

    @Test("after a crash at any request, another attempt leaves one file")
    func crashes() throws {
        var requests = 1
        while true {
            let world = try Versions()
            let old = try ["first", "second"].map { try Self.convertedBefore($0, in: world) }
            let new = try Self.upload("newer!", to: world)
            _ = try world.control.registerVersion(new)
            world.aws.crash(after: requests)
            let isDone = (try? world.write(new.controlID, as: "crashed")) != nil
            world.aws.recover()
            world.aws.advance(byMilliseconds: 3_600_000)
            if !isDone { try world.write(new.controlID, as: "second") }
            #expect(world.keys("bronze/") == [old[1].key], "\(requests) requests")
            #expect(world.bytes(old[1].key)?.contains(text: "newer!") == true, "\(requests) requests")
            for version in old {
                let stored = try world.stored(version.record)
                #expect(stored.supersededBy != nil, "\(requests) requests")
                #expect(stored.outputKey.flatMap(world.bytes) == version.bytes, "\(requests) requests")
            }
            if isDone { break }
            requests += 1
        }
        #expect(requests > 12)
    }
}
