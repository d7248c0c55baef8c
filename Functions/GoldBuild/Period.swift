internal import Contracts
internal import DuckDB
internal import Iceberg

/// The values of a model's period columns: the part of a table that is built as a whole.
struct Period: Sendable, Hashable {
    let values: [IcebergValue?]

    /// Whole numbers of both widths are the same period.
    init(_ values: [IcebergValue?]) {
        self.values = values.map { value in
            if case .int(let number)? = value { .long(Int64(number)) } else { value }
        }
    }
}

extension GoldColumn {
    /// Whether a value of the type is the same period in an input as in the table.
    func isComparable(with other: IcebergType) -> Bool {
        let whole: [IcebergType] = [.int, .long]
        return type == other || whole.contains(type) && whole.contains(other)
    }
}

/// The columns that name a model's periods; none for a model that is built as a whole each time.
struct PeriodColumns: Sendable {
    let columns: [GoldColumn]

    init(_ model: Model, _ columns: [GoldColumn]) {
        let names = model.contract.modelLayout.periods
        self.columns = names.compactMap { name in columns.first { $0.name == name } }
    }

    var isEmpty: Bool { columns.isEmpty }

    /// The only period that a file of a table has rows of; nil if that is not known.
    func period(of file: DataFile, _ spec: PartitionSpec, _ schema: IcebergSchema) -> Period? {
        var values: [IcebergValue?] = []
        for column in columns {
            guard let field = schema.field(named: column.name), column.isComparable(with: field.type) else {
                return nil
            }
            if let place = spec.fields.firstIndex(where: { $0.sourceID == field.id && $0.transform == .identity }) {
                values.append(file.partition[place])
                continue
            }
            guard let nulls = file.nullCounts[field.id] else { return nil }
            if nulls == file.valueCounts[field.id] {
                values.append(nil)
                continue
            }
            // A text's bounds may be cut.
            guard nulls == 0, field.type != .string, let lower = file.lowerBounds[field.id],
                lower == file.upperBounds[field.id], let value = IcebergValue(serialized: lower, as: field.type)
            else { return nil }
            values.append(value)
        }
        return Period(values)
    }

    /// False only if a file has no rows of any of these periods.
    func mayHold(_ periods: Set<Period>, _ file: DataFile, _ spec: PartitionSpec, _ schema: IcebergSchema) -> Bool {
        if let only = period(of: file, spec, schema) { return periods.contains(only) }
        return periods.contains { period in
            zip(columns, period.values).allSatisfy { column, value in
                guard let field = schema.field(named: column.name), field.type != .string,
                    column.isComparable(with: field.type)
                else { return true }
                guard let value else { return file.nullCounts[field.id] != 0 }
                guard let lower = file.lowerBounds[field.id].flatMap({ IcebergValue(serialized: $0, as: field.type) }),
                    let upper = file.upperBounds[field.id].flatMap({ IcebergValue(serialized: $0, as: field.type) })
                else { return true }
                let bounds = Period([lower, upper])
                return bounds.values[0].map { $0 <= value } ?? true && bounds.values[1].map { value <= $0 } ?? true
            }
        }
    }

    // MARK: In SQL

    /// The table of the periods that a build is about.
    static let table = "cupel_periods"

    /// Makes ``table``.
    func statement(making periods: Set<Period>) -> String {
        let types = columns.map { "\(DuckDBText.name($0.name)) \($0.type.duckDBName ?? "")" }.joined(separator: ", ")
        let rows = periods.map { period in
            "(" + zip(columns, period.values).map { Self.literal($1, $0.type) }.joined(separator: ",") + ")"
        }
        return "CREATE TABLE \(Self.table)(\(types)); "
            + (rows.isEmpty ? "" : "INSERT INTO \(Self.table) VALUES \(rows.sorted().joined(separator: ","));")
    }

    /// Whether a row of `relation` is in one of the periods.
    func condition(_ relation: String) -> String {
        let equal = columns.map { column in
            let name = DuckDBText.name(column.name)
            return "p.\(name) IS NOT DISTINCT FROM \(relation).\(name)"
        }
        return "EXISTS (SELECT 1 FROM \(Self.table) p WHERE \(equal.joined(separator: " AND ")))"
    }

    /// Counts the rows that are in none of the periods.
    func countOthers(in relation: String) -> String {
        "SELECT count(*) FROM \(relation) r WHERE NOT \(condition("r")); "
    }

    /// A column as ``period(fromText:)`` reads it: without marks that mean something in CSV.
    func text(of relation: String) -> String {
        columns.map { column in
            let value = "\(relation).\(DuckDBText.name(column.name))"
            let plain = column.type == .date ? "\(value) - DATE '1970-01-01'" : value
            return "COALESCE('x' || hex(CAST(\(plain) AS VARCHAR)), '-')"
        }.joined(separator: ", ")
    }

    /// Reads a line of CSV; nil if it is none that ``text(of:)`` gives.
    func period(fromText line: Substring) -> Period? {
        let parts = line.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count == columns.count else { return nil }
        var values: [IcebergValue?] = []
        for (part, column) in zip(parts, columns) {
            if part == "-" {
                values.append(nil)
                continue
            }
            guard part.first == "x", let text = Hexadecimal.text(part.dropFirst()) else { return nil }
            switch column.type {
            case .string: values.append(.string(text))
            case .boolean: values.append(.boolean(text == "true"))
            default:
                guard let number = Int64(text) else { return nil }
                values.append(.long(number))
            }
        }
        return Period(values)
    }

    private static func literal(_ value: IcebergValue?, _ type: IcebergType) -> String {
        switch value {
        case .long(let days) where type == .date: "DATE '1970-01-01' + \(days)::INTEGER"
        case .long(let number): "\(number)"
        case .boolean(let value): "\(value)"
        case .string(let text): DuckDBText.string(text)
        default: "NULL"
        }
    }
}
