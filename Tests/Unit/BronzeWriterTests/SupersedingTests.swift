import AWSClient
import AWSModels
import Contracts
import Control
import FakeAWS
import JSON
import LambdaRuntime
import PublishedContracts
import Parquet
import TestRandom
import Testing
import Time

@testable import BronzeWriter

/// The versions of raw keys in one fake account, and workers that take them to bronze.
struct Versions {
    let aws = FakeAWS()
    let writer: BronzeWriter
    let control: ControlTable

    init(versioned: Bool = true) throws {
        let aws = aws
        if !versioned { aws.disableVersioning(of: "stage") }
        control = ControlTable(name: "control", client: aws.client, attemptLimit: 10_000, now: { aws.now })
        var settings = Settings(
            contracts: ContractSource(ContractCatalog([try contract(rows: 0)])), lakeBucket: "lake", control: control,
            objects: ObjectStore(aws.client))
        settings.options.threads = 1
        settings.leaseSeconds = 60
        // So that tests find texts in the file's bytes.
        settings.options.codec = .none
        writer = BronzeWriter(settings: settings)
    }

    /// Uploads a file and returns the record that its event registers.
    func upload(
        _ bytes: [UInt8], key: String = "raw/beer/a.csv.gz", sequencer: String, at time: Timestamp? = nil
    ) throws -> ControlRecord {
        let stored = aws.put(bytes, to: S3Object(bucket: "stage", key: key))
        return ControlRecord(
            raw: try RawKey(key), bucket: "stage",
            version: stored.versionID.map(ObjectVersion.versionID) ?? .eTag(stored.eTag), sizeInBytes: bytes.count,
            createdAt: time ?? aws.now, sequencer: sequencer)
    }

    @discardableResult
    func write(_ id: ControlID, as owner: String = "execution") throws -> JSON {
        let context = InvocationContext(
            requestID: "r", deadline: .now + .seconds(3600), log: Log(sink: { _ in }))
        return try writer.handle(["control_id": .string(id.text), "lease_owner": .string(owner)], context)
    }

    /// Registers the version and takes it to bronze.
    @discardableResult
    func ingest(_ record: ControlRecord) throws -> JSON {
        _ = try control.registerVersion(record)
        return try write(record.controlID)
    }

    func stored(_ record: ControlRecord) throws -> ControlRecord {
        try #require(try control.record(record.controlID))
    }

    func bytes(_ key: String) -> [UInt8]? { aws.bytes(of: S3Object(bucket: "lake", key: key)) }

    func keys(_ prefix: String) -> [String] { aws.keys(in: "lake").filter { $0.hasPrefix(prefix) } }

    func records(_ schema: ControlRecord.Schema) throws -> [ControlRecord] {
        try aws.items(in: "control").filter { $0["schema_name"] == .string(schema.rawValue) }.map {
            try ControlRecord(item: $0)
        }
    }
}

/// A newer version of a raw key takes the older one's place in bronze.
@Suite struct SupersedingTests {
    static func content(_ marker: String) -> [UInt8] { gzip(header + "1,\(marker),1,1\n") }
    static let broken = gzip(header + "x,a,1,1\n")

    @Test("the newer version takes the older one's place, on whatever day, and the older file is kept elsewhere")
    func fixedFile() throws {
        let world = try Versions()
        let old = try world.upload(Self.content("older"), sequencer: "0A")
        try world.ingest(old)
        let place = try #require(world.keys("bronze/").first)
        let oldBytes = try #require(world.bytes(place))
        let tomorrow = world.aws.now.advanced(byMilliseconds: 86_400_000)
        let new = try world.upload(Self.content("newer!"), sequencer: "0B", at: tomorrow)
        #expect(try world.ingest(new)["outcome"] == "done")

        #expect(world.keys("bronze/") == [place])
        #expect(world.bytes(place)?.contains(text: "newer!") == true)
        let kept = SupersededKey(place, writtenBy: old.controlID).text
        #expect(world.keys("superseded/") == [kept] && kept.hasPrefix("superseded/beer/year=2026/"))
        #expect(world.bytes(kept) == oldBytes)
        let (older, newer) = (try world.stored(old), try world.stored(new))
        #expect(older.supersededBy == new.controlID && older.outputKey == kept && older.status == .success)
        #expect(newer.supersedes == old.controlID && newer.supersededBy == nil && newer.outputKey == place)

        let silver = try world.records(.silver)
        let former = try #require(silver.first { $0.supersededBy != nil })
        let latter = try #require(silver.first { $0.supersededBy == nil })
        #expect(former.supersededBy == latter.controlID && latter.supersedes == former.controlID)
        #expect(latter.supersededKey == kept && former.status == .pending)
    }

