internal import CPostgres

/// A connection to PostgreSQL through libpq, used by one thread at a time.
///
/// Unsafe pointers, because libpq hands out its own buffers; none leaves the call that borrows it.
public final class PostgresConnection {
    public enum Mode: Sendable {
        case queries
        /// For replication commands, and for statements without parameters.
        case replication
    }

    /// What ``receive(_:)`` found.
    public enum Received: Sendable {
        case message
        /// Nothing has arrived yet.
        case nothing
        /// The server ended the copy.
        case end
    }

    private let connection: OpaquePointer

    /// Connects. Values that the server writes then do not depend on its settings: dates are ISO, times in UTC.
    ///
    /// - Parameter source: a connection URI or libpq's `name=value` pairs. What it lacks comes from libpq's variables, such as
    ///   `PGPASSWORD`.
    public init(_ source: String, mode: Mode = .queries, application: String) throws(PostgresError) {
        var settings: [(String, String)] = [
            // What comes before the source can be set there otherwise.
            ("connect_timeout", "10"), ("keepalives_idle", "30"), ("tcp_user_timeout", "60000"),
            ("dbname", source), ("fallback_application_name", application), ("client_encoding", "UTF8"),
            ("options", Self.spelling),
        ]
        if mode == .replication { settings.append(("replication", "database")) }
        let connection = withCStrings(settings.map(\.0)) { names in
            withCStrings(settings.map(\.1)) { values in PQconnectStartParams(names, values, 1) }
        }
        guard let connection else {
            throw PostgresError(state: nil, message: "no memory is left", operation: "connect")
        }
        // The connection is this object's from here on, whose end finishes it.
        self.connection = connection
        if PQstatus(connection) != CONNECTION_BAD {
            // Only the verbose form of a refusal has its code, and it can be asked for once a connection is begun.
            PQsetErrorVerbosity(connection, PQERRORS_VERBOSE)
            PQreset(connection)
            PQsetErrorVerbosity(connection, PQERRORS_DEFAULT)
        }
        guard PQstatus(connection) == CONNECTION_OK else {
            throw PostgresError(refusal: Self.lastMessage(connection))
        }
        PQsetNoticeProcessor(connection, { _, _ in }, nil)
    }

    private static let spelling =
        "-c datestyle=ISO -c intervalstyle=postgres -c timezone=UTC -c extra_float_digits=3 -c bytea_output=hex "
        + "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c lock_timeout=0 -c row_security=off"

    deinit { PQfinish(connection) }

    /// The socket, to wait for input with.
    public var socket: Int32 { PQsocket(connection) }
    /// Such as 150017.
    public var serverVersion: Int { Int(PQserverVersion(connection)) }

    public var serverProcessID: Int { Int(PQbackendPID(connection)) }

    // MARK: Statements

    /// Runs one statement; the rows of its result, null where a column is.
    @discardableResult
    public func query(_ statement: String, _ parameters: [String] = []) throws(PostgresError) -> [[String?]] {
        let result: OpaquePointer?
        if parameters.isEmpty {
            result = PQexec(connection, statement)
        } else {
            result = withCStrings(parameters) { values in
                PQexecParams(connection, statement, Int32(parameters.count), nil, values, nil, nil, 0)
            }
        }
        defer { PQclear(result) }
        guard [PGRES_TUPLES_OK, PGRES_COMMAND_OK].contains(PQresultStatus(result)) else {
            throw failure(result, statement)
        }
        let columns = PQnfields(result)
        return (0..<PQntuples(result)).map { row in
            (0..<columns).map { column in
                PQgetisnull(result, row, column) == 1
                    ? nil : PQgetvalue(result, row, column).map { String(cString: $0) }
            }
        }
    }

