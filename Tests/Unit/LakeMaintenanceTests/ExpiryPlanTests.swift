import Iceberg
import JSON
import Testing

@testable import LakeMaintenance

@Suite struct ExpiryPlanTests {
    private static let hour: Int64 = 3_600_000
    private static let now: Int64 = 1_000_000 * hour

    /// A table that was committed to each so many minutes; a snapshot's id is its number.
    private func table(_ count: Int, minutes: Int64, properties: String = "", summary: String = "") throws
        -> TableMetadata
    {
        let snapshots = (1...count).map { number in
            """
            {"snapshot-id": \(number), "sequence-number": \(number), "timestamp-ms": \(Self.now - Int64(count - number) * minutes * 60_000),
             "manifest-list": "s3://lake/t/metadata/\(number).avro", "summary": {"operation": "append"\(summary)}, "schema-id": 0}
            """
        }
        return try TableMetadata(
            JSON(
                parsing: """
                    {"format-version": 2, "table-uuid": "00000000-0000-0000-0000-000000000001", "location": "s3://lake/t",
                     "last-sequence-number": \(count), "last-updated-ms": \(Self.now), "last-column-id": 1, "current-schema-id": 0,
                     "schemas": [{"type": "struct", "schema-id": 0, "fields": [
                       {"id": 1, "name": "id", "required": true, "type": "long"}]}],
                     "default-spec-id": 0, "partition-specs": [{"spec-id": 0, "fields": []}], "last-partition-id": 999,
                     "default-sort-order-id": 0, "sort-orders": [{"order-id": 0, "fields": []}],
                     "properties": {\(properties)}, "current-snapshot-id": \(count), "snapshots": [\(snapshots.joined(separator: ","))]}
                    """))
    }

    private func kept(_ table: TableMetadata, read: Set<Int64> = []) -> [Int64] {
        let plan = ExpiryPlan(table, MaintenancePolicy(), openBatch: nil, read: read, now: Self.now)
        let expired = Set(plan.expired.map(\.id))
        return table.snapshots.map(\.id).filter { !expired.contains($0) }.sorted()
    }

    @Test("a table with no more snapshots than the limit keeps all that are young") func few() throws {
        #expect(try kept(table(25, minutes: 60)) == Array(1...25))
        // Of those of four days the ones of three stay.
        #expect(try kept(table(25, minutes: 240)) == Array(7...25))
    }

    @Test("of more the last stay, and others as far apart as they fit into the age") func spread() throws {
        // A commit each five minutes for four days.
        let kept = kept(try table(1152, minutes: 5))
        #expect(kept.count <= 25)
        #expect(Array(kept.suffix(13)) == Array(1140...1152))
        let older = kept.dropLast(13)
        // 72 hours are 864 commits, of which one is kept for every 78.5.
        #expect(older.count >= 11 && (1152 - (older.first ?? 0)) * 5 <= 72 * 60)
        for (left, right) in zip(older, older.dropFirst()) { #expect(right - left <= 79, "\(kept)") }
    }

    @Test("a snapshot that a model was built from stays, however old") func read() throws {
        let table = try table(1152, minutes: 5)
        #expect(kept(table, read: [3, 900]) == (kept(table) + [3, 900]).sorted())
    }

    @Test("a table that says its own age keeps all that are younger") func own() throws {
        let property = #""history.expire.max-snapshot-age-ms": "\#(48 * Self.hour)""#
        #expect(try kept(table(1152, minutes: 5, properties: property)).count == 577)
    }

    @Test("what a model was built from is in its snapshot, and what gave it the same rows later in a property")
    func sources() throws {
        func source(_ id: Int) -> JSON {
            ["model": "m", "inputs": ["dm_silver.t": .string("\(id)"), "dm_silver.u": "1"]]
        }
        let checked: JSON = ["snapshot": "1", "source": source(19)]
        let property = #""cupel.checked": "# + JSON.string(checked.text).text
        let summary = #", "cupel.model": "# + JSON.string(source(17).text).text
        let name = try #require(TableName("dm_silver.t"))
        func ids(_ properties: String, _ summary: String) throws -> [Int64] {
            ReadSnapshots.ids(of: name, in: try table(1, minutes: 1, properties: properties, summary: summary))
        }
        #expect(try ids("", "").isEmpty)
        #expect(try ids("", summary) == [17])
        #expect(try ids(property, "") == [19])
        #expect(try ids(property, summary) == [19])
        // The property is about another snapshot, of other rows.
        #expect(try ids(property.replacing(#"\"snapshot\":\"1\""#, with: #"\"snapshot\":\"2\""#), summary) == [17])
    }
}
