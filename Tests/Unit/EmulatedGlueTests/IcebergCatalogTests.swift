import EmulatedS3
import EmulatorCore
import JSON
import Testing
import TestServices

@testable import EmulatedGlue

@Suite struct IcebergCatalogTests {
    @Test(
        "a path names its route, however the client encodes the prefix and names",
        arguments: [
            ("config", IcebergRoute.config), ("catalogs/7/namespaces", .namespaces),
            ("catalogs%2F7/namespaces", .namespaces), ("catalogs/7/namespaces/", .namespaces),
            ("catalogs/7/namespaces/a%5Fb", .namespace(Namespace(levels: ["a_b"]))),
            ("catalogs/7/namespaces/a%1Fb/tables", .tables(Namespace(levels: ["a", "b"]))),
            ("catalogs/7/namespaces/a/tables/t%20u", .table(Namespace(levels: ["a"]), "t u")),
            ("catalogs/7/namespaces/a/tables/t/metrics", .metrics(Namespace(levels: ["a"]), "t")),
            ("catalogs/7/namespaces/a/properties", .namespaceProperties(Namespace(levels: ["a"]))),
            ("catalogs/7/namespaces/a/register", .register(Namespace(levels: ["a"]))),
            ("catalogs/7/namespaces/a/views", .views), ("catalogs/7/views/rename", .views),
            ("catalogs/7/tables/rename", .renameTable), ("catalogs/7/transactions/commit", .transaction),
        ])
    func routes(path: String, route: IcebergRoute) throws {
        #expect(try IcebergRoute(path: "/iceberg/v1/" + path, account: "7") == route)
    }

    @Test(
        "a path that names nothing is not found",
        arguments: [
            "", "catalogs", "catalogs/7", "catalogs/8/namespaces", "namespaces", "catalogs/7/namespaces/a/tables/t/x",
            "catalogs/7/namespaces/a/b/c/d/e", "catalogs/7/%zz", "catalogs/7/transactions", "config/x",
        ])
    func noRoute(path: String) {
        let fault = #expect(throws: AWSFault.self) { try IcebergRoute(path: "/iceberg/v1/" + path, account: "7") }
        #expect(fault?.status == 404)
    }

    @Test("a table's metadata is in S3 before the answer, and the same after a restart")
    func durability() async throws {
        let first = try await GlueFixture()
        let created = try await first.createIceberg("t")
        let file = try #require(created["metadata-location"]?.string)
        #expect(try first.keys(under: "t/metadata/").map { "s3://lake/" + $0 } == [file])
        let committed = await first.iceberg(
            "POST", "namespaces/db/tables/t", GlueFixture.append(7, sequence: 1, after: nil))
        #expect(committed.status == 200, "\(committed.text)")
        await first.close()
        let second = try await GlueFixture(first.directory)
        let loaded = await second.iceberg("GET", "namespaces/db/tables/t")
        #expect(loaded.json?["metadata"] == committed.json?["metadata"])
        #expect(loaded.json?["metadata"]?["current-snapshot-id"] == 7)
        #expect(loaded.json?["config"]?["s3.endpoint"] == "http://127.0.0.1:4566")
        #expect(loaded.json?["config"]?["s3.access-key-id"] == nil)
        let vended = await second.iceberg(
            "GET", "namespaces/db/tables/t", headers: [("X-Iceberg-Access-Delegation", "vended-credentials")])
        #expect(vended.json?["config"]?["s3.secret-access-key"] == "s")
        await second.close()
    }

    @Test("a metadata file that somebody else replaced is read again") func replacedFile() async throws {
        let fixture = try await GlueFixture()
        let created = try await fixture.createIceberg("t")
        let location = try #require(created["metadata-location"]?.string)
        var document = try #require(created["metadata"]?.object)
        document["properties"] = ["by": "hand"]
        _ = try await fixture.objects.putObject(
            JSON.object(document).bytes, to: try MetadataFile.object(at: location))
        let loaded = await fixture.iceberg("GET", "namespaces/db/tables/t").json?["metadata"]
        #expect(loaded?["properties"] == ["by": "hand"])
        let committed = await fixture.iceberg(
            "POST", "namespaces/db/tables/t", GlueFixture.append(7, sequence: 1, after: nil))
        #expect(committed.json?["metadata"]?["properties"] == ["by": "hand"])
        await fixture.close()
    }

    @Test("a partition field whose transform does not exist, or does not take its column, is refused by name")
    func wrongTransforms() async throws {
        let fixture = try await GlueFixture()
        for (transform, source, reason) in [
            ("hourly", 1, "unknown transform"), ("day", 1, "Invalid source type"), ("bucket[4]", 9, "Cannot find"),
        ] {
            let answer = await fixture.iceberg(
                "POST", "namespaces/db/tables",
                [
                    "name": "p", "location": "s3://lake/p",
                    "schema": [
                        "type": "struct", "fields": [["id": 1, "name": "a", "required": false, "type": "long"]],
                    ],
                    "partition-spec": [
                        "fields": [["name": "f", "transform": .string(transform), "source-id": .int(source)]]
                    ],
                ])
            #expect(answer.status == 400 && answer.text.contains(reason), "\(transform): \(answer.text)")
        }
        await fixture.close()
    }

