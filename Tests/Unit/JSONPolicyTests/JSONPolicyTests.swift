import Columns
import Contracts
import JSON
import RawFile
import Testing

@testable import Columnar

@Suite struct JSONPolicyTests {
    private let table: PolicyTable

    init() throws { table = try PolicyTable() }

    @Test("the corpus and our own cases are there, and every pattern of the table fits one of them")
    func casesAreComplete() {
        for kind in ["y_", "n_", "i_"] {
            #expect(PolicyTable.corpus.contains { $0.name.hasPrefix(kind) }, "the corpus is missing beside the package")
        }
        #expect(!PolicyTable.own.isEmpty)
        #expect(table.unused(by: PolicyTable.corpus + PolicyTable.own) == [])
    }

    @Test("all readers accept and refuse what the table says", arguments: PolicyTable.corpus + PolicyTable.own)
    func verdicts(of text: PolicyTable.Case) throws {
        let expected = try #require(
            table.accepts(text.name) as Bool?, "no row of the table, or more than one, fits the case")
        for reader in JSONReader.all {
            #expect(try reader.accepts(text.text) == expected, "\(reader.name)")
        }
        guard text.text.first(where: { $0 > 0x20 }) == UInt8(ascii: "{") else { return }
        for reader in JSONReader.ofObjects {
            #expect(try reader.accepts(text.text) == expected, "\(reader.name)")
        }
    }

    @Test("every reader takes 400 levels in a text and refuses 401")
    func depth() throws {
        #expect(JSONPolicy.depthLimit == 400)
        for reader in JSONReader.all {
            for isObject in [false, true] {
                func nested(_ levels: Int) -> [UInt8] {
                    let (open, close) = isObject ? (#"{"a":"#, "}") : ("[", "]")
                    let inside = isObject ? "1" : ""
                    return Array(
                        (String(repeating: open, count: levels) + inside + String(repeating: close, count: levels)).utf8
                    )
                }
                #expect(try reader.accepts(nested(400 - reader.levels)), "\(reader.name)")
                #expect(try !reader.accepts(nested(401 - reader.levels)), "\(reader.name)")
                #expect(try !reader.accepts(nested(50_000)), "\(reader.name)")
            }
        }
    }

    @Test(
        "a number keeps every digit wherever its text passes",
        arguments: [
            "1e999999", "-0", "0.10", "1E+400", "123456789012345678901234567890.10",
            String(repeating: "1234567890", count: 100),
        ])
    func digits(number: String) throws {
        let parsed = try JSON(parsing: number)
        #expect(parsed.number?.text == number && parsed.text == number)
        let lines = #"{"id":1,"name":\#(number),"more":\#(number),"document":[\#(number)]}"# + "\n"
        let batch = try JSONReader.read(Array(lines.utf8), .json)
        #expect(batch.texts("name") == [number])
        #expect(batch.texts("document") == ["[\(number)]"])
        #expect(batch.texts("_rescued_data") == [#"{"more":\#(number)}"#])
        let line = try #require(
            try JSONReader.transform(#"{"data":{"v":\#(number)},"# + Array(JSONReader.metadata.utf8)).line)
        #expect(String(decoding: line, as: UTF8.self).hasPrefix(#"{"v":\#(number),"#))
    }

    @Test("a number that does not fit its type is refused by name")
    func ranges() throws {
        #expect(try JSON(parsing: "9223372036854775808").int == nil)
        #expect(try JSON(parsing: "1.0").int == nil)
        #expect(try JSON(parsing: "-1e400").double == -.infinity)
        let batch = try JSONReader.read(Array(#"{"id":9223372036854775808}"#.utf8), .json)
        #expect(batch.rejected.map(\.reason) == [.outOfRange])
    }

    @Test("of a name that repeats in a document, the last value counts")
    func repeatedNamesOfDocuments() throws {
        #expect(try JSON(parsing: #"{"a":1,"b":0,"\u0061":2}"#) == ["a": 2, "b": 0])
    }

    @Test("of a name that repeats in a row, the last value counts and the earlier ones are rescued")
    func repeatedNamesOfRows() throws {
        let lines = [
            #"{"id":1,"name":"a","name":"b","n\u0061me":"c"}"#, #"{"id":null,"id":2,"more":1,"more":2}"#,
            #"{"id":1,"id":3,"code":"one","code":"two"}"#,
            #"{"id":4,"place":{"name":"a","name":"b","name":null}}"#,
            #"{"id":5,"person":{"name":"a","name":"b"},"person":{"age":7},"person":{"name":"c"}}"#,
            #"{"id":6,"document":{"a":1,"a":2}}"#,
        ]
        let batch = try JSONReader.read(Array(lines.joined(separator: "\n").utf8), .json)
        #expect(batch.rejected == [])
        #expect(batch.texts("name") == ["c", nil, nil, nil, nil, nil])
        #expect(batch.texts("person_name") == [nil, nil, nil, nil, "c", nil])
        #expect(batch.texts("document").last == #"{"a":1,"a":2}"#)
        #expect(
            batch.texts("_rescued_data") == [
                #"{"name":"a","n\u0061me":"b"}"#, #"{"more":1,"more":2}"#, #"{"id":1,"code":"one"}"#,
                #"{"place.name":"a","place.name":"b"}"#, #"{"person.name":"a","person.name":"b","person.age":7}"#, nil,
            ])
    }

    @Test("a row passes the transform with all values of a name that repeats")
    func repeatedNamesOfChanges() throws {
        let line = try #require(
            try JSONReader.transform(#"{"data":{"a":1,"a":2},"# + Array(JSONReader.metadata.utf8)).line)
        #expect(String(decoding: line, as: UTF8.self).hasPrefix(#"{"a":1,"a":2,"operation""#))
    }

    @Test("an NDJSON file may begin with a byte order mark; its second line may not")
    func byteOrderMark() throws {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let line = Array(#"{"id":1}"#.utf8) + [0x0A]
        let batch = try JSONReader.read(mark + line + mark + line, .json)
        #expect(batch.rowCount == 1)
        #expect(batch.rejected.map(\.reason) == [.notJSON])
    }
}

extension RecordBatch {
    /// The values of a text column, row by row.
    fileprivate func texts(_ name: String) -> [String?] {
        guard let array = columns.first(where: { $0.schema.name == name })?.leaves[0],
            case .byteArray(let values) = array.values
        else { return [] }
        var next = 0
        return (0..<rowCount).map { row in
            if let presence = array.presence, presence[row / 64] >> (row % 64) & 1 == 0 { return nil }
            defer { next += 1 }
            return String(decoding: values[next], as: UTF8.self)
        }
    }
}
