import Contracts
import Testing

/// The text of a small contract. Each test changes the part that it checks.
func contractText(
    top: String = "", table: String = "orders", tableParts: String = "",
    columns: String = """
          - name: id
            logicalType: integer
            primaryKey: true
          - name: note
            logicalType: string
    """
) -> String {
    """
    apiVersion: v3.1.0
    kind: DataContract
    id: test
    version: 1.2.0
    status: active
    \(top)
    schema:
      - name: \(table)
        properties:
    \(columns)
    \(tableParts)
    """
}

private func fault(_ text: String) -> String {
    do {
        _ = try Contract(parsing: text, file: "c.yaml")
        return "no error"
    } catch {
        return error.description
    }
}

@Suite struct ContractTests {
    @Test("a contract describes its table, columns, keys, partitioning and tolerance") func fullContract() throws {
        let text = contractText(
            top: """
                customProperties:
                  - property: quarantineRows
                    value: 7
                  - property: quarantineShare
                    value: 0.25
                  - property: encodings
                    value: compact
                """,
            columns: """
                      - name: region
                        logicalType: string
                        partitioned: true
                        partitionKeyPosition: 2
                        classification: PII
                        customProperties: [{property: masking, value: hash}]
                      - name: id
                        logicalType: integer
                        physicalType: INT
                        primaryKey: true
                        description: The number
                      - name: day
                        logicalType: date
                        partitioned: true
                        partitionKeyPosition: 1
                        required: true
                        unique: true
                        logicalTypeOptions: {minimum: "2020-01-01"}
                """)
        let contract = try Contract(parsing: text, file: "c.yaml")
        #expect(contract.encodings == .compact)
        #expect(contract.table == "orders")
        #expect(contract.version == "1.2.0")
        #expect(contract.columns.map(\.name) == ["region", "id", "day"])
        #expect(contract.columns.map(\.type) == [.string, .int32, .date])
        #expect(contract.columns.map(\.isRequired) == [false, true, true])
        #expect(contract.columns.map(\.fieldID) == [1, 2, 3])
        #expect(contract.column(named: "region")?.classification == "PII")
        #expect(contract.column(named: "day")?.options == ["minimum": "2020-01-01"])
        #expect(contract.column(named: "day")?.isUnique == true)
        #expect(contract.primaryKey == ["id"])
        #expect(contract.partitioning == ["day", "region"])
        #expect(contract.tolerance == Contract.Tolerance(rows: 7, share: 0.25))
        #expect(contract.maskedColumns == ["region"])
    }

