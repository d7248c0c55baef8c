public import AWSClient
public import Iceberg
internal import JSON

/// The catalog of the lake's tables: Glue's Iceberg REST endpoint, which the emulator has too.
/// - SeeAlso: <https://docs.aws.amazon.com/glue/latest/dg/connect-glu-iceberg-rest.html>
public struct LakeCatalog: Sendable {
    let client: AWSClient
    /// `/iceberg/v1/catalogs/<account>`, as the endpoint's configuration says.
    let root: String

    /// A table as the catalog has it at one moment.
    public struct Table: Sendable {
        public let metadata: TableMetadata
        /// Where the metadata document is.
        public let metadataLocation: String
    }

    /// What became of a commit.
    public enum Commit: Sendable {
        case committed(Table)
        /// Somebody else has changed the table. Nothing of the commit is in it.
        case conflict(String)
        /// No answer that says so came: the commit may be in the table or not, or still arrive.
        case unknown(AWSError)
    }

    /// - Throws: ``LakeError``.
    public init(_ client: AWSClient) throws(LakeError) {
        self.client = client
        let answer = try Self.call(client, .get, "/iceberg/v1/config", what: "the catalog's configuration")
        let prefix = answer["overrides"]?["prefix"]?.string ?? answer["defaults"]?["prefix"]?.string
        root = "/iceberg/v1" + (prefix.map { "/\($0)" } ?? "")
    }

    /// Which snapshots of a table are asked for.
    public enum History: String, Sendable {
        case all
        /// Those that branches and tags name: the answer is as small however old the table is. A catalog may give all.
        case referenced = "refs"
    }

    /// The table; nil if there is none.
    public func table(
        _ name: String, in namespace: String, history: History = .all
    ) throws(LakeError) -> Table? {
        do throws(LakeError) {
            return try table(
                Self.call(
                    client, .get, "\(root)/namespaces/\(namespace)/tables/\(name)",
                    query: history == .all ? [] : [.init("snapshots", history.rawValue)],
                    what: "\(namespace).\(name)"))
        } catch {
            if case .catalog(_, let inner) = error, inner.isNotFound { return nil }
            throw error
        }
    }

    /// Creates a table, and its namespace if need be.
    /// - Returns: the table that is there: another's, if that was faster.
    public func createTable(
        _ name: String, in namespace: String, location: String, schema: IcebergSchema, spec: PartitionSpec,
        properties: [String: String]
    ) throws(LakeError) -> Table {
        let values = JSONObject(properties.sorted { $0.key < $1.key }.map { ($0.key, JSON.string($0.value)) })
        let what = "\(namespace).\(name)"
        let request: JSON = [
            "name": .string(name), "location": .string(location), "schema": schema.json, "partition-spec": spec.json,
            "stage-create": false, "properties": .object(values),
        ]
        for attempt in 1...2 {
            do throws(LakeError) {
                let path = "\(root)/namespaces/\(namespace)/tables"
                return try table(Self.call(client, .post, path, request, what: what))
            } catch .catalog(_, let inner) where inner.status == 409 {
                break
            } catch .catalog(_, let inner) where inner.isNotFound && attempt == 1 {
                try createNamespace(namespace)
            }
        }
        guard let table = try table(name, in: namespace) else { throw .vanished(table: what) }
        return table
    }

    private func createNamespace(_ name: String) throws(LakeError) {
        do throws(LakeError) {
            _ = try Self.call(
                client, .post, "\(root)/namespaces", ["namespace": [.string(name)], "properties": [:]],
                what: "the namespace \(name)")
        } catch .catalog(_, let inner) where inner.status == 409 {
            return
        }
    }

    /// Commits a change.
    public func commit(_ change: TableChange, to name: String, in namespace: String) throws(LakeError) -> Commit {
        let path = "\(root)/namespaces/\(namespace)/tables/\(name)"
        let what = "\(namespace).\(name)"
        do throws(LakeError) {
            let answer = try Self.call(client, .post, path, change.json, what: what, isRepeatable: false)
            return .committed(try table(answer))
        } catch .catalog(_, let inner) where inner.status == 409 {
            return .conflict("\(inner)")
        } catch .catalog(_, let inner) where inner.status.map({ $0 >= 500 }) ?? true {
            return .unknown(inner)
        }
    }

    private func table(_ answer: JSON) throws(LakeError) -> Table {
        guard let location = answer["metadata-location"]?.string, let document = answer["metadata"] else {
            throw .answer("it has no metadata or no location of it")
        }
        do throws(IcebergError) {
            return Table(metadata: try TableMetadata(document), metadataLocation: location)
        } catch {
            throw .table(location, error)
        }
    }

    static func call(
        _ client: AWSClient, _ method: HTTPMethod, _ path: String, query: [HTTPRequest.QueryItem] = [],
        _ input: JSON? = nil, what: String, isRepeatable: Bool = true
    ) throws(LakeError) -> JSON {
        do throws(AWSError) {
            return try client.restCall(
                service: "glue", method, path: path, query: query, input: input, isRepeatable: isRepeatable)
        } catch {
            throw .catalog(what, error)
        }
    }
}

extension AWSError {
    /// The status of the service's answer, if it answered.
    fileprivate var status: Int? { if case .service(_, _, let status, _, _) = self { status } else { nil } }
}
