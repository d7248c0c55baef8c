internal import ArgumentParser
internal import JSON

/// How rows are written.
enum ResultForm: String, CaseIterable, ExpressibleByArgument {
    case text, csv, json, parquet

    /// The form of files with the extension of this name; nil for an unknown one.
    init?(fileName: String) {
        switch fileName.split(separator: ".").last?.lowercased() {
        case "csv": self = .csv
        case "json", "jsonl", "ndjson": self = .json
        case "parquet": self = .parquet
        default: return nil
        }
    }

    /// Writes rows page by page, to standard output or a file.
    final class Writer {
        private let form: ResultForm
        private let stream: StandardStream
        private let file: OutputFile?
        private var table: ResultTable?
        private var parquet: ParquetRows?
        private(set) var rowCount = 0

        /// - Parameter file: nil for standard output.
        init(_ form: ResultForm, to file: OutputFile?) {
            self.form = form
            self.file = file
            stream = .output
        }

        func write(_ columns: [AthenaClient.Column], _ rows: [[String?]]) throws {
            let isFirst = rowCount == 0 && table == nil
            rowCount += rows.count
            switch form {
            case .text:
                let layout = table ?? ResultTable(columns, rows, width: file == nil ? stream.width ?? 80 : 80)
                if isFirst { try put(layout.header) }
                table = layout
                try put(rows.map { layout.line(of: $0) }.joined())
            case .csv:
                if isFirst { try put(columns.map { Self.csv($0.name) }.joined(separator: ",") + "\n") }
                table = table ?? ResultTable(columns, [], width: 80)
                try put(rows.map { $0.map { $0.map(Self.csv) ?? "" }.joined(separator: ",") + "\n" }.joined())
            case .json:
                table = table ?? ResultTable(columns, [], width: 80)
                try put(rows.map { Self.json(columns, $0).text + "\n" }.joined())
            case .parquet:
                let writer = try parquet ?? ParquetRows(columns) { [self] in try put($0) }
                parquet = writer
                try writer.append(rows)
            }
        }

        /// Completes the file.
        func finish() throws {
            try parquet?.finish()
            parquet = nil
            try file?.finish()
        }

        private func put(_ text: String) throws {
            guard let file else { return stream.write(stream.isTerminal ? text.printableLines : text) }
            try Array(text.utf8).withUnsafeBytes { (bytes) throws in try file.write(bytes) }
        }

        private func put(_ bytes: UnsafeRawBufferPointer) throws {
            if let file { return try file.write(bytes) }
            stream.write(bytes)
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