    @Test("a plain file that is uploaded again with the same bytes is recorded, and not converted again")
    func identicalPlainFile() throws {
        let world = try Versions()
        let bytes = Array((header + "1,same,1,1\n").utf8)
        let first = try world.upload(bytes, key: "raw/beer/a.csv", sequencer: "0A")
        #expect(try world.ingest(first)["outcome"] == "done")
        let second = try world.upload(bytes, key: "raw/beer/a.csv", sequencer: "0B")
        #expect(try world.ingest(second)["outcome"] == "identical")
        #expect(try world.stored(second).identicalTo == first.controlID)
    }

    @Test("an older version that ends late changes nothing, whenever it is announced and whenever it starts")
    func lateVersion() throws {
        let cases = [("reads", "superseded"), ("is pending", "alreadyDone"), ("is not announced", "superseded")]
        for (state, outcome) in cases {
            let world = try Versions()
            let old = try world.upload(Self.content("older"), sequencer: "0A")
            let new = try world.upload(Self.content("newer!"), sequencer: "0A1")
            if state != "is not announced" { _ = try world.control.registerVersion(old) }
            if state == "reads" {
                world.aws.before("GET /stage") { _ = try? world.ingest(new) }
            } else {
                try world.ingest(new)
            }
            if state == "is not announced" { _ = try world.control.registerVersion(old) }
            #expect(try world.write(old.controlID, as: "late")["outcome"] == .string(outcome))
            let place = try #require(world.keys("bronze/").first)
            #expect(world.keys("bronze/").count == 1 && world.bytes(place)?.contains(text: "newer!") == true)
            #expect(try world.stored(old).supersededBy == new.controlID && world.stored(old).outputKey == nil)
            #expect(try world.records(.silver).count == 1)
        }
    }

    @Test("the same bytes again are recorded and not converted", arguments: [true, false])
    func identicalBytes(versioned: Bool) throws {
        let world = try Versions(versioned: versioned)
        let first = try world.upload(Self.content("same"), sequencer: "0A")
        try world.ingest(first)
        let place = try #require(world.keys("bronze/").first)
        let bytes = world.bytes(place)
        let again = try world.upload(Self.content("same"), sequencer: "0B")
        #expect(try world.ingest(again)["outcome"] == "identical")
        #expect(world.aws.keys(in: "lake") == [place] && world.bytes(place) == bytes)
        let second = try world.stored(again)
        #expect(second.status == .success && second.outputKey == place && second.writtenCount == 1)
        #expect(second.sequencer == "0B")
        if versioned {
            #expect(second.identicalTo == first.controlID && second.supersedes == first.controlID)
            #expect(try world.stored(first).supersededBy == again.controlID)
        } else {
            #expect(again.controlID == first.controlID && second.supersededBy == nil)
        }
        #expect(try world.records(.silver).count == 1)

        let last = try world.upload(Self.content("other"), sequencer: "0C")
        #expect(try world.ingest(last)["outcome"] == "done")
        let kept = SupersededKey(place, writtenBy: first.controlID).text
        #expect(world.bytes(kept) == bytes && world.keys("bronze/") == [place])
        #expect(try world.stored(first).outputKey == kept)
        #expect(try world.stored(again).supersededBy == last.controlID)
    }

    @Test("A, then B, then A again ends with A", arguments: [true, false]) func backAgain(versioned: Bool) throws {
        let world = try Versions(versioned: versioned)
        let a = try world.upload(Self.content("AAAAA"), sequencer: "0A")
        try world.ingest(a)
        let b = try world.upload(Self.content("BBBBB"), sequencer: "0B")
        try world.ingest(b)
        let last = try world.upload(Self.content("AAAAA"), sequencer: "0C")
        #expect(try world.ingest(last)["outcome"] == "done")
        let place = try #require(world.keys("bronze/").first)
        #expect(world.keys("bronze/").count == 1 && world.bytes(place)?.contains(text: "AAAAA") == true)
        #expect(try world.stored(b).supersededBy == last.controlID && world.stored(last).supersededBy == nil)
        // An event of the first upload that arrives again changes nothing.
        #expect(try world.control.registerVersion(a) == .alreadyRecorded)
        #expect(try world.stored(last).status == .success)
    }

