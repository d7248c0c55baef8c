import AWSClient
import AWSModels
import FakeAWS
import JSON
import Testing
import Publication

@testable import PublishedModels

@Suite struct ModelStoreTests {
    private let aws = FakeAWS()
    private var store: ModelStore { ModelStore(bucket: "lake", objects: ObjectStore(aws.client)) }
    private static let texts = ModelTexts(sql: "SELECT 1 AS \"é\"", contract: "id: a", lineage: nil)

    @Test("what is published is read again; the same index is not sent twice") func roundTrip() throws {
        let empty = try #require(try store.index())
        #expect(empty.index.entries.isEmpty && empty.eTag == nil)
        var index = ModelIndex()
        let lineage = ModelTexts(sql: "SELECT 2", contract: "id: b", lineage: "{}")
        for (name, texts) in [("dm_gold.a", Self.texts), ("dm_silver.b", lineage)] {
            index.entries[name] = ModelIndex.Entry(hash: texts.hash, version: "1.0.0")
        }
        index.removed["dm_gold.c"] = ModelIndex.Entry(hash: lineage.hash, version: "2", previousHash: Self.texts.hash)
        #expect(try store.publish([Self.texts, lineage], index: index, replacing: empty))
        let stored = try #require(try store.index())
        #expect(stored.index == index)
        #expect(try store.index(since: stored.eTag) == nil)
        #expect(try store.texts(hash: Self.texts.hash) == Self.texts && store.texts(hash: lineage.hash) == lineage)
    }

    @Test("of two who have read the same index, one has to read again") func race() throws {
        let read = try #require(try store.index())
        let index = ModelIndex(["dm_gold.a": ModelIndex.Entry(hash: Self.texts.hash, version: "1")])
        #expect(try store.publish([Self.texts], index: index, replacing: read))
        #expect(try !store.publish([], index: ModelIndex(), replacing: read))
        #expect(try store.index()?.index == index)
    }

    @Test("a damaged index and damaged texts are named") func damage() throws {
        for text in [
            "", "{", "{}", #"{"format":2,"models":{}}"#, #"{"format":1,"models":{"a":{"sha256":"x","version":"1"}}}"#,
        ] {
            aws.put(Array(text.utf8), to: store.index)
            let error = #expect(throws: PublishedModelError.self, "\(text)") { try store.index() }
            #expect(error.map { "\($0)".contains("models/current.json") } == true && error?.isTemporary == false)
        }
        let hash = Self.texts.hash
        #expect(throws: PublishedModelError.self) { try store.texts(hash: hash) }
        aws.put(Self.texts.bytes + [32], to: store.object(hash: hash))
        let error = #expect(throws: PublishedModelError.self) { try store.texts(hash: hash) }
        #expect(error.map { "\($0)".contains("has changed since it was published") } == true)
    }
}
