internal import EmulatorCore
internal import JSON
internal import Time

/// The Iceberg REST endpoint of AWS Glue: `/iceberg/v1/…` on the catalog that the JSON API shares.
///
/// - SeeAlso: <https://docs.aws.amazon.com/glue/latest/dg/connect-glu-iceberg-rest.html>,
///   <https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml>
struct IcebergCatalog: EmulatedService {
    let store: Store
    let account: Account
    let clock: ClockAndChance
    let files: MetadataFiles
    let access: TableAccess

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        do {
            let call = try await IcebergCall(request)
            let route = try IcebergRoute(path: request.path, account: account.id)
            return try await answer(call, route)
        } catch let fault as AWSFault {
            return Self.answer(fault)
        } catch {
            return Self.answer(.internalFailure(error))
        }
    }

    func refusal(of fault: SignatureFault, to request: HTTPRequest) -> HTTPResponse {
        Self.answer(fault.jsonFault(status: 403))
    }

    private func answer(_ call: IcebergCall, _ route: IcebergRoute) async throws -> HTTPResponse {
        switch (call.method, route) {
        case ("GET", .config): return Self.answer(try configuration(call))
        case ("GET", .namespaces): return Self.answer(try listNamespaces(call))
        case ("POST", .namespaces): return Self.answer(try await createNamespace(call))
        case ("GET", .namespace(let name)): return Self.answer(try loadNamespace(name))
        case ("HEAD", .namespace(let name)):
            _ = try loadNamespace(name)
            return Self.done
        case ("DELETE", .namespace(let name)):
            try await dropNamespace(name)
            return Self.done
        case ("POST", .namespaceProperties(let name)): return Self.answer(try await updateProperties(of: name, call))
        case ("GET", .tables(let namespace)): return Self.answer(try listTables(in: namespace, call))
        case ("POST", .tables(let namespace)): return Self.answer(try await createTable(in: namespace, call))
        case ("POST", .register(let namespace)): return Self.answer(try await registerTable(in: namespace, call))
        case ("GET", .table(let namespace, let name)): return Self.answer(try loadTable(namespace, name, call))
        case ("HEAD", .table(let namespace, let name)):
            _ = try table(namespace, name)
            return Self.done
        case ("POST", .table(let namespace, let name)): return Self.answer(try await commit(namespace, name, call))
        case ("DELETE", .table(let namespace, let name)):
            try await dropTable(namespace, name, call)
            return Self.done
        case ("POST", .metrics(let namespace, let name)):
            _ = try table(namespace, name)
            return Self.done
        case ("POST", .transaction):
            try await commitTransaction(call)
            return Self.done
        case (_, .renameTable): throw AWSFault.unsupported("RenameTable is not supported for tables in Amazon S3.")
        case (_, .views): throw AWSFault.unsupported("Views are not supported by the AWS Glue Iceberg REST catalog.")
        default:
            throw AWSFault("MethodNotAllowedException", "The route does not allow \(call.method).", status: 405)
        }
    }

    // MARK: Answers

    private static let done = HTTPResponse(status: 204)

    private static func answer(_ document: JSON, status: Int = 200) -> HTTPResponse {
        answer(document.bytes, status: status)
    }

    private static func answer(_ table: TableAnswer) -> HTTPResponse { answer(table.bytes, status: 200) }

    private static func answer(_ bytes: [UInt8], status: Int) -> HTTPResponse {
        HTTPResponse(status: status, headers: HTTPHeaders([("Content-Type", "application/json")]), body: .bytes(bytes))
    }

    private static func answer(_ fault: AWSFault) -> HTTPResponse {
        let error: JSON = [
            "code": .int(fault.status), "message": .string(fault.message), "type": .string(fault.code),
        ]
        return answer(["error": error], status: fault.status)
    }

    // MARK: Configuration

    /// The operations that the catalog has, so that clients ask for no others.
    private static let endpoints = [
        "GET /v1/{prefix}/namespaces", "POST /v1/{prefix}/namespaces", "GET /v1/{prefix}/namespaces/{namespace}",
        "HEAD /v1/{prefix}/namespaces/{namespace}", "DELETE /v1/{prefix}/namespaces/{namespace}",
        "POST /v1/{prefix}/namespaces/{namespace}/properties", "GET /v1/{prefix}/namespaces/{namespace}/tables",
        "POST /v1/{prefix}/namespaces/{namespace}/tables", "GET /v1/{prefix}/namespaces/{namespace}/tables/{table}",
        "HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}",
        "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}",
        "DELETE /v1/{prefix}/namespaces/{namespace}/tables/{table}",
        "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics",
        "POST /v1/{prefix}/namespaces/{namespace}/register", "POST /v1/{prefix}/transactions/commit",
    ]

    /// The warehouse is the catalog's ID, which is the account's; it may be left out.
    private func configuration(_ call: IcebergCall) throws(AWSFault) -> JSON {
        if let warehouse = call.parameter("warehouse"), warehouse != account.id {
            throw AWSFault(
                "EntityNotFoundException",
                "Catalog \(warehouse) not found. The warehouse is the account's ID, here \(account.id).", status: 404)
        }
        return [
            "defaults": .object(access.settings), "overrides": ["prefix": .string("catalogs/\(account.id)")],
            "endpoints": .array(Self.endpoints.map { .string($0) }),
        ]
    }
}
