import AWSClient
import AWSModels
import Contracts
import FakeAWS
import JSON
import LambdaRuntime
import Synchronization
import TestMetrics
import Testing
import Publication

@testable import PublishedContracts

/// What a function uses as its contracts, whatever happens to the published ones.
@Suite struct ContractSourceTests {
    let aws = FakeAWS()
    private let lines = LogLines()

    var store: ContractStore { ContractStore(bucket: "lake", objects: ObjectStore(aws.client)) }

    static func text(_ table: String = "orders", version: String) -> String {
        """
        {apiVersion: v3.1.0, kind: DataContract, id: t, version: \(version), status: draft,
         schema: [{name: \(table), properties: [{name: id, logicalType: integer}]}]}
        """
    }

    func source() throws -> ContractSource {
        let packaged = try Contract(parsing: Self.text("beer", version: "0.1.0"), file: "packaged")
        return ContractSource(ContractCatalog([packaged]), bucket: "lake", pipeline: "cupel-test")
    }

    /// Publishes a contract of `orders`.
    /// - Returns: its hash.
    @discardableResult
    func publish(version: String, after previous: String? = nil, schemas: [String] = []) -> String {
        let bytes = Array(Self.text(version: version).utf8)
        let hash = ContractStore.hash(of: bytes)
        aws.put(bytes, to: store.object(of: "orders", hash: hash))
        let index = ContractIndex([
            "orders": .init(hash: hash, version: version, previousHash: previous, schemas: schemas)
        ])
        for object in [store.index, store.lastIndex] { aws.put(index.bytes, to: object) }
        return hash
    }

    func inForce(_ source: ContractSource) throws -> ContractsInForce {
        try source.inForce(
            ObjectStore(aws.client),
            Log(sink: lines.append))
    }

    func version(_ source: ContractSource) throws -> String {
        try inForce(source).contract(forTable: "orders", pinned: nil).version
    }

    /// How many times the alarm's metric was written.
    var alarms: Int {
        get throws {
            try MetricLine.all(in: lines.all).filter { $0.values == ["ContractsUnreadable": 1] }.count
        }
    }

    @Test("an index that was read is used for a while without asking again")
    func trust() throws {
        publish(version: "1.0.0")
        let trusting = ContractSource(ContractCatalog([]), bucket: "lake", trust: .seconds(3600))
        let asking = ContractSource(ContractCatalog([]), bucket: "lake")
        #expect(try version(trusting) == "1.0.0" && version(asking) == "1.0.0")
        publish(version: "2.0.0")
        #expect(try version(trusting) == "1.0.0" && version(asking) == "2.0.0")
    }

    @Test("a table whose contract was removed has none, not even the package's; files that pinned it keep it")
    func removed() throws {
        let hash = publish(version: "1.0.0")
        let source = try source()
        #expect(try inForce(source).tables == ["beer", "orders"])
        let entry = ContractIndex.Entry(hash: hash, version: "1.0.0")
        aws.put(ContractIndex(removed: ["orders": entry, "beer": entry]).bytes, to: store.index)
        let contracts = try inForce(source)
        #expect(contracts.tables.isEmpty)
        for table in ["beer", "orders"] {
            #expect(try contracts.hash(forTable: table) == nil)
            #expect(throws: ContractError.self) { try contracts.contract(forTable: table, pinned: nil) }
        }
        #expect(try contracts.contract(forTable: "orders", pinned: hash).version == "1.0.0")
    }

    @Test("a published contract is in force at the next invocation, and others come from the package")
    func publication() throws {
        let source = try source()
        #expect(try inForce(source).tables == ["beer"])
        #expect(throws: ContractError.self) { try version(source) }
        publish(version: "1.0.0")
        #expect(try version(source) == "1.0.0")
        #expect(try inForce(source).tables == ["beer", "orders"])
        #expect(try inForce(source).contract(forTable: "beer", pinned: nil).version == "0.1.0")
        publish(version: "2.0.0")
        #expect(try version(source) == "2.0.0")
        #expect(try alarms == 0)
    }

