/// A query whose rows are written: CREATE TABLE … AS, INSERT INTO, UNLOAD.
enum WriteStatement: Sendable {
    case createTable(CatalogStatement.Name, WriteOptions, ifNotExists: Bool, hasRows: Bool)
    case insert(CatalogStatement.Name, columns: [String])
    case unload(location: String, WriteOptions)
}

/// What `WITH (…)` says of the files that are written.
struct WriteOptions: Sendable {
    var format = "PARQUET"
    var compression: String?
    var location: String?
    var partitionedBy: [String] = []
    var isIceberg = false
    var partitioning: [String] = []
    var isExternal: Bool?
    /// What only Iceberg tables have, and where it is.
    var others: [String: (value: String, offset: Int)] = [:]
    /// Where a property is that is not known.
    let offset: Int

    /// Reads `WITH (format = 'PARQUET', partitioned_by = ARRAY['a'])`, if it is there.
    static func parse(_ parser: inout QueryParser) throws(SQLProblem) -> WriteOptions {
        var options = WriteOptions(offset: parser.token.offset)
        guard parser.take("WITH") else { return options }
        try parser.expectSign("(")
        repeat {
            let key = parser.token
            let name = try parser.name().text.lowercased()
            try parser.expectSign("=")
            switch name {
            case "format": options.format = try parser.text().uppercased()
            case "compression", "write_compression", "parquet_compression":
                options.compression = try parser.text().uppercased()
            case "external_location", "location":
                let text = try parser.text()
                options.location = text.hasSuffix("/") ? text : text + "/"
            case "partitioned_by": options.partitionedBy = try texts(&parser)
            case "partitioning": options.partitioning = try texts(&parser)
            case "table_type": options.isIceberg = try parser.text().uppercased() == "ICEBERG"
            case "is_external":
                guard let value = ["TRUE": true, "FALSE": false][parser.token.keyword] else {
                    throw parser.mismatch("'FALSE', 'TRUE'")
                }
                parser.next()
                options.isExternal = value
            default:
                guard parser.token.kind == .integer || parser.token.kind == .string else {
                    throw .notEmulated("the table property \(name)", at: key.offset)
                }
                options.others[name] = (parser.next().text, key.offset)
            }
        } while parser.takeSign(",")
        try parser.expectSign(")")
        try options.check()
        return options
    }

    /// Refuses what would have no effect.
    private func check() throws(SQLProblem) {
        if isIceberg {
            guard partitionedBy.isEmpty else {
                throw .semantic(
                    "INVALID_TABLE_PROPERTY", "partitioned_by is for Hive tables; an Iceberg table has partitioning",
                    at: offset)
            }
            guard isExternal == false else {
                throw .semantic(
                    "INVALID_TABLE_PROPERTY", "An Iceberg table needs the table property is_external = false",
                    at: offset)
            }
        } else {
            guard partitioning.isEmpty else {
                throw .semantic(
                    "INVALID_TABLE_PROPERTY", "partitioning is for Iceberg tables; a Hive table has partitioned_by",
                    at: offset)
            }
            if let other = others.first {
                throw .notEmulated("the table property \(other.key)", at: other.value.offset)
            }
        }
    }

    /// The properties of an Iceberg table, by Athena's names.
    var icebergSettings: [String: String] {
        var settings = others.mapValues(\.value)
        settings["format"] = format
        settings["write_compression"] = compression
        return settings
    }

    private static func texts(_ parser: inout QueryParser) throws(SQLProblem) -> [String] {
        try parser.expect("ARRAY")
        try parser.expectSign("[")
        var texts: [String] = []
        if !parser.atSign("]") { repeat { texts.append(try parser.text().lowercased()) } while parser.takeSign(",") }
        try parser.expectSign("]")
        return texts
    }
}

extension QueryParser {
    /// CREATE TABLE … AS, from its name on; nil, with nothing taken, if it is another CREATE TABLE.
    mutating func createTableAs() throws(SQLProblem) -> WriteStatement? {
        let start = place
        guard take("CREATE"), take("TABLE") else {
            place = start
            return nil
        }
        let ifNotExists = take("IF", "NOT", "EXISTS")
        let name = try catalogName()
        guard at("WITH", "AS", "COMMENT"), !at("COMMENT") else {
            place = start
            return nil
        }
        let options = try WriteOptions.parse(&self)
        try expect("AS")
        return .createTable(name, options, ifNotExists: ifNotExists, hasRows: true)
    }

    mutating func insert() throws(SQLProblem) -> WriteStatement {
        try expect("INSERT")
        try expect("INTO")
        let name = try catalogName()
        var columns: [String] = []
        if atSign("("), !startsQuery {
            next()
            repeat { columns.append(try self.name().text.lowercased()) } while takeSign(",")
            try expectSign(")")
        }
        return .insert(name, columns: columns)
    }
}
