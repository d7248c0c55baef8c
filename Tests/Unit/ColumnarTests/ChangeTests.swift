import Contracts
import Testing

@testable import Columnar

/// Rows that are changes: they need not carry what the contract requires of whole rows.
@Suite struct ChangeTests {
    private static let contract = """
        apiVersion: v3.1.0
        kind: DataContract
        id: t
        name: t
        version: 1.0.0
        status: active
        schema:
          - name: t
            logicalType: object
            properties:
              - {name: id, logicalType: integer, required: true, primaryKey: true, primaryKeyPosition: 1}
              - name: name
                logicalType: string
                required: true
                logicalTypeOptions: {minLength: 2}
                quality:
                  - {name: named, metric: nullValues, mustBe: 0}
              - name: at
                logicalType: object
                required: true
                properties:
                  - {name: lat, logicalType: number, required: true}
        """

    private func read(_ text: String, csv: Bool = false) throws -> (batch: RecordBatch, quality: [QualityResult]) {
        let contract = try Contract(parsing: Self.contract, file: "fixture")
        let source = MemorySource(Array(text.utf8))
        let reader: any RecordReader =
            csv ? try CSVReader(source, contract: contract) : try NDJSONReader(source, contract: contract)
        var batch = RecordBatch(contract.bronzeColumns)
        let quality = try QualityInspector(contract)
        _ = try reader.read(into: &batch)
        quality.measure(batch)
        return (batch, quality.results)
    }

    @Test("a delete needs its key, an update its key and what has changed, a truncate nothing; an insert needs all")
    func operations() throws {
        let found = try read(
            """
            {"id":1,"operation":"delete"}
            {"id":2,"operation":"update","name":"two"}
            {"operation":"truncate"}
            {"operation":"delete","name":"no key"}
            {"operation":"update","at":{"lat":1}}
            {"id":6,"operation":"insert","name":"six"}
            {"id":7,"name":"seven","at":{"lat":1}}
            {"id":8,"at":{"lat":1}}

            """)
        #expect(found.batch.rowCount == 4)
        #expect(found.batch.rejected.map(\.line) == [4, 5, 6, 8])
        #expect(found.batch.rejected.map(\.column) == ["id", "id", "at", "name"])
    }

    @Test("what a change does carry must satisfy the contract")
    func limits() throws {
        let found = try read(
            """
            {"id":1,"operation":"delete","name":"x"}
            {"id":2,"operation":"update","at":{}}
            {"id":3,"operation":"drop","name":"three","at":{"lat":1}}

            """)
        #expect(found.batch.rowCount == 0)
        #expect(found.batch.rejected.map(\.column) == ["name", "at.lat", "operation"])
    }

    @Test("rules about nulls count inserts only")
    func quality() throws {
        let changes = try read("{\"id\":1,\"operation\":\"delete\"}\n{\"id\":2,\"operation\":\"update\"}\n")
        #expect(changes.quality.map(\.measured) == [0])
    }

    @Test("an empty field of a CSV file's delete is no fault")
    func csv() throws {
        let found = try read("id,name,at,operation\n1,,,delete\n2,,\"{\"\"lat\"\":1}\",insert\n", csv: true)
        #expect(found.batch.rowCount == 1)
        #expect(found.batch.rejected.map(\.column) == ["name"])
    }
}
