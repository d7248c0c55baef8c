import AWSClient
import FakeAWS
import PublishedModels
import Testing
import Publication

@testable import cupel

@Suite struct ModelPublicationTests {
    private let aws = FakeAWS()
    private var publication: ModelPublication {
        ModelPublication(store: ModelStore(bucket: "lake", objects: ObjectStore(aws.client)))
    }

    private func proposal(_ name: String, _ sql: String, _ version: String = "1.0.0") -> ModelPublication.Proposal {
        .init(name: name, version: version, texts: ModelTexts(sql: sql, contract: "", lineage: nil))
    }

    private func states(_ outcomes: [ModelPublication.Outcome]) -> [String] {
        outcomes.map { "\($0.name) \($0.version) \($0.state.rawValue)" }
    }

    @Test("models are published, unchanged, kept and ended, and the index says what was before") func life() throws {
        let (a, b) = (proposal("dm_gold.a", "SELECT 1"), proposal("dm_gold.b", "SELECT 2"))
        #expect(states(try publication.publish([a, b])) == ["dm_gold.a 1.0.0 published", "dm_gold.b 1.0.0 published"])
        let newer = proposal("dm_gold.a", "SELECT 3", "1.1.0")
        #expect(states(try publication.publish([newer])) == ["dm_gold.a 1.1.0 published", "dm_gold.b 1.0.0 kept"])
        #expect(
            states(try publication.publish([newer], removing: ["dm_gold.b", "dm_silver.packaged"])) == [
                "dm_gold.a 1.1.0 unchanged", "dm_gold.b 1.0.0 removed", "dm_silver.packaged - removed",
            ])
        let index = try #require(try publication.store.index()?.index)
        #expect(index.entries.keys.sorted() == ["dm_gold.a"])
        #expect(index.entries["dm_gold.a"]?.previousHash == a.texts.hash)
        #expect(index.removed.keys.sorted() == ["dm_gold.b", "dm_silver.packaged"])
        #expect(states(try publication.publish([b])).first == "dm_gold.b 1.0.0 published")
        #expect(try publication.store.index()?.index.removed.keys.sorted() == ["dm_silver.packaged"])
    }

    @Test("one who publishes meanwhile is not overwritten") func race() throws {
        let (publication, other) = (publication, proposal("dm_gold.other", "SELECT 5"))
        aws.before("PUT /lake/models/current.json") { _ = try? publication.publish([other]) }
        _ = try publication.publish([proposal("dm_gold.a", "SELECT 1")])
        #expect(try publication.store.index()?.index.entries.keys.sorted() == ["dm_gold.a", "dm_gold.other"])
    }

    @Test("a model's name may lack its dm_; another form is refused") func names() throws {
        #expect(try ModelSource.name("gold.a") == "dm_gold.a" && ModelSource.name("dm_silver.b") == "dm_silver.b")
        for text in ["a", "bronze.a", "gold.", "gold.a.b", "gold.a/b"] {
            #expect(throws: CommandFailure.self, "\(text)") { try ModelSource.name(text) }
        }
    }
}
