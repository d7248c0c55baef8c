import Testing

@testable import Columnar

@Suite struct MaskerTests {
    @Test(
        "a mask keeps the first and the last character",
        arguments: [
            ("ann@example.org", "a*************g"), ("abc", "a*c"), ("ab", "**"), ("a", "*"), ("\"\"", ""),
            ("éab", "é*b"), ("葉山ビール", "葉***ル"), ("é", "*"), ("葉山", "**"), ("x😀y", "x*y"),
        ])
    func mask(text: String, masked: String) throws {
        let table = try contract(columns: "id: bigint!", "v: string mask")
        // A batch of ASCII takes another path, so each text is read beside ASCII and beside other text.
        for other in ["plain", "ö"] {
            let rows = try readCSV("id,v\n1,\(text)\n2,\n3,\(other)\n", table).rows
            #expect(rows.map { $0[1] } == [masked, nil, other == "ö" ? "*" : "p***n"])
        }
    }
}