    @Test("of many commits on one snapshot exactly one succeeds; the others conflict and leave no file")
    func conflicts() async throws {
        let fixture = try await GlueFixture()
        try await fixture.createIceberg("t")
        let statuses = await withTaskGroup(of: Int.self) { group in
            for id in 1...12 {
                group.addTask {
                    await fixture.iceberg(
                        "POST", "namespaces/db/tables/t", GlueFixture.append(id, sequence: 1, after: nil)
                    ).status
                }
            }
            return await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(statuses.count { $0 == 200 } == 1)
        #expect(statuses.count { $0 == 409 } == 11)
        let metadata = await fixture.iceberg("GET", "namespaces/db/tables/t").json?["metadata"]
        #expect(metadata?["snapshots"]?.array?.count == 1)
        #expect(try fixture.keys(under: "t/metadata/").count == 2)
        let late = await fixture.iceberg(
            "POST", "namespaces/db/tables/t", GlueFixture.append(99, sequence: 2, after: nil))
        #expect(late.json?["error"]?["type"] == "CommitFailedException")
        #expect(late.json?["error"]?["code"] == 409)
        await fixture.close()
    }

    @Test("commits that do not exclude each other all succeed, whatever their order")
    func independentCommits() async throws {
        let fixture = try await GlueFixture()
        try await fixture.createIceberg("t")
        await withTaskGroup(of: Void.self) { group in
            for id in 1...8 {
                group.addTask {
                    let answer = await fixture.iceberg(
                        "POST", "namespaces/db/tables/t",
                        [
                            "requirements": [],
                            "updates": [["action": "set-properties", "updates": .object(["p\(id)": "x"])]],
                        ])
                    #expect(answer.status == 200, "\(answer.text)")
                }
            }
        }
        let metadata = await fixture.iceberg("GET", "namespaces/db/tables/t").json?["metadata"]
        #expect(metadata?["properties"]?.object?.count == 8)
        await fixture.close()
    }

    @Test("a transaction changes all its tables or none")
    func transaction() async throws {
        let fixture = try await GlueFixture()
        try await fixture.createIceberg("t")
        try await fixture.createIceberg("u")
        func change(_ table: String, _ commit: JSON) -> JSON {
            var change = commit.object ?? [:]
            change["identifier"] = ["namespace": ["db"], "name": .string(table)]
            return .object(change)
        }
        func commit(_ changes: JSON...) async -> HTTPResponse {
            await fixture.iceberg("POST", "transactions/commit", ["table-changes": .array(changes)])
        }
        let good = GlueFixture.append(1, sequence: 1, after: nil)
        let refused = await commit(
            change("t", good), change("u", GlueFixture.append(1, sequence: 1, after: 5)))
        #expect(refused.status == 409)
        let before = await fixture.iceberg("GET", "namespaces/db/tables/t").json?["metadata"]
        #expect(before?["snapshots"] == [])
        #expect(try fixture.keys(under: "t/metadata/").count == 1)
        #expect(await commit(change("t", good), change("u", good)).status == 204)
        for table in ["t", "u"] {
            let metadata = await fixture.iceberg("GET", "namespaces/db/tables/\(table)").json?["metadata"]
            #expect(metadata?["current-snapshot-id"] == 1)
        }
        #expect(await commit(change("t", good), change("t", good)).status == 400)
        let harmless: JSON = ["updates": [["action": "set-properties", "updates": ["x": "y"]]]]
        #expect(await commit(change("t", harmless), change("none", good)).status == 404)
        #expect(await commit().status == 204)
        await fixture.close()
    }

    @Test("what AWS refuses is refused by name")
    func refusals() async throws {
        let fixture = try await GlueFixture()
        try await fixture.createIceberg("t")
        let table: JSON = ["name": "n", "schema": GlueFixture.schema]
        var staged = table.object ?? [:]
        staged["stage-create"] = true
        staged["location"] = "s3://lake/n"
        var elsewhere = table.object ?? [:]
        elsewhere["location"] = "s3a://lake/n"
        let cases: [(String, String, JSON?, String, Int, String)] = [
            ("POST", "namespaces/db/tables", table, "", 400, "InvalidInputException"),
            ("POST", "namespaces/db/tables", .object(elsewhere), "", 400, "InvalidInputException"),
            ("POST", "namespaces/db/tables", .object(staged), "", 406, "UnsupportedOperationException"),
            ("POST", "namespaces", ["namespace": ["a", "b"]], "", 400, "InvalidInputException"),
            ("POST", "namespaces", ["namespace": ["db"]], "", 409, "AlreadyExistsException"),
            ("POST", "namespaces", ["namespace": []], "", 400, "BadRequestException"),
            ("DELETE", "namespaces/db", nil, "", 409, "NamespaceNotEmptyException"),
            ("DELETE", "namespaces/db/tables/t", nil, "purgeRequested=True", 400, "InvalidInputException"),
            ("POST", "tables/rename", [:], "", 406, "UnsupportedOperationException"),
            ("GET", "namespaces/db/views", nil, "", 406, "UnsupportedOperationException"),
            ("GET", "namespaces/none", nil, "", 404, "NoSuchNamespaceException"),
            ("GET", "namespaces/none/tables/t", nil, "", 404, "NoSuchTableException"),
            ("GET", "namespaces/db%1Ft/tables/snapshots", nil, "", 404, "NoSuchTableException"),
            ("PUT", "namespaces/db", nil, "", 405, "MethodNotAllowedException"),
            ("POST", "namespaces/db/tables/t", ["updates": [["action": "x"]]], "", 400, "BadRequestException"),
            (
                "POST", "namespaces/db/tables/new", ["requirements": [["type": "assert-create"]]], "", 406,
                "UnsupportedOperationException"
            ),
            (
                "POST", "namespaces/db/register", ["name": "r", "metadata-location": "s3://lake/no"], "", 404,
                "NotFoundException"
            ),
            ("GET", "namespaces/db/tables/t", nil, "snapshots=some", 400, "BadRequestException"),
        ]
        for (method, path, body, query, status, type) in cases {
            let answer = await fixture.iceberg(method, path, body, query: query)
            #expect(answer.status == status, "\(method) \(path): \(answer.text)")
            #expect(answer.json?["error"]?["type"]?.string == type, "\(method) \(path): \(answer.text)")
            #expect(answer.json?["error"]?["code"]?.int == status)
        }
        #expect(await fixture.iceberg("DELETE", "namespaces/db/tables/t", query: "purgeRequested=False").status == 204)
        #expect(try fixture.keys(under: "t/metadata/").count == 1, "the files of a dropped table stay")
        await fixture.close()
    }

    @Test("a namespace is a database; its properties change together")
    func namespaces() async throws {
        let fixture = try await GlueFixture()
        for name in ["b", "a", "c"] {
            let made = await fixture.iceberg(
                "POST", "namespaces",
                ["namespace": [.string(name)], "properties": ["location": "s3://lake/x", "comment": "hi", "k": "v"]])
            #expect(made.status == 200)
        }
        let database = try await fixture.glue("GetDatabase", ["Name": "a"])["Database"]
        #expect(database?["LocationUri"] == "s3://lake/x" && database?["Description"] == "hi")
        #expect(database?["Parameters"] == ["k": "v"])
        let page = await fixture.iceberg("GET", "namespaces", query: "pageSize=2").json
        #expect(page?["namespaces"] == [["a"], ["b"]])
        let token = try #require(page?["next-page-token"]?.string)
        let rest = await fixture.iceberg("GET", "namespaces", query: "pageSize=2&pageToken=\(token)").json
        #expect(rest == ["namespaces": [["c"], ["db"]]])
        let updated = await fixture.iceberg(
            "POST", "namespaces/a/properties", ["updates": ["k": "w"], "removals": ["comment", "none"]])
        #expect(updated.json == ["updated": ["k"], "removed": ["comment"], "missing": ["none"]])
        let loaded = await fixture.iceberg("GET", "namespaces/a").json?["properties"]
        #expect(loaded == ["k": "w", "location": "s3://lake/x"])
        let both = await fixture.iceberg("POST", "namespaces/a/properties", ["updates": ["k": "w"], "removals": ["k"]])
        #expect(both.status == 422)
        #expect(await fixture.iceberg("DELETE", "namespaces/a").status == 204)
        #expect(await fixture.iceberg("HEAD", "namespaces/a").status == 404)
        #expect(await fixture.iceberg("HEAD", "namespaces/b").status == 204)
        await fixture.close()
    }

    @Test("Glue's JSON API sees each commit, and commits that another client's UpdateTable makes stale are refused")
    func bothFaces() async throws {
        let fixture = try await GlueFixture()
        let created = try await fixture.createIceberg("t")
        let first = try #require(created["metadata-location"]?.string)
        func parameters() async throws -> JSON? {
            try await fixture.glue("GetTable", ["DatabaseName": "db", "Name": "t"])["Table"]?["Parameters"]
        }
        #expect(try await parameters() == ["table_type": "ICEBERG", "metadata_location": .string(first)])
        _ = await fixture.iceberg("POST", "namespaces/db/tables/t", GlueFixture.append(1, sequence: 1, after: nil))
        let second = try await parameters()
        #expect(second?["previous_metadata_location"]?.string == first)
        let stale: JSON = [
            "DatabaseName": "db", "VersionId": "0", "SkipArchive": true,
            "TableInput": ["Name": "t", "Parameters": ["table_type": "ICEBERG", "metadata_location": .string(first)]],
        ]
        let fault = await fixture.fault("UpdateTable", stale)
        #expect(fault?.code == "ConcurrentModificationException")
        var back = stale.object ?? [:]
        back["VersionId"] = "1"
        _ = try await fixture.glue("UpdateTable", .object(back))
        let loaded = await fixture.iceberg("GET", "namespaces/db/tables/t")
        #expect(loaded.json?["metadata-location"]?.string == first)
        #expect(loaded.json?["metadata"]?["snapshots"] == [])
        await fixture.close()
    }
}
