import Contracts
import Testing

@testable import Columnar

/// Texts that are brought into the form that the readers take.
@Suite struct TextFormTests {
    private let orders: Contract

    init() throws { orders = try contract(columns: "id: bigint!", "name: string", "price: decimal(9,2)") }

    private func json(_ text: String) throws -> Reading {
        var reading: Reading?
        for piece in [1, 7, Int.max] {
            let next = try readJSON(Array(text.utf8), orders, piece: piece)
            if let reading { #expect(reading.rows == next.rows && reading.faults == next.faults, "pieces of \(piece)") }
            reading = next
        }
        return try #require(reading)
    }

    private func ids(_ reading: Reading) -> [String?] { reading.rows.map { $0[0] } }

    @Test(
        "objects over several lines and the elements of an array are rows",
        arguments: [
            "{\n  \"id\": 1,\n  \"name\": \"a,]}\\\"b\"\n}\n{\n  \"id\": 2\n}\n",
            "{\r\n  \"id\": 1, \"name\": \"a,]}\\\"b\"\r\n}{ \"id\":\n2 }",
            "[{\"id\":1,\"name\":\"a,]}\\\"b\"},{\"id\":2}]",
            "{\"id\":1,\"name\":\"a,]}\\\"b\"}{\"id\":2}", "{\"id\":1,\"name\":\"a,]}\\\"b\"} {\"id\":2}\n",
            "\u{FEFF} [\n  {\n    \"id\": 1,\n    \"name\": \"a,]}\\\"b\"\n  },\n  {\"id\": 2}\n]\n",
            "{\"id\":1,\n\"name\":\"a,]}\\\"b\"}\n{\"id\":2}\n",
        ])
    func objects(text: String) throws {
        let reading = try json(text)
        #expect(reading.faults.isEmpty && ids(reading) == ["1", "2"])
        #expect(reading.rows[0][1] == "a,]}\"b")
    }

    @Test("lines stay lines where the first has several objects")
    func severalInOneLine() throws {
        let reading = try json("{\"id\":1}{\"id\":2}\n{\"id\":3}\n")
        #expect(ids(reading) == ["3"] && reading.rejected.count == 1)
    }

    @Test(
        "lines stay lines: one that breaks off is one row that breaks the contract",
        arguments: ["{\"id\":1", "{\"id\":1,", "{", "{\"id\"", "{\"a\":{\"b\":1,"])
    func brokenLine(first: String) throws {
        let reading = try json("\(first)\n{\"id\":2}\n{\"id\":3}\n")
        #expect(ids(reading) == ["2", "3"] && reading.rejected.count == 1)
    }

    @Test("in CSV that begins with a byte order mark, one at the beginning of any row is no part of a number")
    func marks() throws {
        let text =
            "\u{FEFF}id,name,price\n1,a,1\n\u{FEFF}2,\u{FEFF}b,2\r\n\u{FEFF}3,\"\u{FF1A}\n\u{FEFF}\",3\n\u{FEFF}"
        for (window, piece) in [(16, 1), (16, 5), (64, 3), (256, .max), (4096, 2)] {
            let reading = try readCSV(Array(text.utf8), orders, piece: piece, window: window)
            #expect(reading.faults.isEmpty, "pieces of \(piece)")
            let rows = [["1", "a"], ["2", "\u{FEFF}b"], ["3", "\u{FF1A}\n\u{FEFF}"]]
            #expect(reading.rows.map { Array($0.prefix(2)) } == rows)
        }
        for text in ["name,id,price\n\u{FEFF}a,1,1\n", "\u{FEFF}name,id,price\n\u{FEFF}a,1,1\n"] {
            #expect(try readCSV(text, orders).rows.first?[1] == "\u{FEFF}a")
        }
    }

    @Test("elements that are no objects break the contract alone")
    func scalars() throws {
        let reading = try json("[7, {\"id\":1}, \"x,y\", [1,2], null, {\"id\":2}]")
        #expect(ids(reading) == ["1", "2"] && reading.rejected.count == 4)
    }

    @Test(
        "an array that does not end fails, because elements may be missing",
        arguments: ["[{\"id\":1},", "[{\"id\":1}", "[{\"id\":1},{\"id\":", "["])
    func unterminated(text: String) {
        #expect(throws: ColumnarError.unterminatedArray) { try readJSON(Array(text.utf8), orders) }
    }

    @Test("a long array is read in a small window, with objects across all borders of pieces")
    func longArray() throws {
        let elements = (0..<5_000).map { "{\"id\": \($0), \"name\": \"n\($0 % 7)\"}" }
        let text = "[\n" + elements.joined(separator: ",\n") + "\n]\n"
        #expect(ids(try readJSON(Array(text.utf8), orders)) == (0..<5_000).map { "\($0)" })
        #expect(ids(try readJSON(Array(text.utf8), orders, piece: 1000, window: 256)).count == 5_000)
    }

    private func csv(_ bytes: [UInt8], _ encoding: String? = nil) throws -> Reading {
        let custom = encoding.map { "[{property: csvEncoding, value: \($0)}]" } ?? "[]"
        let table = try Contract(
            parsing: """
                {apiVersion: v3.1.0, kind: DataContract, id: t, version: '1', status: draft, customProperties: \(custom),
                 schema: [{name: t, properties: [{name: id, logicalType: integer, physicalType: bigint},
                  {name: name, logicalType: string}]}]}
                """, file: "fixture")
        var reading: Reading?
        for piece in [1, 3, Int.max] {
            let next = try readCSV(bytes, table, piece: piece)
            if let reading { #expect(reading.rows == next.rows && reading.faults == next.faults, "pieces of \(piece)") }
            reading = next
        }
        return try #require(reading)
    }

    private static func utf16(_ text: String, bigEndian: Bool) -> [UInt8] {
        text.utf16.flatMap { bigEndian ? [UInt8($0 >> 8), UInt8($0 & 0xFF)] : [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    }

    @Test("UTF-16 is read by its byte order mark, or as the contract says", arguments: [false, true])
    func utf16(bigEndian: Bool) throws {
        let text = "id,name\n1,é€😀\n2,z\n"
        let bytes = Self.utf16(text, bigEndian: bigEndian)
        let mark: [UInt8] = bigEndian ? [0xFE, 0xFF] : [0xFF, 0xFE]
        for reading in [try csv(mark + bytes), try csv(bytes, bigEndian ? "utf-16be" : "utf-16le")] {
            #expect(reading.faults.isEmpty && reading.rows.map { $0[1] } == ["é€😀", "z"])
        }
    }

    @Test("half a character of UTF-16 breaks its row and no other")
    func brokenUTF16() throws {
        let rows =
            Self.utf16("id,name\n1,a", bigEndian: false) + [0x3D, 0xD8] + Self.utf16("\n2,z\n", bigEndian: false)
        let reading = try csv([0xFF, 0xFE] + rows)
        #expect(reading.rows.map { $0[0] } == ["2"] && reading.rejected.count == 1)
    }

    @Test("Latin-1 and Windows-1252 are read where the contract says so, and differ in what ISO leaves to controls")
    func singleBytes() throws {
        let bytes = Array("id,name\n1,caf".utf8) + [0xE9, 0x20, 0x80, 0x0A]
        #expect(try csv(bytes, "windows-1252").rows[0][1] == "café €")
        #expect(try csv(bytes, "latin-1").rows[0][1] == "café \u{80}")
        #expect(try csv(bytes).rejected.count == 1)
        // A byte order mark says that it is UTF-8 after all.
        #expect(try csv(Array("\u{FEFF}id,name\n1,é\n".utf8), "windows-1252").rows[0][1] == "é")
    }
}