    @Test("a fixed file ends the failed version's error; a version that fails leaves the older one in place")
    func brokenVersions() throws {
        let world = try Versions()
        let bad = try world.upload(Self.broken, sequencer: "0A")
        #expect(throws: ConversionError.self) { try world.ingest(bad) }
        #expect(try world.stored(bad).status == .error)
        let good = try world.upload(Self.content("fixed"), sequencer: "0B")
        try world.ingest(good)
        let failed = try world.stored(bad)
        #expect(failed.status == .success && failed.supersededBy == good.controlID && failed.errorType == nil)
        #expect(try world.control.records(.open(in: .bronze)).isEmpty)

        let worse = try world.upload(Self.broken, sequencer: "0C")
        #expect(throws: ConversionError.self) { try world.ingest(worse) }
        let place = try #require(world.keys("bronze/").first)
        #expect(world.bytes(place)?.contains(text: "fixed") == true && world.keys("superseded/").isEmpty)
        #expect(try world.stored(good).supersededBy == nil && world.stored(worse).status == .error)
    }

    @Test("without versioning, a version whose bytes were replaced ends as superseded by the one that replaced them")
    func replacedBytes() throws {
        let world = try Versions(versioned: false)
        let old = try world.upload(Self.content("older"), sequencer: "0A")
        let new = try world.upload(Self.content("newer!"), sequencer: "0B")
        #expect(try world.ingest(old)["outcome"] == "superseded")
        #expect(try world.stored(old).supersededBy == new.controlID && world.stored(old).status == .success)
        try world.ingest(new)
        #expect(world.keys("bronze/").count == 1)
    }

    @Test("a replay of a superseded version is skipped, with force too") func replay() throws {
        let world = try Versions()
        let old = try world.upload(Self.content("older"), sequencer: "0A")
        let new = try world.upload(Self.content("newer!"), sequencer: "0B")
        try world.ingest(old)
        try world.ingest(new)
        let result = try world.control.replay(old.controlID, ReplayRules(force: true))
        #expect(result.outcome == .superseded(by: new.controlID))
        #expect(try world.control.replay(new.controlID, ReplayRules(force: true)).outcome == .replayed(from: .success))
        #expect(try world.write(new.controlID)["outcome"] == "done")
        #expect(world.keys("bronze/").count == 1 && world.keys("superseded/").count == 1)
        #expect(try world.stored(new).sequencer == "0B" && world.stored(new).supersededBy == nil)
    }

    @Test("the older file is kept whole, whatever its size") func largeOutput() throws {
        let world = try Versions()
        let text = (0..<30_000).map { "\($0),\(UInt64($0) &* 0x9E37_79B9_7F4A_7C15),1,1\n" }.joined()
        let large = Array(repeating: text, count: 14).joined()
        let old = try world.upload(gzip(header + large), sequencer: "0A")
        try world.ingest(old)
        let place = try #require(world.keys("bronze/").first)
        let bytes = try #require(world.bytes(place))
        #expect(bytes.count > 8 << 20)
        try world.ingest(try world.upload(gzip(header + large + "1,new,1,1\n"), sequencer: "0B"))
        #expect(world.bytes(SupersededKey(place, writtenBy: old.controlID).text) == bytes)
        #expect(world.aws.openUploads == 0 && world.bytes(place) != bytes)
    }

    @Test("after a crash at any request of the newer version's work, another attempt repairs everything")
    func crashes() throws {
        var requests = 1
        while true {
            let world = try Versions()
            let old = try world.upload(Self.content("older"), sequencer: "0A")
            try world.ingest(old)
            let new = try world.upload(Self.content("newer!"), sequencer: "0B")
            _ = try world.control.registerVersion(new)
            world.aws.crash(after: requests)
            let isDone = (try? world.write(new.controlID, as: "crashed")) != nil
            world.aws.recover()
            world.aws.advance(byMilliseconds: 3_600_000)
            let place = try #require(world.keys("bronze/").first)
            #expect(world.keys("bronze/").count == 1, "\(requests) requests")
            if !isDone { try world.write(new.controlID, as: "second") }
            #expect(world.keys("bronze/") == [place], "\(requests) requests")
            #expect(world.bytes(place)?.contains(text: "newer!") == true, "\(requests) requests")
            #expect(world.keys("superseded/") == [SupersededKey(place, writtenBy: old.controlID).text])
            #expect(try world.stored(old).supersededBy == new.controlID, "\(requests) requests")
            #expect(try world.stored(new).status == .success, "\(requests) requests")
            if isDone { break }
            requests += 1
        }
        #expect(requests > 8)
    }
}

extension [UInt8] {
    func contains(text: String) -> Bool {
        let wanted = Array(text.utf8)
        return indices.contains { self[$0...].starts(with: wanted) }
    }
}
