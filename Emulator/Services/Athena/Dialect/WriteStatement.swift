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
            case "is_external": parser.next()
            default: throw .notEmulated("the table property \(name)", at: key.offset)
            }
        } while parser.takeSign(",")
        try parser.expectSign(")")
        return options
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
