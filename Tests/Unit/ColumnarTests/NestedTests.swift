import Columns
import Contracts
import Testing

@testable import Columnar

/// A contract with `properties`, written in YAML's flow style.
private func contract(properties: String...) throws -> Contract {
    try Contract(
        parsing: """
            {apiVersion: v3.1.0, kind: DataContract, id: t, version: '1', status: draft,
             schema: [{name: t, properties: [\(properties.joined(separator: ",\n  "))]}]}
            """, file: "fixture")
}

private let id = "{name: id, logicalType: integer, required: true}"
private let person = """
    {name: person, logicalType: object, properties: [
      {name: name, logicalType: string, required: true},
      {name: age, logicalType: integer},
      {name: home, logicalType: object, properties: [{name: city, logicalType: string}]}]}
    """
private let orders = """
    {name: orders, logicalType: array, items: {logicalType: object, required: true, properties: [
      {name: price, logicalType: number, physicalType: 'decimal(6,2)'},
      {name: tags, logicalType: array, items: {logicalType: string, required: true}}]}}
    """
private let flat = """
    {name: address, logicalType: object, customProperties: [{property: layout, value: flatten}], properties: [
      {name: city, logicalType: string},
      {name: geo, logicalType: object, customProperties: [{property: layout, value: flatten}], properties: [
        {name: lat, logicalType: number}]}]}
    """

/// The batch of a text that fits into one.
private func batch(_ text: String, _ contract: Contract, isCSV: Bool = false, key: [UInt8]? = nil) throws -> RecordBatch
{
    let source = MemorySource(Array(text.utf8), pieceSize: 7)
    let reader: any RecordReader =
        isCSV
        ? try CSVReader(source, contract: contract) : try NDJSONReader(source, contract: contract)
    var batch = RecordBatch(contract.bronzeColumns)
    _ = try reader.read(into: &batch)
    return try Masker(contract, key: key).mask(batch).records
}

extension RecordBatch {
    /// The entries of a column's leaf, each as `repetition definition value`.
    fileprivate func entries(_ column: String, leaf index: Int = 0, most: UInt8) throws -> [String] {
        let column = try #require(columns.first { $0.schema.name == column })
        let leaf = column.leaves[index]
        let levels = try #require(leaf.levels)
        #expect(levels.definition.count == levels.repetition.count)
        var next = 0
        let entries = zip(levels.repetition, levels.definition).map { repetition, definition in
            defer { next += definition == most ? 1 : 0 }
            return "\(repetition) \(definition)" + (definition == most ? " \(leaf.values.text(at: next))" : "")
        }
        #expect(next == leaf.values.count)
        return entries
    }

    fileprivate func rescued(_ row: Int) -> String? { texts[row].last ?? nil }
    fileprivate var complaints: [String] {
        rejected.map { "\($0.line) \($0.column ?? "-") \($0.reason.rawValue): \($0.message)" }
    }
}

@Suite struct NestedTests {
    @Test("each optional field that is present adds one to a struct's definition level") func structLevels() throws {
        let table = try contract(properties: id, person)
        let batch = try batch(
            """
            {"id":1,"person":{"name":"Ann","age":5,"home":{"city":"Oslo"}}}
            {"id":2,"person":{"home":{"city":null},"name":"Bo"}}
            {"id":3,"person":null}
            {"id":4}
            {"id":5,"person":{"name":"C","home":null,"age":null}}

            """, table)
        #expect(batch.complaints.isEmpty)
        #expect(try batch.entries("person", leaf: 0, most: 1) == ["0 1 Ann", "0 1 Bo", "0 0", "0 0", "0 1 C"])
        #expect(try batch.entries("person", leaf: 1, most: 2) == ["0 2 5", "0 1", "0 0", "0 0", "0 1"])
        #expect(try batch.entries("person", leaf: 2, most: 3) == ["0 3 Oslo", "0 2", "0 0", "0 0", "0 1"])
    }

