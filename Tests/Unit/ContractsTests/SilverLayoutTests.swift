import Contracts
import Testing

@Suite struct SilverLayoutTests {
    func contract(_ properties: String, column: String = "") throws -> Contract {
        try Contract(
            parsing: """
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: '1', status: draft,
                 customProperties: [\(properties)],
                 schema: [{name: t, properties: [{name: id, logicalType: integer, primaryKey: true\(column)},
                  {name: state, logicalType: string}, {name: rate, logicalType: number},
                  {name: made, logicalType: timestamp}, {name: born, logicalType: date},
                  {name: tags, logicalType: array, items: {logicalType: string}}]}]}
                """, file: "t")
    }

    @Test("derived columns and partitions are read, in their order") func layout() throws {
        let layout = try contract(
            """
            {property: derived, value: ['year = year(made)', hour=hour(seconds(id)), 'm = month(born)']},
            {property: silverPartition, value: [year, 'bucket[16](id)', 'month(made)', 'truncate[2](state)']},
            {property: immutablePartition, value: true}
            """
        ).silverLayout
        #expect(layout.derived.map(\.name) == ["year", "hour", "m"])
        #expect(layout.derived.map(\.source) == ["made", "id", "born"])
        #expect(layout.derived.map(\.part) == [.year, .hour, .month] && layout.derived[1].unit == .seconds)
        #expect(layout.partitions.map(\.transform) == ["identity", "bucket[16]", "month", "truncate[2]"])
        #expect(layout.partitions.map(\.column) == ["year", "id", "made", "state"])
        #expect(layout.isPartitionImmutable)
        let marked = try contract("", column: ", partitioned: true").silverLayout
        #expect(marked.partitions.map(\.column) == ["id"] && marked.partitions.map(\.transform) == ["identity"])
        #expect(try contract("{property: silverPartition, value: state}").silverLayout.partitions.count == 1)
    }

    @Test(
        "what cannot be a derived column or a partition is refused, with the reason",
        arguments: [
            ("{property: derived, value: year(made)}", "write name = part(column)"),
            ("{property: derived, value: 'y = decade(made)'}", "write name = part(column)"),
            ("{property: derived, value: 'y = year(gone)'}", "no column gone"),
            ("{property: derived, value: 'y = year(state)'}", "state is string, which has no year"),
            ("{property: derived, value: 'h = hour(born)'}", "born is date, which has no hour"),
            ("{property: derived, value: 'y = year(id)'}", "say what it counts since 1970, as in year(seconds(id))"),
            ("{property: derived, value: 'state = year(made)'}", "has a column state already"),
            ("{property: derived, value: 'operation = year(made)'}", "has a column operation already"),
            ("{property: silverPartition, value: gone}", "no column gone"),
            ("{property: silverPartition, value: rate}", "rate is double, which has no partitions by identity"),
            ("{property: silverPartition, value: tags}", "has no partitions by identity"),
            ("{property: silverPartition, value: 'bucket(id)'}", "is no partition"),
            ("{property: silverPartition, value: 'bucket[0](id)'}", "is no partition"),
            ("{property: silverPartition, value: 'hour(born)'}", "born is date, which has no partitions by hour"),
            ("{property: silverPartition, value: 'decade(made)'}", "has no partitions by decade"),
            ("{property: silverPartition, value: [state, state]}", "listed twice"),
            ("{property: immutablePartition, value: true}", "the table has no partitions"),
        ])
    func refused(properties: String, words: String) {
        let error = #expect(throws: ContractError.self) { try contract(properties) }
        #expect("\(error as Any)".contains(words), "\(error as Any)")
    }

    @Test("partitions are in one place of the contract") func twoPlaces() {
        let error = #expect(throws: ContractError.self) {
            try contract("{property: silverPartition, value: state}", column: ", partitioned: true")
        }
        #expect("\(error as Any)".contains("the column id is 'partitioned' too"))
    }
}