    /// Quotes `name` as an identifier.
    public static func identifier(_ name: String) -> String { "\"\(doubling("\"", in: name))\"" }

    /// Quotes `text` as a literal, for statements that take no parameters.
    public static func literal(_ text: String) -> String { "'\(doubling("'", in: text))'" }

    // By scalars: a mark and a combining mark after it are one character, which is not the mark.
    private static func doubling(_ mark: Unicode.Scalar, in text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            result.append(scalar)
            if scalar == mark { result.append(scalar) }
        }
        return String(result)
    }

    // MARK: Copies

    /// Runs a statement that copies rows out and calls `body` with each row, without its end, until there is none.
    public func copyOut(
        _ statement: String, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let result = PQexec(connection, statement)
        let status = PQresultStatus(result)
        defer { PQclear(result) }
        guard status == PGRES_COPY_OUT else { throw failure(result, statement) }
        while true {
            var buffer: UnsafeMutablePointer<CChar>?
            let count = PQgetCopyData(connection, &buffer, 0)
            defer { PQfreemem(buffer) }
            guard count > 0, let buffer else {
                guard count == -1 else { throw failure(nil, statement) }
                return try endCopy(statement)
            }
            try body(UnsafeRawBufferPointer(start: buffer, count: Int(count)))
        }
    }

    private func endCopy(_ statement: String) throws(PostgresError) {
        while let result = PQgetResult(connection) {
            defer { PQclear(result) }
            guard PQresultStatus(result) == PGRES_COMMAND_OK else { throw failure(result, statement) }
        }
    }

    // MARK: Replication

    /// Runs `START_REPLICATION`; then ``receive(_:)`` and ``send(_:)`` exchange messages.
    public func startReplication(_ command: String) throws(PostgresError) {
        let result = PQexec(connection, command)
        defer { PQclear(result) }
        guard PQresultStatus(result) == PGRES_COPY_BOTH else { throw failure(result, command) }
    }

    /// Calls `body` with the next message if one has arrived. Does not wait.
    public func receive(_ body: (UnsafeRawBufferPointer) throws -> Void) throws -> Received {
        var buffer: UnsafeMutablePointer<CChar>?
        var count = PQgetCopyData(connection, &buffer, 1)
        if count == 0 {
            guard PQconsumeInput(connection) == 1 else { throw failure(nil, "receive changes") }
            count = PQgetCopyData(connection, &buffer, 1)
        }
        defer { PQfreemem(buffer) }
        switch count {
        case 0: return .nothing
        case -1:
            try endCopy("receive changes")
            return .end
        default:
            guard count > 0, let buffer else { throw failure(nil, "receive changes") }
            try body(UnsafeRawBufferPointer(start: buffer, count: Int(count)))
            return .message
        }
    }

    /// Sends one message to the server.
    public func send(_ bytes: [UInt8]) throws(PostgresError) {
        let sent = bytes.withUnsafeBytes {
            PQputCopyData(connection, $0.bindMemory(to: CChar.self).baseAddress, Int32($0.count))
        }
        guard sent == 1, PQflush(connection) >= 0 else { throw failure(nil, "send the progress") }
    }

    /// Ends a replication that ``startReplication(_:)`` began.
    public func endReplication() throws(PostgresError) {
        guard PQputCopyEnd(connection, nil) == 1, PQflush(connection) >= 0 else { throw failure(nil, "end the copy") }
    }

    // MARK: Failures

    private func failure(_ result: OpaquePointer?, _ operation: String) -> PostgresError {
        let state = result.flatMap { PQresultErrorField($0, Self.stateField) }.map { String(cString: $0) }
        let message = result.flatMap { PQresultErrorField($0, Self.messageField) }.map { String(cString: $0) }
        return PostgresError(
            state: PQstatus(connection) == CONNECTION_OK ? state ?? "XX000" : state,
            message: message ?? Self.lastMessage(connection), operation: operation)
    }

    /// libpq's message as one line; it has several, and tabs.
    private static func lastMessage(_ connection: OpaquePointer) -> String {
        let text = String(cString: PQerrorMessage(connection)).split(whereSeparator: \.isWhitespace).joined(
            separator: " ")
        return text.isEmpty ? "the connection was lost" : text
    }

    /// `PG_DIAG_SQLSTATE` and `PG_DIAG_MESSAGE_PRIMARY`: macros of characters, which Swift does not import.
    private static let stateField = Int32(UInt8(ascii: "C"))
    private static let messageField = Int32(UInt8(ascii: "M"))
}

/// Calls `body` with C's form of `texts`: an array of pointers that a null ends.
private func withCStrings<Result>(
    _ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
    var bytes: [CChar] = []
    var starts: [Int] = []
    for text in texts {
        starts.append(bytes.count)
        bytes += text.utf8CString
    }
    return bytes.withUnsafeBufferPointer { bytes in
        let pointers = starts.map { start in bytes.baseAddress.map { $0 + start } }
        return (pointers + [nil]).withUnsafeBufferPointer { pointers in
            guard let start = pointers.baseAddress else {
                preconditionFailure("an array that is not empty has a place")
            }
            return body(start)
        }
    }
}
