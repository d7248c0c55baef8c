import Columns
import Contracts
import Foundation
import JSON
import RawFile
import Testing

@testable import Columnar

/// One example of the table in the reader's README.
private struct Rule {
    let type: String
    let written: String
    let becomes: String
}

/// How a text can be written in a file.
private enum Spelling: CaseIterable {
    case csv, quotedCSV, jsonString, bareJSON
}

private let readme = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../Runtime/Columnar/README.md").standardizedFileURL

/// The code spans of a table cell.
private func codes(in cell: Substring) -> [String] {
    cell.split(separator: "`", omittingEmptySubsequences: false).enumerated()
        .filter { $0.offset % 2 == 1 }.map { String($0.element) }
}

private func rules() throws -> [Rule] {
    let lines = try String(contentsOf: readme, encoding: .utf8).split(separator: "\n")
    let start = try #require(lines.firstIndex(of: "| type | written | becomes | rule |"))
    var rules: [Rule] = []
    for line in lines[(start + 2)...].prefix(while: { $0.hasPrefix("|") }) {
        let cells = line.split(separator: "|", omittingEmptySubsequences: false)
        let (types, written, becomes) = (codes(in: cells[1]), codes(in: cells[2]), codes(in: cells[3]))
        try #require(types.count == 1 && !written.isEmpty && cells.count == 6, "\(line)")
        try #require(becomes.count == written.count || becomes.count == 1, "\(line)")
        for (index, text) in written.enumerated() {
            rules.append(Rule(type: types[0], written: text, becomes: becomes[becomes.count == 1 ? 0 : index]))
        }
    }
    return rules
}

/// Reads each text as the value of a required column: its value as in the README, or the reason of its rejection.
private func read(_ texts: [String], as type: String, _ spelling: Spelling) throws -> [String] {
    let table = try contract(columns: "id: bigint!", "v: \(type)!")
    let lines = texts.enumerated().map { id, text in
        switch spelling {
        case .csv: "\(id),\(text)\n"
        case .quotedCSV: "\(id),\"\(text.replacingOccurrences(of: "\"", with: "\"\""))\"\n"
        case .jsonString: "{\"id\":\(id),\"v\":\(JSON.string(text).text)}\n"
        case .bareJSON: "{\"id\": \(id), \"v\": \(text)}\n"
        }
    }
    let isCSV = spelling == .csv || spelling == .quotedCSV
    let source = MemorySource(Array(((isCSV ? "id,v\n" : "") + lines.joined()).utf8), pieceSize: .max)
    let reader: any RecordReader =
        isCSV ? try CSVReader(source, contract: table) : try NDJSONReader(source, contract: table)
    var batch = RecordBatch(table.bronzeColumns)
    var results = [String](repeating: "lost", count: texts.count)
    while try reader.read(into: &batch) {
        guard case .int64(let ids) = batch.columns[0].leaves[0].values else { continue }
        for (row, id) in ids.enumerated() { results[Int(id)] = batch.columns[1].shown(at: row) }
        for row in batch.rejected { results[row.line - (isCSV ? 2 : 1)] = row.reason.rawValue }
    }
    return results
}

extension RecordBatch.Column {
    /// The value as the README writes it.
    fileprivate func shown(at index: Int) -> String {
        switch (schema.type, leaves[0].values) {
        case (.uint32, .int32(let values)): "\(UInt32(bitPattern: values[index]))"
        case (.uint64, .int64(let values)): "\(UInt64(bitPattern: values[index]))"
        case (.date, .int32(let values)): String(moment(Int64(values[index]) * 86400, 0, .microseconds).prefix(10))
        case (.time(let unit, let isUTC), .int32(let values)):
            moment(0, Int64(values[index]), unit).dropFirst(11) + (isUTC ? "Z" : "")
        case (.time(let unit, let isUTC), .int64(let values)):
            moment(0, Int64(values[index]), unit).dropFirst(11) + (isUTC ? "Z" : "")
        case (.timestamp(let unit, let isUTC), .int64(let values)):
            moment(0, values[index], unit) + (isUTC ? "Z" : "")
        case (.decimal(_, let scale), .int32(let values)): scaled("\(values[index])", scale)
        case (.decimal(_, let scale), .int64(let values)): scaled("\(values[index])", scale)
        case (.decimal(_, let scale), .fixedLengthByteArray(let bytes, let length)):
            scaled("\(bytes[index * length..<(index + 1) * length].reduce(Int128(0)) { $0 << 8 | Int128($1) })", scale)
        case (.uuid, .fixedLengthByteArray(let bytes, _)):
            NSUUID(uuidBytes: Array(bytes[index * 16..<index * 16 + 16])).uuidString.lowercased()
        default: leaves[0].values.text(at: index)
        }
    }

