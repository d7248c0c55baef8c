import Synchronization
import Testing
import TestServices
import Time

@testable import EmulatorCore

@Suite struct StoreTests {
    static let schema = ["CREATE TABLE IF NOT EXISTS pair (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT"]
    let directory: TemporaryDirectory
    let store: Store

    init() throws {
        directory = try TemporaryDirectory()
        store = try Store(directory: directory.path, schema: Self.schema)
    }

    @Test("concurrent writes are durable, each in a savepoint of its own")
    func concurrentWrites() async throws {
        struct Refused: Error {}
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<400 {
                group.addTask {
                    do {
                        try await store.write { transaction in
                            try transaction.execute(
                                "INSERT INTO pair VALUES (?, ?)", .text("n\(number)"), .integer(number))
                            if number.isMultiple(of: 4) { throw Refused() }
                        }
                        #expect(!number.isMultiple(of: 4))
                    } catch is Refused {
                        #expect(number.isMultiple(of: 4))
                    }
                }
            }
            try await group.waitForAll()
        }
        store.close()
        let reopened = try Store(directory: directory.path, schema: Self.schema)
        let values = try reopened.read { try $0.all("SELECT value FROM pair ORDER BY value") { $0.int(0) } }
        #expect(values == (0..<400).filter { !$0.isMultiple(of: 4) })
        reopened.close()
    }

    @Test("only unhurried writes skip the sync, and readers see them like others")
    func unhurried() async throws {
        @Sendable func mode(_ transaction: borrowing Transaction) throws -> Int? {
            try transaction.snapshot.first("PRAGMA synchronous") { $0.int(0) }
        }
        let (normal, full) = (1, 2)
        #expect(try await store.write { try mode($0) } == full)
        try await store.unhurried {
            let within = try await store.write { transaction in
                try transaction.execute("INSERT INTO pair VALUES ('a', 1)")
                return try mode(transaction)
            }
            #expect(within == normal)
        }
        #expect(try await store.write(waitsForDisk: false) { try mode($0) } == normal)
        #expect(try await store.write { try mode($0) } == full)
        #expect(try store.read { try $0.first("SELECT value FROM pair") { $0.int(0) } } == 1)
        store.close()
    }

    @Test("a failed statement rolls back its own write")
    func rollback() async throws {
        try await store.write { try $0.execute("INSERT INTO pair VALUES ('a', 1)") }
        await #expect(throws: StoreError.self) {
            try await store.write { transaction in
                try transaction.execute("UPDATE pair SET value = 2 WHERE name = 'a'")
                try transaction.execute("INSERT INTO pair VALUES ('a', 3)")
            }
        }
        let value = try store.read { try $0.first("SELECT value FROM pair WHERE name = ?", "a") { $0.int(0) } }
        #expect(value == 1)
        store.close()
    }

    @Test("after-commit actions run only for committed writes")
    func afterCommit() async throws {
        struct Refused: Error {}
        let rung = Mutex<[Int]>([])
        for number in 0..<4 {
            try? await store.write { transaction in
                transaction.afterCommit { rung.withLock { $0.append(number) } }
                if number == 2 { throw Refused() }
            }
        }
        #expect(rung.withLock { $0 } == [0, 1, 3])
        store.close()
    }

    @Test("values of every type are read back unchanged")
    func values() async throws {
        try await store.write { transaction in
            try transaction.execute("CREATE TABLE kinds (i, r, t, b, e, n)")
            try transaction.execute(
                "INSERT INTO kinds VALUES (?, ?, ?, ?, ?, ?)", .integer(Int64.min), .real(0.1), .text("é\u{0}x"),
                .blob([0, 255]), .blob([]), nil)
        }
        let same = try store.read { snapshot in
            try snapshot.first("SELECT * FROM kinds") { row in
                row.integer(0) == .min && row.real(1) == 0.1 && row.text(2) == "é\u{0}x" && row.blob(3) == [0, 255]
                    && row.blob(4) == [] && !row.isNull(4) && row.isNull(5)
            }
        }
        #expect(same == true)
        store.close()
    }

    @Test("a closed store refuses writes")
    func closed() async throws {
        store.close()
        await #expect(throws: StoreError.self) { try await store.write { try $0.execute("DELETE FROM pair") } }
    }
}

@Suite struct BellTests {
    @Test("a ring before the wait is not missed")
    func earlyRing() async {
        let bell = Bell()
        bell.ring()
        await bell.wait()
    }

    @Test("a waiter wakes at a ring, at its deadline, and when cancelled")
    func wake() async {
        let bell = Bell()
        async let waiting: Void = bell.wait()
        bell.ring()
        await waiting
        await bell.wait(until: ClockAndChance.system.now().milliseconds + 5, .system)
        let task = Task { await bell.wait() }
        task.cancel()
        await task.value
    }
}
