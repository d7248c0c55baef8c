import EmulatorCore
import JSON
import Testing
import TestServices

@testable import EmulatedGlue

@Suite struct GlueResourcesTests {
    private func declare(
        _ fixture: GlueFixture, table: String = "sales", database: String = "db", version: Int = 1
    ) async throws(AWSFault) -> ProvisionedResource {
        try await fixture.glue.provision(
            DeclaredResource(
                logicalID: "Sales", type: "AWS::Glue::Table",
                properties: [
                    "CatalogId": "000000000000", "DatabaseName": .string(database),
                    "TableInput": ["Name": .string(table), "Parameters": ["v": .int(version), "EXTERNAL": true]],
                ]))
    }

    private func shown(_ fixture: GlueFixture, _ name: String = "sales") async throws -> JSON? {
        try await fixture.glue("GetTable", ["DatabaseName": "db", "Name": .string(name)])["Table"]
    }

    @Test("a declared table is created once, changed when its declaration changes, and removed by its physical ID")
    func table() async throws {
        let fixture = try await GlueFixture()
        let made = try await declare(fixture)
        #expect(made.ref == "sales" && made.physicalID == "db/sales")
        _ = try await declare(fixture)
        #expect(try await shown(fixture)?["VersionId"] == "0", "the same declaration changes nothing")
        #expect(try await shown(fixture)?["Parameters"] == ["v": "1", "EXTERNAL": "true"])
        _ = try await declare(fixture, version: 2)
        #expect(try await shown(fixture)?["VersionId"] == "1")
        try await fixture.glue.remove("AWS::Glue::Table", "db/sales")
        try await fixture.glue.remove("AWS::Glue::Table", "db/sales")
        #expect(await fixture.fault("GetTable", ["DatabaseName": "db", "Name": "sales"]) != nil)
        await fixture.close()
    }

    @Test("a declaration leaves the metadata of an Iceberg table alone")
    func icebergTable() async throws {
        let fixture = try await GlueFixture()
        try await fixture.createIceberg("sales")
        let before = try await shown(fixture)
        _ = try await declare(fixture)
        #expect(try await shown(fixture) == before)
        await fixture.close()
    }

    @Test(
        "a database gets its logical ID for a name if it has none; deleting it deletes its tables, not those of another"
    )
    func database() async throws {
        let fixture = try await GlueFixture()
        let made = try await fixture.glue.provision(
            DeclaredResource(
                logicalID: "Other", type: "AWS::Glue::Database",
                properties: ["DatabaseInput": ["Description": "x", "CreateTableDefaultPermissions": []]]))
        #expect(made.ref == "other")
        _ = try await declare(fixture)
        let other = try await declare(fixture, database: "other")
        try await fixture.glue.remove("AWS::Glue::Table", other.physicalID)
        #expect(await fixture.fault("GetTable", ["DatabaseName": "other", "Name": "sales"]) != nil)
        #expect(await fixture.fault("GetTable", ["DatabaseName": "db", "Name": "sales"]) == nil)
        _ = try await declare(fixture, database: "other")
        try await fixture.glue.remove("AWS::Glue::Database", "other")
        #expect(await fixture.fault("GetDatabase", ["Name": "other"]) != nil)
        await #expect(throws: AWSFault.self) { try await declare(fixture, database: "none") }
        await fixture.close()
    }
}
