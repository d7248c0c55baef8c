import Foundation
import TestServices
import Testing

@testable import EmulatorCore

@Suite struct MigrationTests {
    private static let old = ["CREATE TABLE IF NOT EXISTS thing (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT"]
    private static let new = [
        "CREATE TABLE IF NOT EXISTS thing (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL) STRICT",
        "CREATE INDEX IF NOT EXISTS thing_name ON thing (name)",
    ]
    private static let migrations: [Migration] = [{ try $0.addAutoincrement(to: ["thing", "missing"]) }]
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func insert(_ name: String, into store: Store) async throws -> Int64 {
        try await store.write { transaction in
            try transaction.execute("INSERT INTO thing (name) VALUES (?)", .text(name))
            return transaction.lastInsertedRow
        }
    }

    @Test("a database without a version is migrated once, keeps its rows, and uses no row id twice")
    func migration() async throws {
        let first = try Store(directory: directory.path, schema: Self.old)
        try await first.write { try $0.execute("PRAGMA user_version = 0") }
        for name in ["a", "b"] { _ = try await insert(name, into: first) }
        first.close()
        for start in 0..<2 {
            let store = try Store(directory: directory.path, schema: Self.new, migrations: Self.migrations)
            let names = try store.read { try $0.all("SELECT name FROM thing ORDER BY id") { $0.text(0) } }
            #expect(names == Array(["a", "b"].prefix(2 - start)))
            let version = try store.read { try $0.first("PRAGMA user_version") { $0.int(0) } }
            #expect(version == 2)
            if start == 0 {
                try await store.write { try $0.execute("DELETE FROM thing WHERE name = 'b'") }
                let id = try await insert("c", into: store)
                #expect(id == 3)
                try await store.write { try $0.execute("DELETE FROM thing WHERE name = 'c'") }
            }
            store.close()
        }
    }

    @Test("a migration that fails changes nothing")
    func failedMigration() throws {
        struct Refused: Error {}
        Store.closed(try Store(directory: directory.path, schema: Self.old))
        #expect(throws: StoreError.self) {
            _ = try Store(
                directory: directory.path, schema: Self.new,
                migrations: [
                    { transaction in
                        try transaction.addAutoincrement(to: ["thing"])
                        throw Refused()
                    }
                ])
        }
        let store = try Store(directory: directory.path, schema: Self.old)
        let sql = try store.read { try $0.first("SELECT sql FROM sqlite_schema WHERE name = 'thing'") { $0.text(0) } }
        #expect(sql?.contains("AUTOINCREMENT") == false)
        store.close()
    }

    @Test("a database of a newer version is refused, and says what to do")
    func newer() throws {
        Store.closed(try Store(directory: directory.path, schema: Self.new, migrations: Self.migrations))
        let error = #expect(throws: StoreError.self) {
            _ = try Store(directory: directory.path, schema: Self.old)
        }
        let text = error?.description ?? ""
        #expect(
            text.contains("\(directory.path)/state.sqlite has version 2") && text.contains("newer Cupel"), "\(text)")
    }

    @Test("a damaged database is named with its remedy")
    func damaged() throws {
        let path = directory.path + "/state.sqlite"
        try Data(repeating: 7, count: 10_000).write(to: URL(filePath: path))
        let error = #expect(throws: StoreError.self) {
            _ = try Store(directory: directory.path, schema: Self.old)
        }
        let text = error?.description ?? ""
        #expect(text.contains("the database \(path) is damaged") && text.contains("restore it from a copy"), "\(text)")
    }
}

extension Store {
    fileprivate static func closed(_ store: Store) { store.close() }
}