    @Test("the index says from which schemas a table takes changes, without another request") func schemas() throws {
        let source = try source()
        publish(version: "1.0.0", schemas: ["sales", "archive"])
        let before = aws.requests.count
        #expect(
            try inForce(source).sources == [
                TableSource(table: "beer"), TableSource(table: "orders", schemas: ["sales", "archive"]),
            ])
        #expect(aws.requests.count == before + 1)
        publish(version: "2.0.0")
        #expect(try inForce(source).sources.last == TableSource(table: "orders"))
    }

    @Test("an invocation without a change costs one request, which S3 answers without a body") func calls() throws {
        let source = try source()
        publish(version: "1.0.0")
        #expect(try version(source) == "1.0.0")
        let before = aws.requests.count
        #expect(try version(source) == "1.0.0")
        #expect(aws.requests[before...] == ["GET /lake/contracts/current.json"])
    }

    @Test("without a bucket, the package's contracts are used, and nothing is requested") func packageOnly() throws {
        let packaged = try Contract(parsing: Self.text("beer", version: "0.1.0"), file: "packaged")
        let contracts = try inForce(ContractSource(ContractCatalog([packaged])))
        #expect(try !contracts.arePublished && contracts.hash(forTable: "beer") == nil)
        #expect(contracts.tables == ["beer"] && aws.requests.isEmpty)
    }

    @Test("a damaged, missing or refused index keeps the last one in force and alarms", arguments: 0...3)
    func unreadableIndex(kind: Int) throws {
        let source = try source()
        publish(version: "1.0.0")
        #expect(try version(source) == "1.0.0")
        switch kind {
        case 0: aws.put(Array("{".utf8), to: store.index)
        case 1:
            aws.put(Array(#"{"format":1,"contracts":{"orders":{"sha256":"x","version":"1"}}}"#.utf8), to: store.index)
        case 2: aws.delete(store.index)
        default: aws.refuse("GET /lake/contracts/current.json", "AccessDenied", status: 403, times: 9)
        }
        #expect(try version(source) == "1.0.0")
        #expect(try alarms == 1)
        // A process that starts now has nothing but the copy.
        #expect(try version(self.source()) == "1.0.0")
        #expect(try alarms == 2)
    }

    @Test("an index that cannot be read for a moment fails a new process, so that it is retried, and no other")
    func temporaryFailure() throws {
        let source = try source()
        publish(version: "1.0.0")
        aws.refuse("GET /lake/contracts/current.json", "SlowDown", status: 503)
        let error = #expect(throws: PublishedContractError.self) { try version(source) }
        #expect(error?.errorType == "Throttled")
        #expect(try version(source) == "1.0.0")
        aws.refuse("GET /lake/contracts/current.json", "SlowDown", status: 503)
        #expect(try version(source) == "1.0.0")
        #expect(try alarms == 1)
    }

    @Test("without an index and a copy that can be read, a new process does not fall back to the package")
    func noFallback() throws {
        publish(version: "1.0.0")
        for object in [store.index, store.lastIndex] { aws.put(Array("{}".utf8), to: object) }
        let error = #expect(throws: PublishedContractError.self) { try version(source()) }
        #expect(error?.errorType == "ContractsUnreadable")
        #expect(error?.description.contains("cupel contract publish") == true)
    }

    @Test(
        "a contract that is damaged, missing, invalid or another table's is replaced by the one before it, with an alarm",
        arguments: ["damaged", "missing", "invalid", "other"])
    func unreadableContract(kind: String) throws {
        let first = publish(version: "1.0.0")
        var second = publish(version: "2.0.0", after: first)
        switch kind {
        case "damaged": aws.put(Array("x".utf8), to: store.object(of: "orders", hash: second))
        case "missing": aws.delete(store.object(of: "orders", hash: second))
        default:
            let bytes = Array((kind == "invalid" ? "{}" : Self.text("beer", version: "2.0.0")).utf8)
            second = ContractStore.hash(of: bytes)
            aws.put(bytes, to: store.object(of: "orders", hash: second))
            let index = ContractIndex(["orders": .init(hash: second, version: "2.0.0", previousHash: first)])
            aws.put(index.bytes, to: store.index)
        }
        let contracts = try inForce(source())
        #expect(try contracts.hash(forTable: "orders") == first)
        #expect(try contracts.contract(forTable: "orders", pinned: first).version == "1.0.0")
        #expect(throws: PublishedContractError.self) { try contracts.contract(forTable: "orders", pinned: second) }
        #expect(try alarms == 1)
    }

    @Test("a pinned contract stays the file's whatever is published after it") func pinned() throws {
        let source = try source()
        let first = publish(version: "1.0.0")
        #expect(try inForce(source).hash(forTable: "orders") == first)
        publish(version: "2.0.0", after: first)
        #expect(try inForce(source).contract(forTable: "orders", pinned: first).version == "1.0.0")
        #expect(try inForce(self.source()).contract(forTable: "orders", pinned: first).version == "1.0.0")
    }
}

final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    @Sendable func append(_ line: [UInt8]) { lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }
}
