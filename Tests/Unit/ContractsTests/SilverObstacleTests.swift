import Contracts
import Testing

@Suite struct SilverObstacleTests {
    func obstacle(_ properties: String) throws -> String? {
        try Contract(
            parsing: """
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: '1', status: draft,
                 schema: [{name: t, properties: [\(properties)]}]}
                """, file: "t"
        ).silverObstacle
    }

    let key = "{name: id, logicalType: integer, primaryKey: true}"

    @Test("a table with a key and columns of single values has a silver table") func none() throws {
        #expect(try obstacle("\(key), {name: name, logicalType: string}") == nil)
    }

    @Test(
        "what keeps a table from silver is said by name",
        arguments: [
            ("{name: name, logicalType: string}", "no primary key"),
            ("{name: id, logicalType: number, primaryKey: true}", "floating"),
            ("KEY, {name: deleted_at, logicalType: timestamp}", "deleted_at"),
            ("KEY, {name: n, logicalType: integer, physicalType: ubigint}", "unsigned"),
            (
                "KEY, {name: tags, logicalType: array, items: {logicalType: integer, physicalType: ubigint}}",
                "column tags has unsigned"
            ),
        ])
    func obstacles(properties: String, words: String) throws {
        let found = try obstacle(properties.replacing("KEY", with: key))
        #expect(found?.contains(words) == true, "\(found ?? "none")")
    }
}
