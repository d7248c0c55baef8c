import Contracts
import Testing

@Suite struct ModelLayoutTests {
    private func layout(_ properties: String) throws -> ModelLayout {
        try Contract(
            parsing: """
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: '1', status: draft,
                 customProperties: [\(properties)],
                 schema: [{name: t, properties: [{name: year, logicalType: integer}, {name: rate, logicalType: number},
                  {name: state, logicalType: string}]}]}
                """, file: "t"
        ).modelLayout
    }

    @Test("periods, their inputs, lookups and the ranking are read") func layout() throws {
        let layout = try layout(
            """
            {property: periods, value: year}, {property: periodInputs, value: [dm_silver.review, dm_gold.day]},
            {property: lookups, value: [dm_silver.beer by beer_id, 'dm_silver.place by id = place_id, kind']},
            {property: ranking, value: [rate desc, state]}
            """)
        #expect(layout.periods == ["year"] && layout.periodInputs == ["dm_silver.review", "dm_gold.day"])
        #expect(layout.lookups.map(\.table) == ["dm_silver.beer", "dm_silver.place"])
        #expect(layout.lookups.map { $0.key.map(\.name) } == [["beer_id"], ["id", "kind"]])
        #expect(layout.lookups.map { $0.key.map(\.source) } == [["beer_id"], ["place_id", "kind"]])
        #expect(layout.ranking.map(\.name) == ["rate", "state"])
        #expect(layout.ranking.map(\.isDescending) == [true, false])
    }

    @Test(
        "what cannot be meant is refused, with the reason",
        arguments: [
            ("{property: periods, value: gone}, {property: periodInputs, value: dm_silver.a}", "no column gone"),
            ("{property: periods, value: rate}, {property: periodInputs, value: dm_silver.a}", "rate is double"),
            ("{property: periods, value: year}", "name the tables whose rows make those of a period in periodInputs"),
            ("{property: periodInputs, value: dm_silver.a}", "without 'periods' it has no effect"),
            ("{property: lookups, value: dm_silver.a by id}", "without 'periods' it has no effect"),
            (
                "{property: periods, value: year}, {property: periodInputs, value: review}",
                "'review' is no table of silver or gold"
            ),
            (
                "{property: periods, value: year}, {property: periodInputs, value: dm_silver.a}, "
                    + "{property: lookups, value: dm_silver.b}",
                "'dm_silver.b' is no lookup; write TABLE by COLUMN"
            ),
            (
                "{property: periods, value: year}, {property: periodInputs, value: dm_silver.a}, "
                    + "{property: lookups, value: 'dm_silver.b by a ='}",
                "'a =' is no column of a lookup"
            ),
            ("{property: ranking, value: gone}", "no column gone"),
            ("{property: ranking, value: rate downwards}", "'rate downwards' is no order"),
        ])
    func refused(properties: String, words: String) {
        let error = #expect(throws: ContractError.self) { try layout(properties) }
        #expect("\(error as Any)".contains(words), "\(error as Any)")
    }
}
