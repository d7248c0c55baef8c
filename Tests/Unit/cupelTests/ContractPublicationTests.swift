import AWSClient
import AWSModels
import ContractTools
import Contracts
import FakeAWS
import PublishedContracts
import Testing
import Publication

@testable import cupel

@Suite struct ContractPublicationTests {
    let aws = FakeAWS()

    var store: ContractStore { ContractStore(bucket: "lake", objects: ObjectStore(aws.client)) }

    func file(_ table: String, _ version: String, masked: Bool = true) throws -> ContractFile {
        let masking = masked ? ", customProperties: [{property: masking, value: hash}]" : ""
        let text = """
            {apiVersion: v3.1.0, kind: DataContract, id: t, version: \(version), status: draft,
             schema: [{name: \(table), properties: [{name: email, logicalType: string\(masking)}]}]}
            """
        return ContractFile(
            contract: try Contract(parsing: text, file: "fixture"), bytes: Array(text.utf8),
            hash: ContractStore.hash(of: Array(text.utf8)))
    }

    @discardableResult
    func publish(_ files: ContractFile..., allowsWeakerMasking: Bool = false) throws -> [Bool] {
        try ContractPublication(store: store, allowsWeakerMasking: allowsWeakerMasking).publish(files)
            .filter { $0.state != .kept }.map(\.isUnchanged)
    }

    func index(at object: S3Object? = nil) throws -> ContractIndex {
        try ContractIndex(parsing: try #require(aws.bytes(of: object ?? store.index)), at: "index")
    }

    @Test("contracts lie under their hashes, and the index and its copy say which are in force") func objects() throws {
        let (first, second, beer) = (
            try file("orders", "1.0.0"), try file("orders", "2.0.0"), try file("beer", "1.0.0")
        )
        #expect(try publish(first, beer) == [false, false])
        #expect(try publish(second, beer) == [false, true])
        #expect(
            try index().entries == [
                "orders": .init(hash: second.hash, version: "2.0.0", previousHash: first.hash),
                "beer": .init(hash: beer.hash, version: "1.0.0"),
            ])
        #expect(try index(at: store.lastIndex) == index())
        for file in [first, second, beer] {
            #expect(aws.bytes(of: store.object(of: file.contract.table, hash: file.hash)) == file.bytes)
        }
    }

    @Test("of two publications at once, neither is lost") func race() throws {
        let (orders, beer) = (try file("orders", "1.0.0"), try file("beer", "1.0.0"))
        try publish(try file("wine", "1.0.0"))
        let other = ContractPublication(store: store)
        aws.before("PUT /lake/contracts/current.json") { _ = try? other.publish([beer]) }
        #expect(try publish(orders) == [false])
        #expect(try index().entries.keys.sorted() == ["beer", "orders", "wine"])
    }

    @Test("weaker masking is refused as a whole, unless it is allowed") func weaker() throws {
        try publish(try file("orders", "1.0.0"))
        let before = aws.keys(in: "lake")
        let open = try file("orders", "2.0.0", masked: false)
        let failure = #expect(throws: ContractPublication.Failure.self) { try publish(try file("beer", "1.0.0"), open) }
        guard case .weaker(let places) = failure else {
            Issue.record("\(failure as Any)")
            return
        }
        #expect(places.map(\.description) == ["orders, email: the masking hash becomes none"])
        #expect(aws.keys(in: "lake") == before)
        try publish(open, allowsWeakerMasking: true)
        #expect(try index().entries["orders"]?.version == "2.0.0")
    }

    @Test("without repairs, contracts that are in force cost one request") func calls() throws {
        let orders = try file("orders", "1.0.0")
        try publish(orders)
        let before = aws.requests.count
        let again = try ContractPublication(store: store, repairs: false).publish([orders])
        #expect(again.map(\.isUnchanged) == [true])
        #expect(aws.requests[before...] == ["GET /lake/contracts/current.json"])
    }

    @Test("publishing again repairs a damaged index, copy and contract") func repair() throws {
        let (orders, beer) = (try file("orders", "1.0.0"), try file("beer", "1.0.0"))
        try publish(orders, beer)
        let good = try index()
        let contract = store.object(of: "orders", hash: orders.hash)
        for object in [contract, store.lastIndex, store.index] {
            aws.put(Array("damaged".utf8), to: object)
            #expect(try publish(orders) == [true])
            #expect(try index() == good && index(at: store.lastIndex) == good)
            #expect(aws.bytes(of: contract) == orders.bytes)
        }
    }

    @Test("a published contract that cannot be compared needs the same permission as weaker masking") func unknown()
        throws
    {
        let first = try file("orders", "1.0.0")
        try publish(first)
        aws.delete(store.object(of: "orders", hash: first.hash))
        let failure = #expect(throws: ContractPublication.Failure.self) { try publish(try file("orders", "2.0.0")) }
        guard case .unknown("orders", _) = failure else {
            Issue.record("\(failure as Any)")
            return
        }
        #expect(try publish(try file("orders", "2.0.0"), allowsWeakerMasking: true) == [false])
        // Without the index, the copy is compared.
        try publish(first, allowsWeakerMasking: true)
        aws.delete(store.index)
        #expect(throws: ContractPublication.Failure.self) { try publish(try file("orders", "3.0.0", masked: false)) }
        #expect(try publish(first) == [true])
        for object in [store.index, store.lastIndex] { aws.put(Array("damaged".utf8), to: object) }
        #expect(throws: ContractPublication.Failure.self) { try publish(first) }
    }

    @Test("a contract that is removed is in force no more, and one that is not published is reported as kept")
    func removal() throws {
        let (orders, beer) = (try file("orders", "1.0.0"), try file("beer", "1.0.0"))
        try publish(orders, beer)
        func outcomes(_ files: [ContractFile], removing tables: [String] = []) throws -> [String] {
            try ContractPublication(store: store).publish(files, removing: tables).map { "\($0.table) \($0.state)" }
        }
        #expect(try outcomes([beer]) == ["beer unchanged", "orders kept"])
        #expect(try outcomes([beer], removing: ["orders"]) == ["beer unchanged", "orders removed"])
        #expect(try index().entries.keys.sorted() == ["beer"] && index().removed.keys.sorted() == ["orders"])
        #expect(try index(at: store.lastIndex) == index())
        // Again, and in the right spelling only.
        #expect(try outcomes([], removing: ["orders"]) == ["orders removed", "beer kept"])
        for wrong in [["wine"], ["beer"]] {
            let before = try index()
            #expect(throws: ContractPublication.Failure.self) { try outcomes([beer], removing: wrong) }
            #expect(try index() == before)
        }
        #expect(try outcomes([orders]) == ["orders published", "beer kept"])
        #expect(try index().removed.isEmpty)
    }

    @Test("removing a contract is no way around the comparison of masking") func removalKeepsMasking() throws {
        try publish(try file("orders", "1.0.0"))
        _ = try ContractPublication(store: store).publish([], removing: ["orders"])
        let open = try file("orders", "2.0.0", masked: false)
        #expect(throws: ContractPublication.Failure.self) { try publish(open) }
        #expect(try publish(open, allowsWeakerMasking: true) == [false])
    }
}
