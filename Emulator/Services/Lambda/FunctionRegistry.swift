internal import EmulatorCore
internal import JSON
internal import Synchronization

/// The existing functions, in the store and in memory.
final class FunctionRegistry: Sendable {
    static let schema = """
        CREATE TABLE IF NOT EXISTS lambda_function (name TEXT PRIMARY KEY, declaration BLOB NOT NULL) STRICT;
        """

    private let store: Store
    private let account: Account
    private let functions: Mutex<[String: FunctionConfiguration]>
    private let lastRevision = Atomic(0)

    init(store: Store, account: Account) throws {
        self.store = store
        self.account = account
        var found: [String: FunctionConfiguration] = [:]
        try store.read { snapshot in
            try snapshot.query("SELECT declaration FROM lambda_function") { row in
                guard case .object(let declaration) = try JSON(parsing: row.blob(0)) else { return }
                let function = try FunctionConfiguration(declaration)
                found[function.name] = function
            }
        }
        functions = Mutex(found)
    }

    /// Sorted by name.
    var all: [FunctionConfiguration] { functions.withLock { $0.values.sorted { $0.name < $1.name } } }

    func arn(of name: String) -> String { account.arn("lambda", "function:\(name)") }

    /// - Parameter reference: a name or an ARN.
    func function(_ reference: String) throws(AWSFault) -> FunctionConfiguration {
        let name = FunctionReference(reference).name
        guard let function = functions.withLock({ $0[name] }) else {
            throw AWSFault("ResourceNotFoundException", "Function not found: \(arn(of: name))", status: 404)
        }
        return function
    }

    func save(_ function: FunctionConfiguration) async throws(AWSFault) {
        do {
            try await store.write { transaction in
                try transaction.execute(
                    "INSERT INTO lambda_function VALUES (?, ?) "
                        + "ON CONFLICT (name) DO UPDATE SET declaration = excluded.declaration",
                    .text(function.name), .blob(JSON.object(function.declaration).bytes))
            }
        } catch { throw .internalFailure(error) }
        var function = function
        function.revision = lastRevision.add(1, ordering: .relaxed).newValue
        functions.withLock { $0[function.name] = function }
    }

    /// Removes the function and its queued events.
    func remove(_ name: String) async throws(AWSFault) {
        do {
            try await store.write { transaction in
                try transaction.execute("DELETE FROM lambda_function WHERE name = ?", .text(name))
                try transaction.execute("DELETE FROM lambda_event WHERE function = ?", .text(name))
            }
        } catch { throw .internalFailure(error) }
        functions.withLock { $0[name] = nil }
    }
}
