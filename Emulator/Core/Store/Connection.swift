internal import CSQLite

/// An SQLite connection with its prepared statements. Only one thread at a time uses it.
final class Connection: @unchecked Sendable {
    // Sendable: opened with SQLITE_OPEN_NOMUTEX, and used by the writer thread alone or by one caller of the readers'
    // pool at a time.
    private let handle: OpaquePointer
    let path: String
    private var statements: [String: OpaquePointer] = [:]

    /// SQLite copies bound text and blobs before the call returns.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    private nonisolated(unsafe) static let emptyText: UnsafePointer<CChar> = {
        let text = UnsafeMutablePointer<CChar>.allocate(capacity: 1)
        text.initialize(to: 0)
        return UnsafePointer(text)
    }()

    /// Memory for the pages that connections read. A reader forgets its pages with each commit, and would return a large piece
    /// of memory to the heap and take it again with each read.
    private static let pages: Void = {
        let size = (4096 + Int(cupel_sqlite_page_header()) + 7) / 8 * 8
        let count = 600
        // For the life of the process, as SQLite requires.
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size * count, alignment: 8)
        _ = cupel_sqlite_configure(memory, Int32(size), Int32(count))
    }()

    init(path: String, readOnly: Bool) throws(StoreError) {
        Self.pages
        var handle: OpaquePointer?
        let flags = SQLITE_OPEN_NOMUTEX | (readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
        guard sqlite3_open_v2(path, &handle, flags, nil) == SQLITE_OK, let handle else {
            let reason = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "no memory"
            sqlite3_close_v2(handle)
            throw .cannotOpen(path: path, reason: reason)
        }
        self.handle = handle
        self.path = path
        sqlite3_busy_timeout(handle, 5000)
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(handle)
    }

    /// Runs statements without values, and ignores their rows.
    func run(script: String) throws(StoreError) {
        guard sqlite3_exec(handle, script, nil, nil, nil) == SQLITE_OK else { throw failure(script) }
    }

    /// Runs one statement without values and rows.
    func run(_ sql: String) throws { try run(sql, []) { _ in true } }

    /// Runs one statement; calls `row` for each row until it returns false.
    func run(_ sql: String, _ values: [SQLValue], row: (borrowing Row) throws -> Bool) throws {
        let statement = try prepared(sql)
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        for (position, value) in values.enumerated() { try bind(value, at: Int32(position + 1), of: statement, sql) }
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW:
                guard try row(Row(statement: statement)) else { return }
            case SQLITE_DONE: return
            default: throw failure(sql)
            }
        }
    }

    /// The number of rows that the last statement changed.
    var changes: Int { Int(sqlite3_changes(handle)) }
    var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }

    private func prepared(_ sql: String) throws(StoreError) -> OpaquePointer {
        if let statement = statements[sql] { return statement }
        var statement: OpaquePointer?
        guard sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil) == SQLITE_OK,
            let statement
        else { throw failure(sql) }
        statements[sql] = statement
        return statement
    }

    private func bind(
        _ value: SQLValue, at position: Int32, of statement: OpaquePointer, _ sql: String
    ) throws(StoreError) {
        let result =
            switch value {
            case .null: sqlite3_bind_null(statement, position)
            case .integer(let value): sqlite3_bind_int64(statement, position, value)
            case .real(let value): sqlite3_bind_double(statement, position, value)
            case .text(var value):
                value.withUTF8 { utf8 in
                    utf8.withMemoryRebound(to: CChar.self) { bytes in
                        // An empty string may have no address, and SQLite reads a null pointer as NULL.
                        sqlite3_bind_text64(
                            statement, position, bytes.baseAddress ?? Self.emptyText, UInt64(bytes.count),
                            Self.transient, UInt8(SQLITE_UTF8))
                    }
                }
            case .blob(let value):
                value.isEmpty
                    ? sqlite3_bind_zeroblob(statement, position, 0)
                    : sqlite3_bind_blob64(statement, position, value, UInt64(value.count), Self.transient)
            }
        guard result == SQLITE_OK else { throw failure(sql) }
    }

    private func failure(_ sql: String) -> StoreError {
        let code = sqlite3_extended_errcode(handle)
        let reason = String(cString: sqlite3_errmsg(handle))
        return switch code & 0xFF {
        case SQLITE_CORRUPT, SQLITE_NOTADB: .damaged(path: path, reason: reason)
        default: .failed(code: code, reason: reason, statement: sql)
        }
    }
}

extension StoreError {
    /// Whether SQLite found no space for its files.
    var isDiskFull: Bool {
        guard case .failed(let code, _, _) = self else { return false }
        // The second is SQLITE_IOERR_SHMSIZE: no space for the index of the log.
        return code & 0xFF == SQLITE_FULL || code == SQLITE_IOERR | 19 << 8
    }
}

/// The row that a statement stands on; columns count from 0.
package struct Row: ~Copyable {
    private let statement: OpaquePointer

    init(statement: OpaquePointer) { self.statement = statement }

    package func isNull(_ column: Int) -> Bool { sqlite3_column_type(statement, Int32(column)) == SQLITE_NULL }
    package func integer(_ column: Int) -> Int64 { sqlite3_column_int64(statement, Int32(column)) }
    package func int(_ column: Int) -> Int { Int(integer(column)) }
    package func real(_ column: Int) -> Double { sqlite3_column_double(statement, Int32(column)) }

    package func text(_ column: Int) -> String {
        guard let bytes = sqlite3_column_text(statement, Int32(column)) else { return "" }
        let length = Int(sqlite3_column_bytes(statement, Int32(column)))
        return String(decoding: UnsafeBufferPointer(start: bytes, count: length), as: UTF8.self)
    }

    package func textOrNil(_ column: Int) -> String? { isNull(column) ? nil : text(column) }
    package func integerOrNil(_ column: Int) -> Int64? { isNull(column) ? nil : integer(column) }

    package func blob(_ column: Int) -> [UInt8] {
        let length = Int(sqlite3_column_bytes(statement, Int32(column)))
        guard length > 0, let bytes = sqlite3_column_blob(statement, Int32(column)) else { return [] }
        return Array(UnsafeRawBufferPointer(start: bytes, count: length))
    }
}
