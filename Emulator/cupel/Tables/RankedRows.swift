internal import Iceberg
internal import JSON
internal import Lake
internal import ParquetRead

/// The first rows of a table in the order of its ranking, which the contract of its model sets.
struct RankedRows {
    let name: LakeTables.Name
    /// Such as `avg_rating desc, total_reviews desc`.
    let ranking: String
    private let fields: [IcebergField]
    private let rows: [[IcebergValue?]]

    /// Those of all tables that have a ranking and rows.
    /// - Parameter names: as the catalog has them.
    static func all(of names: [String], limit: Int, in pipeline: Pipeline) throws -> [RankedRows] {
        let tables = try LakeTables(pipeline)
        return try names.compactMap { name in
            guard let name = LakeTables.candidates(name).first, let table = try tables.table(name) else { return nil }
            return try RankedRows(name, table, limit: limit, in: tables)
        }
    }

    private init?(_ name: LakeTables.Name, _ table: LakeCatalog.Table, limit: Int, in tables: LakeTables) throws {
        guard let ranking = table.metadata.properties[RankingProperty.name] else { return nil }
        self.name = name
        self.ranking = ranking
        fields = table.metadata.currentSchema.fields.filter { !$0.type.isNested }
        let names = fields.map(\.name)
        let order = ranking.split(separator: ",").compactMap { text -> (place: Int, isDescending: Bool)? in
            let words = text.split(separator: " ")
            return names.firstIndex(of: words.first.map(String.init) ?? "").map { ($0, words.count > 1) }
        }
        let files = try tables.files(of: table.metadata.currentSnapshot, table).dataFiles
        var best: [[IcebergValue?]] = []
        for file in files {
            best += try Self.rows(of: file, fields, tables)
            best.sort { Self.precedes($0, $1, by: order) }
            best.removeLast(max(0, best.count - limit))
        }
        guard !best.isEmpty else { return nil }
        rows = best
    }

    private static func rows(
        of data: DataFile, _ fields: [IcebergField], _ tables: LakeTables
    ) throws -> [[IcebergValue?]] {
        let file = try tables.open(data)
        return try tables.reading(data.path) {
            let reading = FileColumns(fields, in: file)
            var found: [[IcebergValue?]] = []
            for group in file.metadata.rowGroups.indices {
                var rows = try file.rows(ofGroup: group, columns: reading.places)
                while let batch = try rows.next(upTo: TableRows.batchRows) {
                    let columns = reading.columns(of: batch)
                    for row in 0..<batch.rowCount {
                        found.append(
                            fields.map { field in
                                columns[field.id]?.first.flatMap { IcebergValue($0.rows, row, $0.type) }
                            })
                    }
                }
            }
            return found
        }
    }

    /// Nulls come last.
    private static func precedes(
        _ left: [IcebergValue?], _ right: [IcebergValue?], by order: [(place: Int, isDescending: Bool)]
    ) -> Bool {
        for (place, isDescending) in order where left[place] != right[place] {
            guard let first = left[place] else { return false }
            guard let second = right[place] else { return true }
            return isDescending ? second < first : first < second
        }
        return false
    }

    func print(to stream: StandardStream) {
        stream.line("")
        stream.line("The first \(rows.count) of \(name), by \(ranking.prefix { $0 != "," }):")
        for line in lines(width: stream.width) { stream.line(line) }
    }

    /// A title's words stand below each other, and long texts are cut, so that the table fits its width.
    func lines(width: Int?) -> [String] {
        let titles = fields.map { $0.name.uppercased().split(separator: "_").map(String.init) }
        let height = titles.map(\.count).max() ?? 0
        var cells = (0..<height).map { line in
            titles.map { words in
                let gap = height - words.count
                return line < gap ? "" : words[line - gap]
            }
        }
        cells += rows.map { row in zip(fields, row).map { Self.text($1, $0.type) } }
        var widths = fields.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        var excess = widths.reduce(0, +) + 2 * (widths.count - 1) - (width ?? .max)
        while excess > 0 {
            // The widest text gives way.
            let texts = widths.indices.filter { fields[$0].type == .string && widths[$0] > 8 }
            guard let widest = texts.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
            excess -= 1
        }
        return cells.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let text = cell.count > widths[column] ? String(cell.prefix(widths[column] - 1)) + "…" : cell
                let padding = String(repeating: " ", count: widths[column] - text.count)
                line += (column > 0 ? "  " : "") + (fields[column].type == .string ? text + padding : padding + text)
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    private static func text(_ value: IcebergValue?, _ type: IcebergType) -> String {
        switch value {
        case nil: return "-"
        case .float(let number): return Quantity.decimal(Double(number), places: 3)
        case .double(let number): return Quantity.decimal(number, places: 3)
        case .some(let value):
            let json = value.json(as: type)
            // The name of a thing is shown without quotes, and cannot control the terminal.
            return type == .string ? String(json.shown.dropFirst().dropLast()) : json.string ?? json.text
        }
    }

    var document: JSON {
        let all = rows.map { row in
            JSON.object(JSONObject(zip(fields, row).map { ($0.name, $1?.json(as: $0.type) ?? .null) }))
        }
        return ["table": .string(name.qualified), "ranking": .string(ranking), "rows": .array(all)]
    }
}