    private func scaled(_ unscaled: String, _ scale: Int) -> String {
        guard scale > 0 else { return unscaled }
        let sign = unscaled.hasPrefix("-") ? "-" : ""
        let digits = unscaled.dropFirst(sign.count)
        let padded = String(repeating: "0", count: max(0, scale + 1 - digits.count)) + digits
        return sign + padded.dropLast(scale) + "." + padded.suffix(scale)
    }

    private func moment(_ seconds: Int64, _ units: Int64, _ unit: ColumnType.TimeUnit) -> String {
        let perSecond: Int64 = unit == .milliseconds ? 1000 : 1_000_000
        let fraction = (units % perSecond + perSecond) % perSecond
        // Foundation's calendar is Julian before 1582; `gmtime_r` is Gregorian throughout.
        var time = time_t(seconds + (units - fraction) / perSecond)
        var parts = tm()
        gmtime_r(&time, &parts)
        let day = String(format: "%04d-%02d-%02d", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday)
        let text = day + String(format: "T%02d:%02d:%02d", parts.tm_hour, parts.tm_min, parts.tm_sec)
        let digits = String(fraction)
        return text + "." + String(repeating: "0", count: (unit == .milliseconds ? 3 : 6) - digits.count) + digits
    }
}

@Suite struct ConversionRulesTests {
    @Test("every example of the README converts as documented, in every spelling", arguments: Spelling.allCases)
    fileprivate func readmeExamples(spelling: Spelling) throws {
        let rules = try rules()
        #expect(rules.count > 200)
        for type in Set(rules.map(\.type)).sorted() {
            let tried = rules.filter { $0.type == type && spelling.canWrite($0) }
            guard !tried.isEmpty else { continue }
            let results = try read(tried.map(\.written), as: type, spelling)
            for (rule, result) in zip(tried, results) {
                #expect(result == rule.becomes, "\(type) from '\(rule.written)', \(spelling)")
            }
        }
    }

    @Test("each format distinguishes a missing value, null and empty text as far as it can") func emptyValues() throws {
        for type in [
            "string", "bigint", "double", "decimal(5,2)", "boolean", "date", "timestamp", "time", "uuid", "json",
        ] {
            let table = try contract(columns: "id: bigint!", "v: \(type)")
            let csv = try readCSV("id,v\n1,\n2,\"\"\n", table)
            #expect(csv.rows.map { $0[1] } == [nil, type == "string" ? "" : nil], "\(type)")
            let json = try readJSON("{\"id\":1}\n{\"id\":2,\"v\":null}\n{\"id\":3,\"v\":\"\"}\n", table)
            let isText = type == "string"
            #expect(json.rows.map { $0[1] } == (isText ? [nil, nil, ""] : [nil, nil]), "\(type)")
            #expect(json.rejected.count == (isText ? 0 : 1), "\(type)")
            let required = try contract(columns: "id: bigint!", "v: \(type)!")
            #expect(try readCSV("id,v\n1,\n", required).faults == ["2 missing_value"], "\(type)")
            #expect(try readJSON("{\"id\":1}\n", required).faults == ["1 missing_value"], "\(type)")
        }
    }
}

extension Spelling {
    /// Whether the text has the same meaning in this spelling.
    fileprivate func canWrite(_ rule: Rule) -> Bool {
        switch self {
        case .csv: !rule.written.contains(",") && !rule.written.hasPrefix("\"")
        case .quotedCSV, .jsonString: true
        case .bareJSON:
            // In a JSON column, a bare string contains JSON instead of being it.
            // Other bare values are numbers or words.
            rule.type == "json"
                ? rule.becomes.first.map { "{[1t".contains($0) } == true
                : FieldTexts.isNumberOrWord(rule.written)
        }
    }
}

private enum FieldTexts {
    static func isNumberOrWord(_ text: String) -> Bool {
        Array(text.utf8).withUnsafeBufferPointer { $0.isJSONNumber || ($0.isJSONWord && text != "null") }
    }
}
