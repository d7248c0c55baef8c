import EmulatorCore
import JSON
import TestServices
import Time

@testable import EmulatedGlue
@testable import EmulatedS3

/// The catalog on the emulator's S3, with a bucket `lake` and a database `db`.
struct GlueFixture {
    let directory: TemporaryDirectory
    let store: Store
    let glue: GlueService
    let objects: S3
    let clock = TestClock()

    init(_ directory: TemporaryDirectory? = nil) async throws {
        let isNew = directory == nil
        self.directory = try directory ?? TemporaryDirectory()
        store = try Store(directory: self.directory.path, schema: S3.schema + GlueService.schema)
        let peers = Peers()
        objects = try S3(store: store, peers: peers, account: Account(), clock: .system)
        peers.connect([objects])
        glue = GlueService(
            store: store, peers: peers, endpoint: EndpointAddress("http://127.0.0.1:4566"),
            clock: clock.clockAndChance, environment: ["AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"])
        try await objects.start()
        guard isNew else { return }
        _ = await objects.respond(to: HTTPRequest(method: "PUT", path: "/lake"))
        _ = try await glue.perform("CreateDatabase", ["DatabaseInput": ["Name": "db"]])
    }

    func close() async {
        await objects.stop()
        store.close()
    }

    func glue(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON {
        try await glue.perform(action, input)
    }

    /// The fault of an action; nil if it succeeds.
    func fault(_ action: String, _ input: JSON) async -> AWSFault? {
        do throws(AWSFault) {
            _ = try await glue.perform(action, input)
            return nil
        } catch { return error }
    }

    /// Sends a request to the Iceberg endpoint.
    /// - Parameter path: what follows `/iceberg/v1/catalogs/<account>/`.
    func iceberg(
        _ method: String, _ path: String, _ body: JSON? = nil, query: String = "", headers: [(String, String)] = []
    ) async -> HTTPResponse {
        await glue.iceberg.respond(
            to: HTTPRequest(
                method: method, path: "/iceberg/v1/catalogs/000000000000/" + path, query: query,
                headers: HTTPHeaders(headers), body: RequestBody(body?.bytes ?? [])))
    }

    static let schema: JSON = [
        "type": "struct", "fields": [["id": 1, "name": "a", "required": false, "type": "long"]],
    ]

    /// Creates the Iceberg table `db.<name>`.
    @discardableResult
    func createIceberg(_ name: String) async throws -> JSON {
        let body: JSON = [
            "name": .string(name), "location": .string("s3://lake/\(name)"), "schema": Self.schema,
        ]
        return await iceberg("POST", "namespaces/db/tables", body).json ?? .null
    }

    /// A commit that adds a snapshot after `parent`.
    static func append(_ snapshot: Int, sequence: Int, after parent: Int?) -> JSON {
        var document: JSONObject = [
            "snapshot-id": .int(snapshot), "sequence-number": .int(sequence), "timestamp-ms": 1_780_000_000_000,
            "manifest-list": "s3://lake/m.avro", "summary": ["operation": "append"],
        ]
        document["parent-snapshot-id"] = parent.map { .int($0) }
        return [
            "requirements": [
                ["type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": parent.map { .int($0) } ?? .null]
            ],
            "updates": [
                ["action": "add-snapshot", "snapshot": .object(document)],
                ["action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": .int(snapshot)],
            ],
        ]
    }

    /// The keys of the objects under a prefix of the bucket.
    func keys(under prefix: String) throws -> [String] {
        try objects.listObjects(in: "lake", prefix: prefix, after: "", limit: 1000).objects.map(\.key)
    }
}
