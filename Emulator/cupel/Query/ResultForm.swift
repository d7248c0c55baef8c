internal import ArgumentParser
internal import JSON

/// How rows are printed.
enum ResultForm: String, CaseIterable, ExpressibleByArgument {
    case text, csv, json

    /// Writes rows page by page.
    struct Writer {
        private let form: ResultForm
        private let stream: StandardStream
        private var table: ResultTable?
        private(set) var rowCount = 0

        init(_ form: ResultForm, to stream: StandardStream) {
            self.form = form
            self.stream = stream
        }

        mutating func write(_ columns: [AthenaClient.Column], _ rows: [[String?]]) {
            let isFirst = rowCount == 0 && table == nil
            rowCount += rows.count
            switch form {
            case .text:
                let layout = table ?? ResultTable(columns, rows, width: stream.width ?? 80)
                if isFirst { stream.write(layout.header) }
                table = layout
                stream.write(rows.map { layout.line(of: $0) }.joined())
            case .csv:
                if isFirst {
                    stream.line(columns.map { Self.csv($0.name) }.joined(separator: ","))
                    table = ResultTable(columns, [], width: 80)
                }
                stream.write(
                    rows.map { $0.map { $0.map(Self.csv) ?? "" }.joined(separator: ",") + "\n" }.joined())
            case .json:
                table = table ?? ResultTable(columns, [], width: 80)
                stream.write(rows.map { Self.json(columns, $0).text + "\n" }.joined())
            }
        }

        /// An empty text is written with quotation marks, because nothing at all is a null.
        private static func csv(_ text: String) -> String {
            // By scalars: `\r\n` is one character, and so is a quotation mark with an accent.
            let scalars = text.unicodeScalars
            guard text.isEmpty || scalars.contains(where: { "\",\n\r".unicodeScalars.contains($0) }) else {
                return text
            }
            var quoted = "\""
            for scalar in scalars {
                if scalar == "\"" { quoted += "\"" }
                quoted.unicodeScalars.append(scalar)
            }
            return quoted + "\""
        }

        private static func json(_ columns: [AthenaClient.Column], _ row: [String?]) -> JSON {
            .object(
                JSONObject(
                    zip(columns, row).map { column, value in
                        guard let value else { return (column.name, .null) }
                        if column.isNumber, let number = JSONNumber(value) { return (column.name, .number(number)) }
                        if column.type == "boolean" { return (column.name, .bool(value == "true")) }
                        if column.type == "json", let document = try? JSON(parsing: Array(value.utf8)) {
                            return (column.name, document)
                        }
                        return (column.name, .string(value))
                    }))
        }
    }
}
