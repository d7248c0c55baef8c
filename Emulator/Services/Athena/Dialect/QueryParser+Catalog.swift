extension QueryParser {
    /// A statement about the catalog.
    mutating func catalogStatement() throws(SQLProblem) -> (statement: CatalogStatement, type: String, subtype: String)
    {
        let start = next()
        switch start.keyword {
        case "SHOW": return try show()
        case "DESCRIBE", "DESC":
            if !take("EXTENDED") { _ = take("FORMATTED") }
            _ = take("TABLE")
            return (.describe(try catalogName()), "UTILITY", "DESCRIBE_TABLE")
        case "MSCK":
            try expect("REPAIR")
            try expect("TABLE")
            return (.repair(try catalogName()), "DDL", "MSCK_REPAIR_TABLE")
        case "CREATE": return try create()
        case "DROP": return try drop()
        default: return try alter()
        }
    }

    // MARK: Names and texts

    mutating func catalogName() throws(SQLProblem) -> CatalogStatement.Name {
        let start = token
        var parts = [try name().text]
        while takeSign(".") { parts.append(try name().text) }
        if parts.count == 3, parts[0].lowercased() == "awsdatacatalog" { parts.removeFirst() }
        guard parts.count <= 2 else { throw .notEmulated("the catalog \(parts[0])", at: start.offset) }
        return CatalogStatement.Name(
            database: (parts.count == 2 ? parts[0] : database).lowercased(), table: (parts.last ?? "").lowercased(),
            offset: start.offset)
    }

    mutating func text() throws(SQLProblem) -> String {
        guard token.kind == .string else { throw mismatch("<string>") }
        return next().text
    }

    private mutating func ifNotExists() -> Bool { take("IF", "NOT", "EXISTS") }

    /// `('a' = 'b', 'c' = 'd')`
    private mutating func textPairs() throws(SQLProblem) -> [String: String] {
        try expectSign("(")
        var pairs: [String: String] = [:]
        repeat {
            let key = token.kind == .string ? next().text : try name().text
            try expectSign("=")
            pairs[key] = [.integer, .decimal, .word].contains(token.kind) ? next().text : try text()
        } while takeSign(",")
        try expectSign(")")
        return pairs
    }

    // MARK: SHOW

    private mutating func show() throws(SQLProblem) -> (CatalogStatement, String, String) {
        let what = next()
        switch what.keyword {
        case "DATABASES", "SCHEMAS":
            _ = take("LIKE")
            return (.showDatabases(like: token.kind == .string ? try text() : nil), "UTILITY", "SHOW_DATABASES")
        case "TABLES", "VIEWS":
            let offset = token.offset
            let database = take("IN") || take("FROM") ? try name().text.lowercased() : self.database
            _ = take("LIKE")
            let pattern = token.kind == .string ? try text() : nil
            if what.keyword == "VIEWS" {
                return (.showViews(database: database, like: pattern, offset: offset), "UTILITY", "SHOW_VIEWS")
            }
            return (.showTables(database: database, like: pattern, offset: offset), "UTILITY", "SHOW_TABLES")
        case "COLUMNS":
            guard take("IN") || take("FROM") else { throw mismatch("'FROM', 'IN'") }
            let name = try catalogName()
            guard take("IN") || take("FROM") else { return (.showColumns(name), "UTILITY", "SHOW_COLUMNS") }
            let database = try self.name().text.lowercased()
            return (
                .showColumns(CatalogStatement.Name(database: database, table: name.table, offset: name.offset)),
                "UTILITY",
                "SHOW_COLUMNS"
            )
        case "PARTITIONS": return (.showPartitions(try catalogName()), "UTILITY", "SHOW_PARTITIONS")
        case "CREATE":
            if take("VIEW") { return (.showCreateView(try catalogName()), "UTILITY", "SHOW_CREATE_VIEW") }
            try expect("TABLE")
            return (.showCreateTable(try catalogName()), "UTILITY", "SHOW_CREATE_TABLE")
        case "TBLPROPERTIES":
            let name = try catalogName()
            var key: String?
            if takeSign("(") {
                key = try text()
                try expectSign(")")
            }
            return (.showProperties(name, key), "UTILITY", "SHOW_TABLE_PROPERTIES")
        default: throw .notEmulated("SHOW \(what.text)", at: what.offset)
        }
    }

    // MARK: CREATE and DROP

    private mutating func create() throws(SQLProblem) -> (CatalogStatement, String, String) {
        let what = next()
        switch what.keyword {
        case "DATABASE", "SCHEMA":
            let ifNotExists = ifNotExists()
            let name = try name().text.lowercased()
            var (comment, location): (String?, String?)
            var properties: [String: String] = [:]
            while true {
                if take("COMMENT") {
                    comment = try text()
                } else if take("LOCATION") {
                    location = try text()
                } else if take("WITH", "DBPROPERTIES") {
                    properties = try textPairs()
                } else {
                    break
                }
            }
            return (
                .createDatabase(
                    name, ifNotExists: ifNotExists, comment: comment, location: location, properties: properties),
                "DDL", "CREATE_DATABASE"
            )
        case "EXTERNAL", "TABLE":
            if what.keyword == "EXTERNAL" { try expect("TABLE") }
            return (.createTable(try newTable()), "DDL", "CREATE_TABLE")
        default: throw .notEmulated("CREATE \(what.text)", at: what.offset)
        }
    }

    private mutating func newTable() throws(SQLProblem) -> CatalogStatement.NewTable {
        let ifNotExists = ifNotExists()
        var table = CatalogStatement.NewTable(name: try catalogName())
        table.ifNotExists = ifNotExists
        try expectSign("(")
        table.columns = try columns()
        while true {
            let start = token
            if take("COMMENT") {
                table.comment = try text()
            } else if take("PARTITIONED", "BY") {
                try expectSign("(")
                if peek().text == "(" || [",", ")"].contains(peek().text) {
                    table.partitioning = try transforms()
                } else {
                    table.partitionKeys = try columns()
                }
            } else if take("STORED", "AS") {
                if take("INPUTFORMAT") {
                    let input = try text()
                    try expect("OUTPUTFORMAT")
                    table.format = .classes(input: input, output: try text())
                } else {
                    let format = next()
                    guard HiveFormat.isKnown(format.keyword) else {
                        throw .semantic(
                            "FAILED", "Unrecognized file format in STORED AS clause: '\(format.text)'",
                            at: format.offset)
                    }
                    table.format = .named(format.keyword)
                }
            } else if take("ROW", "FORMAT", "SERDE") {
                table.serde = try text()
                if take("WITH", "SERDEPROPERTIES") { table.serdeProperties = try textPairs() }
            } else if take("LOCATION") {
                table.location = try text()
            } else if take("TBLPROPERTIES") {
                table.properties = try textPairs()
            } else if at("ROW", "CLUSTERED") {
                throw .notEmulated("\(start.text) \(peek().text)", at: start.offset)
            } else {
                return table
            }
        }
    }

    /// `day(t), bucket(16, id), c` up to the parenthesis.
    private mutating func transforms() throws(SQLProblem) -> [String] {
        var transforms: [String] = []
        repeat {
            var text = try name().text.lowercased()
            if takeSign("(") {
                var arguments: [String] = []
                repeat { arguments.append(next().text.lowercased()) } while takeSign(",")
                try expectSign(")")
                text += "(\(arguments.joined(separator: ",")))"
            }
            transforms.append(text)
        } while takeSign(",")
        try expectSign(")")
        return transforms
    }

    /// `a bigint COMMENT 'x', b string)`: to the parenthesis that ends them.
    private mutating func columns() throws(SQLProblem) -> [CatalogStatement.Column] {
        var columns: [CatalogStatement.Column] = []
        repeat { columns.append(try column()) } while takeSign(",")
        try expectSign(")")
        return columns
    }

    private mutating func column() throws(SQLProblem) -> CatalogStatement.Column {
        let name = try name().text.lowercased()
        _ = takeSign(":")
        let offset = token.offset
        let type = try hiveType()
        guard HiveType.engineName(of: type) != nil else {
            throw SQLProblem(kind: .syntax, offset: offset, reason: "the type '\(type)' is not one of Hive's")
        }
        return CatalogStatement.Column(name: name, type: type, comment: take("COMMENT") ? try text() : nil)
    }

    private mutating func hiveType() throws(SQLProblem) -> String {
        guard token.kind == .word else { throw mismatch("<type>") }
        var type = next().text.lowercased()
        if takeSign("(") {
            var numbers: [String] = []
            repeat { numbers.append(next().text) } while takeSign(",")
            try expectSign(")")
            type += "(\(numbers.joined(separator: ",")))"
        } else if takeSign("<") {
            var parts: [String] = []
            repeat {
                if type == "struct" {
                    let name = try name().text.lowercased()
                    try expectSign(":")
                    parts.append("\(name):\(try hiveType())")
                } else {
                    parts.append(try hiveType())
                }
            } while takeSign(",")
            try expectSign(">")
            type += "<\(parts.joined(separator: ","))>"
        }
        return type
    }

    private mutating func drop() throws(SQLProblem) -> (CatalogStatement, String, String) {
        let what = next()
        let ifExists = take("IF", "EXISTS")
        switch what.keyword {
        case "DATABASE", "SCHEMA":
            let name = try name().text.lowercased()
            let cascades = take("CASCADE")
            if !cascades { _ = take("RESTRICT") }
            return (.dropDatabase(name, ifExists: ifExists, cascades: cascades), "DDL", "DROP_DATABASE")
        case "TABLE": return (.dropTable(try catalogName(), ifExists: ifExists), "DDL", "DROP_TABLE")
        case "VIEW": return (.dropView(try catalogName(), ifExists: ifExists), "DDL", "DROP_VIEW")
        default: throw .notEmulated("DROP \(what.text)", at: what.offset)
        }
    }

    // MARK: ALTER

    private mutating func alter() throws(SQLProblem) -> (CatalogStatement, String, String) {
        try expect("TABLE")
        let name = try catalogName()
        let start = token
        if take("ADD", "COLUMNS") {
            try expectSign("(")
            return (.addColumns(name, try columns()), "DDL", "ALTER_TABLE_ADD_COLUMNS")
        }
        if take("CHANGE") {
            _ = take("COLUMN")
            let old = try self.name().text.lowercased()
            return (.changeColumn(name, old, try column()), "DDL", "ALTER_TABLE_CHANGE_COLUMN")
        }
        if take("DROP", "COLUMN") {
            return (.dropColumn(name, try self.name().text.lowercased()), "DDL", "ALTER_TABLE_DROP_COLUMN")
        }
        if take("ADD") {
            let ifNotExists = ifNotExists()
            var partitions: [CatalogStatement.Partition] = []
            repeat { partitions.append(try partition()) } while at("PARTITION")
            return (.addPartitions(name, partitions, ifNotExists: ifNotExists), "DDL", "ALTER_TABLE_ADD_PARTITION")
        }
        if take("DROP") {
            let ifExists = take("IF", "EXISTS")
            var partitions: [CatalogStatement.Partition] = []
            repeat { partitions.append(try partition()) } while takeSign(",")
            return (.dropPartitions(name, partitions, ifExists: ifExists), "DDL", "ALTER_TABLE_DROP_PARTITION")
        }
        if take("SET", "TBLPROPERTIES") {
            return (.setProperties(name, try textPairs()), "DDL", "ALTER_TABLE_SET_TBLPROPERTIES")
        }
        throw .notEmulated("ALTER TABLE … \(start.text)", at: start.offset)
    }

    /// `PARTITION (year = '2026', month = 1) LOCATION 's3://…'`
    private mutating func partition() throws(SQLProblem) -> CatalogStatement.Partition {
        try expect("PARTITION")
        try expectSign("(")
        var values: [(key: String, value: String)] = []
        repeat {
            let key = try name().text.lowercased()
            try expectSign("=")
            values.append((key, token.kind == .integer ? next().text : try text()))
        } while takeSign(",")
        try expectSign(")")
        return CatalogStatement.Partition(values: values, location: take("LOCATION") ? try text() : nil)
    }
}