    @Test("bronze adds its own columns after the table's, with fixed ids") func bronzeColumns() throws {
        let columns = try Contract(parsing: contractText(), file: "c.yaml").bronzeColumns
        #expect(
            columns.map(\.name) == [
                "id", "note", "operation", "_cdc_timestamp", "_cdc_transaction_id", "_cdc_sequence",
                "_cdc_order", "_cdc_load", "_cdc_unchanged", "_cdc_previous_key", "_cdc_before",
                "_rescued_data",
            ])
        #expect(
            columns.map(\.fieldID) == [
                1, 2, 100_001, 100_002, 100_003, 100_004, 100_009, 100_006, 100_007, 100_008, 100_010, 100_005,
            ])
        #expect(columns.map(\.isRequired) == [true, false, true] + Array(repeating: false, count: 9))
    }

    @Test(
        "a logical and a physical type determine the column type",
        arguments: [
            ("string", nil, ColumnType.string), ("string", "VARCHAR(40)", .string), ("integer", nil, .int64),
            ("integer", "smallint", .int16), ("integer", "BIGINT", .int64), ("number", nil, .double),
            ("number", "float", .float), ("number", "decimal(9,2)", .decimal(precision: 9, scale: 2)),
            ("number", "NUMERIC(18, 0)", .decimal(precision: 18, scale: 0)), ("boolean", nil, .boolean),
            ("number", "decimal(38,6)", .decimal(precision: 38, scale: 6)), ("integer", "tinyint", .int8),
            ("integer", "utinyint", .uint8), ("integer", "uint16", .uint16), ("integer", "uinteger", .uint32),
            ("integer", "UBIGINT", .uint64), ("string", "uuid", .uuid), ("string", "jsonb", .json(.any)),
            ("object", "json", .json(.object)), ("array", "json", .json(.array)),
            ("date", "date", .date), ("timestamp", "timestamptz", .timestamp(.microseconds, isAdjustedToUTC: true)),
            ("timestamp", "timestamp(3)", .timestamp(.milliseconds, isAdjustedToUTC: true)),
            ("timestamp", "datetime(6)", .timestamp(.microseconds, isAdjustedToUTC: false)),
            ("timestamp", "timestamp_ntz", .timestamp(.microseconds, isAdjustedToUTC: false)),
            ("time", nil, .time(.microseconds, isAdjustedToUTC: false)),
            ("time", "timetz(3)", .time(.milliseconds, isAdjustedToUTC: true)),
        ] as [(String, String?, ColumnType)])
    func columnTypes(logical: String, physical: String?, type: ColumnType) throws {
        let physicalLine = physical.map { "\n        physicalType: \($0)" } ?? ""
        let text = contractText(columns: "      - name: c\n        logicalType: \(logical)\(physicalLine)")
        #expect(try Contract(parsing: text, file: "c.yaml").columns[0].type == type)
    }

    @Test(
        "the names that databases have for the types are known, in any case and spacing",
        arguments: [
            ("string", "character varying(40)", ColumnType.string), ("string", "NVARCHAR(MAX)", .string),
            ("string", "varchar2(10)", .string), ("string", "uniqueidentifier", .uuid), ("string", "longtext", .string),
            ("integer", "int4", .int32), ("integer", "int2", .int16), ("integer", "NUMBER(10,0)", .int64),
            ("integer", "NUMBER(9)", .int32), ("integer", "decimal( 18 , 0 )", .int64),
            ("number", "double precision", .double), ("number", "FLOAT8", .double), ("number", "float4", .float),
            ("number", "NUMBER(12,2)", .decimal(precision: 12, scale: 2)), ("number", "int", .int32),
            ("boolean", "bit", .boolean), ("boolean", "tinyint(1)", .boolean),
            ("timestamp", "timestamp without time zone", .timestamp(.microseconds, isAdjustedToUTC: false)),
            ("timestamp", "timestamp(3)  WITH time zone", .timestamp(.milliseconds, isAdjustedToUTC: true)),
            ("timestamp", "timestamp_tz", .timestamp(.microseconds, isAdjustedToUTC: true)),
            ("timestamp", "datetime2(7)", .timestamp(.microseconds, isAdjustedToUTC: false)),
            ("timestamp", "datetimeoffset(0)", .timestamp(.milliseconds, isAdjustedToUTC: true)),
            ("time", "time(6) without time zone", .time(.microseconds, isAdjustedToUTC: false)),
            ("date", "timestamp", .timestamp(.microseconds, isAdjustedToUTC: true)),
            ("date", "datetime2(3)", .timestamp(.milliseconds, isAdjustedToUTC: false)),
        ])
    func databaseTypes(logical: String, physical: String, type: ColumnType) throws {
        try columnTypes(logical: logical, physical: physical, type: type)
    }

    @Test(
        "an array's type may name its elements, and a table's physical name stands in for one that no prefix can have")
    func standardExamples() throws {
        let array =
            "      - name: c\n        logicalType: array\n        physicalType: array<string>\n        items: {logicalType: string}"
        guard case .list = try Contract(parsing: contractText(columns: array), file: "c.yaml").columns[0].type else {
            Issue.record("array<string> is no list")
            return
        }
        let bounds =
            "      - name: c\n        logicalType: date\n        physicalType: timestamp\n"
            + "        logicalTypeOptions: {minimum: '2020-01-01 00:00:00', format: 'yyyy-MM-dd HH:mm:ss'}"
        #expect(try Contract(parsing: contractText(columns: bounds), file: "c.yaml").warnings.isEmpty)
        let width =
            "      - name: c\n        logicalType: number\n        physicalType: double\n"
            + "        logicalTypeOptions: {format: f32}"
        let double = try Contract(parsing: contractText(columns: width), file: "c.yaml")
        #expect(double.columns[0].type == .double)
        #expect(double.warnings.first.map { "\($0)" }?.contains("'f32' is float and has no effect") == true)
        let named = contractText(table: "Orders\n    physicalName: orders_tbl")
        #expect(try Contract(parsing: named, file: "c.yaml").table == "orders_tbl")
    }

    @Test(
        "a physical type that does not fit is refused with those that do",
        arguments: [
            ("string", "bigint"), ("integer", "double"), ("number", "decimal(39,2)"), ("integer", "int8"),
            ("time", "timestamp"), ("object", "varchar"), ("number", "decimal(4,5)"),
            ("number", "decimal(x)"), ("integer", "decimal(9,2)"), ("integer", "number(19)"),
            ("timestamp", "timestamp(9)"), ("integer", "bigint(20)"), ("date", "varchar"),
        ])
    func incompatibleTypes(logical: String, physical: String) {
        let text = contractText(
            columns: "      - name: c\n        logicalType: \(logical)\n        physicalType: \(physical)")
        let message = fault(text)
        #expect(message.hasPrefix("c.yaml:12:23: schema[0].properties[0].physicalType: '\(physical)' is not one of "))
        #expect(message.hasSuffix("which go with \(logical)"))
    }

    @Test(
        "only safe names are table names",
        arguments: [
            ("beer", true), ("a", true), ("a_1", true), (String(repeating: "a", count: 63), true), ("", false),
            (String(repeating: "a", count: 64), false), ("Beer", false), ("1a", false), ("_a", false), ("a-b", false),
            ("../a", false), ("a b", false), ("é", false), ("a.b", false),
        ])
    func tableNames(name: String, isSafe: Bool) {
        #expect(Contract.isTableName(name) == isSafe)
    }

    @Test(
        "the larger of the two tolerances applies, but not to a file without a valid row",
        arguments: [
            (0, 0.0, 0, 0, true), (0, 0.0, 1, 100, false), (5, 0.0, 5, 100, true), (5, 0.0, 6, 100, false),
            (0, 0.1, 10, 100, true), (0, 0.1, 11, 100, false), (5, 0.1, 11, 100, false), (5, 0.1, 5, 10, true),
            (10, 0.1, 3, 3, false), (0, 1.0, 3, 3, true),
        ])
    func tolerance(rows: Int, share: Double, quarantined: Int, read: Int, isAccepted: Bool) {
        let tolerance = Contract.Tolerance(rows: rows, share: share)
        #expect(tolerance.accepts(quarantined: quarantined, of: read) == isAccepted)
    }

    @Test("quality rules of the table and of its columns are read") func qualityRules() throws {
        let text = contractText(
            tableParts: """
                    quality:
                      - metric: rowCount
                        mustBeBetween: [1, 1000]
                      - type: sql
                        query: SELECT 1
                        mustBe: 1
                """,
            columns: """
                      - name: id
                        logicalType: integer
                        quality:
                          - name: few nulls
                            metric: nullValues
                            mustBeLessThan: 5
                            unit: percent
                          - metric: invalidValues
                            arguments: {validValues: [1, 2], maximum: 9}
                            severity: error
                            mustBe: 0
                """)
        let rules = try Contract(parsing: text, file: "c.yaml").rules
        #expect(rules.map(\.column) == [nil, nil, "id", "id"])
        #expect(rules.map(\.metric) == [.rowCount, nil, .nullValues, .invalidValues])
        #expect(rules.map(\.kind) == [.library, .sql, .library, .library])
        #expect(rules[0].comparison == .between(1, 1000))
        #expect(rules[2].unit == .percent)
        #expect(rules[2].comparison?.holds(for: 4.9) == true)
        #expect(rules[2].comparison?.holds(for: 5) == false)
        #expect(rules[3].arguments.constraints.validValues == ["1", "2"])
        #expect(rules[3].arguments.constraints.maximum == .init("9"))
        #expect(rules.map(\.severity) == [.warning, .info, .warning, .error])
    }

    @Test(
        "a broken contract is refused with file, line, key and what is allowed",
        arguments: [
            (
                contractText(table: "Or-ders"),
                "c.yaml:8:11: schema[0].name: 'Or-ders' is not a table name; "
                    + "expected a letter, then up to 62 letters, digits or _"
            ),
            (
                contractText(columns: "      - name: id\n        logicalType: text"),
                "c.yaml:11:22: schema[0].properties[0].logicalType: "
                    + "'text' is not one of string, integer, number, boolean, date, timestamp"
            ),
            (
                contractText(columns: "      - name: id\n        logicalType: string\n        requird: true"),
                "c.yaml:12:9: schema[0].properties[0]: unknown key 'requird'; expected one of id, name, "
            ),
            (
                contractText(columns: "      - logicalType: string"),
                "c.yaml:10:9: schema[0].properties[0]: the key 'name' is missing"
            ),
            (
                contractText(columns: "      - name: Operation\n        logicalType: string"),
                "c.yaml:10:15: schema[0].properties[0].name: 'Operation' is a column that bronze adds itself"
            ),
            (
                contractText(
                    columns: "      - {name: a, logicalType: string}\n      - {name: A, logicalType: string}"),
                "c.yaml:11:16: schema[0].properties[1].name: the column 'A' is defined twice"
            ),
            (
                contractText(columns: "      - {name: a, logicalType: string, required: 'yes'}"),
                "c.yaml:10:50: schema[0].properties[0].required: expected true or false, found 'yes'"
            ),
            (
                contractText(
                    columns:
                        "      - {name: a, logicalType: integer, "
                        + "customProperties: [{property: masking, value: mask}]}"),
                "c.yaml:10:87: schema[0].properties[0].customProperties[0].value: "
                    + "only text columns can be masked, and 'a' is int64"
            ),
            (
                contractText(
                    columns:
                        "      - {name: a, logicalType: string, "
                        + "customProperties: [{property: masking, value: shred}]}"),
                "'shred' is not one of hash, mask, redact"
            ),
            (
                contractText(top: "customProperties: [{property: quarantineShare, value: 5}]"),
                "c.yaml:6:55: customProperties[0].value: expected a number from 0.0 to 1.0, found '5'"
            ),
            (contractText(columns: "      []"), "schema[0].properties: a table needs at least one column"),
            ("kind: [", "c.yaml:2:1: did not find expected node content"),
            ("- a", "c.yaml:1:1: the contract: expected a mapping, found a sequence"),
            ("kind: DataContract", "c.yaml:1:1: the contract: the key 'apiVersion' is missing"),
        ])
    func brokenContracts(text: String, expected: String) {
        #expect(fault(text).contains(expected), "\(fault(text))")
    }

    @Test("a contract may set field ids, and they must be unique") func fieldIDs() throws {
        func column(_ name: String, _ id: Int?) -> String {
            let custom = id.map { ", customProperties: [{property: fieldId, value: \($0)}]" } ?? ""
            return "      - {name: \(name), logicalType: string\(custom)}"
        }
        let given = contractText(columns: [column("a", 12), column("b", 4)].joined(separator: "\n"))
        #expect(try Contract(parsing: given, file: "c.yaml").columns.map(\.fieldID) == [12, 4])
        let twice = contractText(columns: [column("a", 2), column("b", nil)].joined(separator: "\n"))
        #expect(fault(twice).contains("the field id 2 already belongs to 'a'"))
    }
}