    @Test("the repetition level is the depth of the list that an entry continues") func listLevels() throws {
        let table = try contract(properties: id, orders)
        let batch = try batch(
            """
            {"id":1,"orders":[{"price":1.50,"tags":["a","b"]},{"price":2,"tags":[]},{"tags":null}]}
            {"id":2,"orders":[]}
            {"id":3}
            {"id":4,"orders":[{"tags":["c"]}]}

            """, table)
        #expect(batch.complaints.isEmpty)
        #expect(
            try batch.entries("orders", leaf: 0, most: 3)
                == ["0 3 150", "1 3 200", "1 2", "0 1", "0 0", "0 2"])
        #expect(
            try batch.entries("orders", leaf: 1, most: 4)
                == ["0 4 a", "2 4 b", "1 3", "1 2", "0 1", "0 0", "0 4 c"])
    }

    @Test("faults inside nested values name their path") func faultPaths() throws {
        let table = try contract(properties: id, person, orders)
        let batch = try batch(
            """
            {"id":1,"person":{"age":3}}
            {"id":2,"person":{"name":"x","age":"three"}}
            {"id":3,"orders":[{"price":1},{"price":1.234}]}
            {"id":4,"orders":[null]}
            {"id":5,"orders":[{"tags":["a",null]}]}
            {"id":6,"orders":{"price":1}}
            {"id":7,"orders":[[1]]}
            {"id":8,"person":[]}
            {"id":9,"person":"Ann"}
            {"id":10,"person":{"name":{"first":"A"}}}
            {"id":11,"person":{"name":"ok"}}

            """, table)
        #expect(
            batch.complaints == [
                "1 person.name missing_value: person.name: a value is required and missing",
                "2 person.age not_an_integer: person.age: '\"three\"' is not an integer",
                "3 orders[].price out_of_range: orders[1].price: '1.234' has more than 2 digits after the point",
                "4 orders[] missing_value: orders[0]: a value is required and missing",
                "5 orders[].tags[] missing_value: orders[0].tags[1]: a value is required and missing",
                "6 orders not_an_array: orders: '{\"price\":1}' is not a JSON array",
                "7 orders[] not_an_object: orders[0]: '[1]' is not an object",
                "8 person not_an_object: person: '[]' is not a JSON object",
                "9 person not_json: person: '\"Ann\"' cannot be read: not JSON: expected a value at byte 0 of the text",
                "10 person.name nested_value: person.name: '{\"first\":\"A\"}' is nested; expected a single value",
            ])
        #expect(batch.rowCount == 1)
        #expect(try batch.entries("person", most: 1) == ["0 1 ok"])
        #expect(try batch.entries("orders", most: 3) == ["0 0"])
    }

    @Test("unknown members are rescued under their paths") func unknownMembers() throws {
        let table = try contract(properties: id, person, orders, flat)
        let batch = try batch(
            """
            {"id":1,"x":1,"person":{"name":"A","pet":{"k":[1, 2]},"home":{"zip":"0\\u0031"}},"orders":[{},{"a.b":1.00}]}
            {"id":2,"address":{"city":"C","street":null,"geo":{"lat":1,"lon":2.50}}}
            {"id":3,"address":{"city":"C"},"person":{"name":"B"}}

            """, table)
        #expect(batch.complaints.isEmpty)
        #expect(
            batch.rescued(0)
                == #"{"x":1,"person.pet":{"k":[1, 2]},"person.home.zip":"0\u0031","orders[1].a.b":1.00}"#)
        #expect(batch.rescued(1) == #"{"address.street":null,"address.geo.lon":2.50}"#)
        #expect(batch.rescued(2) == nil)
    }

    @Test("a flattened object is one column for each field") func flattening() throws {
        let table = try contract(properties: id, flat)
        let json = try batch(
            """
            {"id":1,"address":{"geo":{"lat":-1.5},"city":"Oslo"}}
            {"id":2,"address":{"city":"a\\u00e9\\n"}}
            {"id":3,"address":null}
            {"id":4,"address":{}}
            {"id":5}
            {"id":6,"address":{"city":"old","geo":{"lat":1}},"address":{"city":"new"}}
            {"id":7,"address":"Oslo"}
            {"id":8,"address":{"geo":[1]}}
            {"id":9,"address":{"geo":{"lat":"north"}}}
            {"id":10,"address_city":"unknown"}

            """, table)
        #expect(json.columns.map(\.schema.name).prefix(3) == ["id", "address_city", "address_geo_lat"])
        #expect(
            json.texts.map { Array($0[1...2]) }
                == [
                    ["Oslo", "-1.5"], ["aé\n", nil], [nil, nil], [nil, nil], [nil, nil], ["new", nil], [nil, nil],
                ])
        #expect(
            json.complaints == [
                "7 address not_an_object: address: '\"Oslo\"' is not an object",
                "8 address.geo not_an_object: address.geo: '[1]' is not an object",
                "9 address_geo_lat not_a_number: address.geo.lat: '\"north\"' is not a number",
            ])
        let csv = try batch("id,address_geo_lat,address_city\n1,2.5,Oslo\n2,,\n", table, isCSV: true)
        #expect(csv.texts.map { Array($0[1...2]) } == [["Oslo", "2.5"], [nil, nil]])
    }

    @Test("the last of repeated keys wins inside nested values too") func repeatedKeys() throws {
        let table = try contract(properties: id, person)
        let batch = try batch(#"{"id":1,"person":{"name":"a","n\u0061me":"b","age":1,"age":null}}"#, table)
        #expect(try batch.entries("person", leaf: 0, most: 1) == ["0 1 b"])
        #expect(try batch.entries("person", leaf: 1, most: 2) == ["0 1"])
        #expect(batch.rescued(0) == #"{"person.n\u0061me":"a","person.age":1}"#)
    }

    @Test("JSON text in CSV fields and in JSON strings is parsed too") func jsonText() throws {
        let table = try contract(properties: id, person, orders)
        let expected = ["0 3 150", "1 3 200", "0 0"]
        let csv = try batch(
            """
            id,person,orders
            1,"{""name"": ""A, B"",\n ""pet"": 1}","[{""price"": 1.5}, {""price"": 2}]"
            2,,
            3,{"name":"x"},[1]
            4,{"name":1 2},

            """, table, isCSV: true)
        #expect(try csv.entries("orders", most: 3) == expected)
        #expect(try csv.entries("person", most: 1) == ["0 1 A, B", "0 0"])
        #expect(csv.rescued(0) == #"{"person.pet":1}"#)
        #expect(
            csv.complaints.map { $0.split(separator: ":")[0] } == ["5 orders[] not_an_object", "6 person not_json"])
        let json = try batch(
            #"""
            {"id":1,"person":"{\"name\":\"A, B\"}","orders":"[{\"price\":1.5},\n {\"price\":2}]"}
            {"id":2,"person":"null","orders":null}

            """#, table)
        #expect(json.complaints.isEmpty)
        #expect(try json.entries("orders", most: 3) == expected)
        #expect(try json.entries("person", most: 1) == ["0 1 A, B", "0 0"])
    }

    @Test("a nested column that a CSV file lacks is null in every row") func absentColumn() throws {
        let table = try contract(properties: id, person, orders)
        let batch = try batch("id,person\n1,\n2,\"{\"\"name\"\":\"\"A\"\"}\"\n", table, isCSV: true)
        #expect(try batch.entries("orders", leaf: 0, most: 3) == ["0 0", "0 0"])
        #expect(try batch.entries("orders", leaf: 1, most: 4) == ["0 0", "0 0"])
        #expect(try batch.entries("person", most: 1) == ["0 0", "0 1 A"])
    }

    @Test("masked leaves are hidden in values, messages and unknown members") func maskedLeaves() throws {
        let table = try contract(
            properties: id,
            """
            {name: users, logicalType: array, items: {logicalType: object, properties: [
              {name: mail, logicalType: string, customProperties: [{property: masking, value: mask}]},
              {name: age, logicalType: integer}]}}
            """,
            """
            {name: home, logicalType: object, customProperties: [{property: layout, value: flatten}], properties: [
              {name: street, logicalType: string, customProperties: [{property: masking, value: hash}]}]}
            """)
        #expect(table.maskedColumns == ["users[].mail", "home_street"])
        let batch = try batch(
            """
            {"id":1,"users":[{"mail":"secret"},{"Mail":"secret","extra":{"MAIL":"secret"}}],"home":{"Street":"secret"}}
            {"id":2,"users":[{"mail":"secret","age":"old"}]}
            {"id":3,"users":"secret"}
            {"id":4,"users":[{"mail":{"a":"secret"}}]}
            {"id":5,"home":"secret"}
            {"id":6,"users":["secret"]}
            {"id":7,"home":{"street":"secret"}}

            """, table, key: Array("k".utf8))
        #expect(try batch.entries("users", most: 4) == ["0 4 s****t", "1 3", "0 0"])
        #expect(batch.texts[1][2]?.count == 64)
        #expect(batch.rejected.count == 5)
        #expect(batch.rejected.allSatisfy { $0.rawText == nil })
        let shown = "\(batch.complaints) \(batch.texts)"
        #expect(!shown.contains("secret"), "\(shown)")
    }

    @Test("nesting beyond the limit is rejected in every place") func depthLimit() throws {
        let table = try contract(properties: id, "{name: doc, logicalType: string, physicalType: json}", person)
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        let batch = try batch(
            """
            {"id":1,"doc":\(nested(399))}
            {"id":2,"doc":\(nested(400))}
            {"id":3,"doc":"\(nested(400))"}
            {"id":4,"doc":"\(nested(401))"}
            {"id":5,"person":{"name":"a","x":\(nested(399))}}
            {"id":6,"unknown":\(nested(200000))}
            {"id":7,"doc":{"n":\(String(repeating: "9", count: 5000))}}

            """, table)
        #expect(batch.rejected.map(\.line) == [2, 4, 5, 6])
        #expect(batch.rejected.allSatisfy { $0.reason == .notJSON && $0.message.contains("nested deeper than 400") })
        #expect(batch.texts[0][1] == nested(399))
        #expect(batch.texts[2][1] == "{\"n\":\(String(repeating: "9", count: 5000))}")
    }
}
