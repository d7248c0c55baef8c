internal import EmulatorCore
internal import JSON
internal import Synchronization

/// The published versions of layers, in the store and in memory.
final class LayerRegistry: Sendable {
    /// A version that was removed keeps its row, so that its number is not used again.
    static let schema = """
        CREATE TABLE IF NOT EXISTS lambda_layer (
            name TEXT NOT NULL, version INTEGER NOT NULL, document BLOB NOT NULL, PRIMARY KEY (name, version)
        ) STRICT;
        """

    private let store: Store
    private let account: Account
    private let layers: Mutex<[String: [LayerVersion]]>

    init(store: Store, account: Account) throws {
        self.store = store
        self.account = account
        var found: [String: [LayerVersion]] = [:]
        try store.read { snapshot in
            try snapshot.query("SELECT name, document FROM lambda_layer ORDER BY version") { row in
                guard case .object(let document) = try JSON(parsing: row.blob(1)) else { return }
                found[row.text(0), default: []].append(LayerVersion(document: document))
            }
        }
        layers = Mutex(found)
    }

    /// The names of layers that have versions, sorted.
    var names: [String] { layers.withLock { $0.filter { $0.value.contains { !$0.isRemoved } }.keys.sorted() } }

    /// Sorted by number, the latest last.
    func versions(of name: String) -> [LayerVersion] {
        layers.withLock { $0[name] ?? [] }.filter { !$0.isRemoved }
    }

    /// - Parameter arn: of a version.
    func version(_ arn: String) -> LayerVersion? {
        let parts = arn.split(separator: ":").map(String.init)
        guard parts.count == 8, parts[5] == "layer", let number = Int(parts[7]) else { return nil }
        return versions(of: parts[6]).first { $0.number == number }
    }

    func arn(of name: String) -> String { account.arn("lambda", "layer:\(name)") }

    /// Adds the next version of the layer.
    func publish(_ name: String, _ members: JSONObject) async throws(AWSFault) -> LayerVersion {
        let number = (layers.withLock { $0[name]?.last?.number } ?? 0) + 1
        var document = members
        document["LayerArn"] = .string(arn(of: name))
        document["LayerVersionArn"] = .string(arn(of: name) + ":\(number)")
        document["Version"] = .int(number)
        let version = LayerVersion(document: document)
        do {
            try await store.write { transaction in
                try transaction.execute(
                    "INSERT INTO lambda_layer VALUES (?, ?, ?)", .text(name), .integer(Int64(number)),
                    .blob(JSON.object(version.document).bytes))
            }
        } catch { throw .internalFailure(error) }
        layers.withLock { $0[name, default: []].append(version) }
        return version
    }

    /// Removes a version; functions that have it keep it.
    func remove(_ name: String, _ number: Int) async throws(AWSFault) {
        guard let version = versions(of: name).first(where: { $0.number == number }) else { return }
        var document = version.document
        document["Removed"] = true
        let removed = LayerVersion(document: document)
        do {
            try await store.write { transaction in
                try transaction.execute(
                    "UPDATE lambda_layer SET document = ? WHERE name = ? AND version = ?",
                    .blob(JSON.object(removed.document).bytes), .text(name), .integer(Int64(number)))
            }
        } catch { throw .internalFailure(error) }
        layers.withLock { layers in
            guard let position = layers[name]?.firstIndex(where: { $0.number == number }) else { return }
            layers[name]?[position] = removed
        }
    }
}

/// A published version of a layer.
struct LayerVersion: Sendable {
    /// The answer of `GetLayerVersion`, and the file of the archive.
    let document: JSONObject

    var number: Int { document["Version"]?.int ?? 0 }
    var arn: String { document["LayerVersionArn"]?.string ?? "" }
    var isRemoved: Bool { document["Removed"] == true }
    /// The name of the archive in the emulator's folder for code.
    var archive: String { document["Archive"]?.string ?? "" }
    var size: Int { document["Content"]?["CodeSize"]?.int ?? 0 }

    /// Without the members that only the emulator has.
    var answer: JSON {
        var answer = document
        for name in ["Archive", "Removed"] { answer[name] = nil }
        return .object(answer)
    }

    /// Without `Content`, as lists show it.
    var summary: JSON {
        var summary = answer.object ?? [:]
        for name in ["Content", "LayerArn"] { summary[name] = nil }
        return .object(summary)
    }
}
