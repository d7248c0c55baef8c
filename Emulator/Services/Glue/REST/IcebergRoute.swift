internal import EmulatorCore
internal import URLCoding

/// What a path of the Iceberg REST catalog names.
/// - SeeAlso: <https://docs.aws.amazon.com/glue/latest/dg/iceberg-rest-apis.html>
enum IcebergRoute: Sendable, Hashable {
    case config
    case namespaces
    case namespace(Namespace)
    case namespaceProperties(Namespace)
    case tables(Namespace)
    case table(Namespace, String)
    case metrics(Namespace, String)
    case register(Namespace)
    case renameTable
    case views
    case transaction

    /// The part of every path before the version.
    static let root = "/iceberg/v1/"

    /// - Parameters:
    ///   - path: percent-encoded. Clients differ in what they encode: some send the prefix as `catalogs%2F000000000000`.
    ///   - account: the only catalog there is.
    init(path: String, account: String) throws(AWSFault) {
        let missing = AWSFault("NotFoundException", "No route for request: \(path)", status: 404)
        guard path.hasPrefix(Self.root) else { throw missing }
        var parts: [String] = []
        for part in path.dropFirst(Self.root.count).split(separator: "/") {
            guard let part = String(percentDecoding: String(part)) else { throw missing }
            parts.append(part)
        }
        if parts == ["config"] {
            self = .config
            return
        }
        if parts.first == "catalogs", parts.count > 1 { parts[0...1] = [parts[0...1].joined(separator: "/")] }
        guard let prefix = parts.first, prefix.hasPrefix("catalogs/") else { throw missing }
        guard prefix == "catalogs/\(account)" else {
            throw AWSFault(
                "EntityNotFoundException", "Catalog \(prefix.dropFirst("catalogs/".count)) not found.", status: 404)
        }
        guard let route = Self.route(Array(parts.dropFirst())) else { throw missing }
        self = route
    }

    private static func route(_ parts: [String]) -> IcebergRoute? {
        switch parts.first {
        case "tables": return parts == ["tables", "rename"] ? .renameTable : nil
        case "views": return .views
        case "transactions": return parts == ["transactions", "commit"] ? .transaction : nil
        case "namespaces": break
        default: return nil
        }
        guard parts.count > 1 else { return .namespaces }
        let namespace = Namespace(levels: parts[1].split(separator: Namespace.separator).map(String.init))
        let rest = parts.dropFirst(2)
        switch (rest.count, rest.first) {
        case (0, _): return .namespace(namespace)
        case (1, "properties"): return .namespaceProperties(namespace)
        case (1, "register"): return .register(namespace)
        case (1, "tables"): return .tables(namespace)
        case (2, "tables"): return .table(namespace, parts[3])
        case (3, "tables"): return parts[4] == "metrics" ? .metrics(namespace, parts[3]) : nil
        case (_, "views"): return .views
        default: return nil
        }
    }
}

/// A namespace's levels. In AWS Glue it is a database, which has one.
struct Namespace: Sendable, Hashable, CustomStringConvertible {
    /// Between levels in a path and a query.
    static let separator: Character = "\u{1F}"

    let levels: [String]

    var description: String { levels.joined(separator: ".") }

    /// Nil if it has several levels, and so does not exist.
    var database: String? { levels.count == 1 ? levels[0].lowercased() : nil }
}
