internal import DuckDB
internal import EmulatorCore
internal import JSON
internal import Time
internal import URLCoding

/// Carries out statements about the catalog, through Glue.
/// - SeeAlso: <https://docs.aws.amazon.com/athena/latest/ug/ddl-reference.html>
struct CatalogChange {
    let lake: LakeReader
    let clock: ClockAndChance

    /// The answer's column and lines.
    struct Answer {
        var columns: [String] = []
        var lines: [String] = []
    }

    func run(_ statement: CatalogStatement) async throws -> Answer {
        switch statement {
        case .showDatabases(let like):
            let names = try await all("GetDatabases", "DatabaseList", [:]).compactMap { $0["Name"]?.string }
            return Answer(columns: ["database_name"], lines: names.filter { Self.matches($0, like) })
        case .showTables(let database, let like, let offset):
            try await checkDatabase(database, at: offset)
            let names = try await all("GetTables", "TableList", ["DatabaseName": .string(database)]).compactMap {
                $0["Name"]?.string
            }
            return Answer(columns: ["tab_name"], lines: names.filter { Self.matches($0, like) })
        case .showViews(let database, let like, let offset):
            try await checkDatabase(database, at: offset)
            let views = try await all("GetTables", "TableList", ["DatabaseName": .string(database)]).filter {
                $0["TableType"]?.string == StoredView.tableType
            }
            return Answer(
                columns: ["views"], lines: views.compactMap { $0["Name"]?.string }.filter { Self.matches($0, like) })
        case .showCreateView(let name):
            guard let view = StoredView(try await table(name)) else {
                throw SQLProblem.semantic(
                    "NOT_SUPPORTED", "'\(name.database).\(name.table)' is a table, not a view", at: name.offset)
            }
            return Answer(
                columns: ["Create View"],
                lines: ["CREATE VIEW \(name.database).\(name.table) AS"]
                    + view.sql.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
        case .showColumns(let name):
            let table = try await table(name)
            return Answer(columns: ["field"], lines: Self.columns(table).map { Self.padded($0.name) })
        case .describe(let name): return Self.description(try await table(name))
        case .showPartitions(let name): return try await partitions(name)
        case .showCreateTable(let name):
            return Answer(columns: ["createtab_stmt"], lines: Self.definition(try await table(name), name))
        case .showProperties(let name, let key):
            let properties = try await table(name)["Parameters"]?.object ?? [:]
            let shown = properties.filter { key == nil || $0.name == key }
            return Answer(columns: ["prpt_name"], lines: shown.map { "\($0.name)\t\($0.value.string ?? "")" })
        case .createDatabase(let name, let ifNotExists, let comment, let location, let properties):
            var input: JSONObject = ["Name": .string(name)]
            if !properties.isEmpty {
                input["Parameters"] = .object(
                    JSONObject(properties.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
            }
            input["Description"] = comment.map(JSON.string)
            input["LocationUri"] = location.map(JSON.string)
            try await change(
                "CreateDatabase", ["DatabaseInput": .object(input)],
                ignoring: ifNotExists ? "AlreadyExistsException" : nil)
        case .dropDatabase(let name, let ifExists, let cascades):
            let isEmpty = try? await all("GetTables", "TableList", ["DatabaseName": .string(name)]).isEmpty
            guard cascades || isEmpty ?? true else {
                throw SQLProblem.semantic(
                    "FAILED",
                    "Execution Error, return code 1: Database \(name) is not empty. One or more tables exist.", at: nil)
            }
            try await change(
                "DeleteDatabase", ["Name": .string(name)], ignoring: ifExists ? "EntityNotFoundException" : nil)
        case .createTable(let table): try await create(table)
        case .dropView(let name, let ifExists):
            guard let table = try await lake.find(name) else {
                guard !ifExists else { break }
                throw SQLProblem.semantic(
                    "TABLE_NOT_FOUND", "View 'awsdatacatalog.\(name.database).\(name.table)' does not exist",
                    at: name.offset)
            }
            guard table["TableType"]?.string == StoredView.tableType else {
                throw SQLProblem.semantic(
                    "TABLE_NOT_FOUND", "'\(name.database).\(name.table)' is a table; DROP TABLE drops it",
                    at: name.offset)
            }
            try await change(
                "DeleteTable", ["DatabaseName": .string(name.database), "Name": .string(name.table)],
                ignoring: "EntityNotFoundException")
        case .dropTable(let name, let ifExists):
            let table = try? await lake.find(name)
            if let table, table["TableType"]?.string == StoredView.tableType {
                throw SQLProblem.semantic(
                    "FAILED", "Cannot drop the view \(name.database).\(name.table) with DROP TABLE; use DROP VIEW",
                    at: nil)
            }
            let input: JSON = ["DatabaseName": .string(name.database), "Name": .string(name.table)]
            if table != nil, let alteration = try await alteration(name) {
                try await alteration.dropTable { try await change("DeleteTable", input, ignoring: nil) }
                break
            }
            try await change("DeleteTable", input, ignoring: ifExists ? "EntityNotFoundException" : nil)
        case .addPartitions(let name, let list, let ifNotExists):
            let table = try await table(name)
            for partition in list {
                try await add(partition, to: name, table, ignoring: ifNotExists ? "AlreadyExistsException" : nil)
            }
        case .dropPartitions(let name, let list, let ifExists):
            let table = try await table(name)
            for partition in list {
                try await change(
                    "DeletePartition",
                    [
                        "DatabaseName": .string(name.database), "TableName": .string(name.table),
                        "PartitionValues": .array(try Self.values(partition, of: table, name).map(JSON.string)),
                    ], ignoring: ifExists ? "EntityNotFoundException" : nil)
            }
        case .addColumns(let name, let columns):
            if let alteration = try await alteration(name) {
                try await alteration.add(columns)
                break
            }
            try await update(name) { table in
                var storage = table["StorageDescriptor"]?.object ?? [:]
                storage["Columns"] = .array((storage["Columns"]?.array ?? []) + columns.map(\.glue))
                table["StorageDescriptor"] = .object(storage)
            }
        case .changeColumn(let name, let old, let column):
            guard let alteration = try await alteration(name) else {
                throw SQLProblem.notEmulated("ALTER TABLE … CHANGE COLUMN of a Hive table", at: name.offset)
            }
            try await alteration.change(old, to: column)
        case .dropColumn(let name, let column):
            guard let alteration = try await alteration(name) else {
                throw SQLProblem.notEmulated("ALTER TABLE … DROP COLUMN of a Hive table", at: name.offset)
            }
            try await alteration.drop(column)
        case .setProperties(let name, let properties):
            if let alteration = try await alteration(name) {
                try await alteration.set(properties)
                break
            }
            try await update(name) { table in
                var parameters = table["Parameters"]?.object ?? [:]
                for (key, value) in properties { parameters[key] = .string(value) }
                table["Parameters"] = .object(parameters)
            }
        case .repair(let name): return try await repair(name)
        }
        return Answer()
    }

    // MARK: Glue

    private func all(_ action: String, _ member: String, _ input: JSONObject) async throws -> [JSON] {
        var found: [JSON] = []
        var token: JSON?
        repeat {
            var input = input
            input["NextToken"] = token
            let page = try await lake.glue(action, .object(input))
            found += page[member]?.array ?? []
            token = page["NextToken"]
        } while token != nil
        return found
    }

    private func change(_ action: String, _ input: JSON, ignoring code: String?) async throws {
        do { _ = try await lake.glue(action, input) } catch let fault as AWSFault {
            if fault.code == code { return }
            throw AWSFault(fault.code, "FAILED: Execution Error, return code 1: \(fault.message)", status: 400)
        }
    }

    private func checkDatabase(_ name: String, at offset: Int) async throws {
        do { _ = try await lake.glue("GetDatabase", ["Name": .string(name)]) } catch let fault as AWSFault
            where fault.code == "EntityNotFoundException"
        {
            throw SQLProblem.semantic(
                "FAILED", "SemanticException [Error 10072]: Database does not exist: \(name)", at: nil)
        }
    }

    private func table(_ name: CatalogStatement.Name) async throws -> JSON {
        do {
            return try await lake.glue(
                "GetTable", ["DatabaseName": .string(name.database), "Name": .string(name.table)])["Table"] ?? [:]
        } catch let fault as AWSFault where fault.code == "EntityNotFoundException" {
            throw SQLProblem.semantic(
                "FAILED", "SemanticException [Error 10001]: Table not found \(name.database).\(name.table)", at: nil)
        }
    }

    /// Nil for a table of another format.
    private func alteration(_ name: CatalogStatement.Name) async throws -> IcebergAlteration? {
        guard LakeReader.metadataLocation(of: try await table(name)) != nil else { return nil }
        return IcebergAlteration(name: name, commit: try IcebergCommit(lake.peers, clock))
    }

    private func update(_ name: CatalogStatement.Name, _ body: (inout JSONObject) -> Void) async throws {
        let table = try await table(name)
        var input = table.object ?? [:]
        for member in [
            "DatabaseName", "CatalogId", "CreateTime", "UpdateTime", "CreatedBy", "IsRegisteredWithLakeFormation",
            "VersionId",
        ] {
            input[member] = nil
        }
        body(&input)
        try await change(
            "UpdateTable", ["DatabaseName": .string(name.database), "TableInput": .object(input)], ignoring: nil)
    }

    // MARK: Tables

    private func create(_ table: CatalogStatement.NewTable) async throws {
        guard !table.location.isEmpty else {
            throw SQLProblem.semantic("FAILED", "No location was given for the table \(table.name.table)", at: nil)
        }
        if table.isIceberg { return try await createIceberg(table) }
        guard table.partitioning.isEmpty else {
            throw SQLProblem.semantic(
                "FAILED",
                "the partition \(table.partitioning[0]) has no type; only Iceberg tables are partitioned by columns of "
                    + "the table or transforms", at: table.name.offset)
        }
        try await change(
            "CreateTable",
            ["DatabaseName": .string(table.name.database), "TableInput": .object(table.glue)],
            ignoring: table.ifNotExists ? "AlreadyExistsException" : nil)
    }

    private func createIceberg(_ table: CatalogStatement.NewTable) async throws {
        guard let catalog = lake.peers.tables else { throw AWSFault.notEmulated("Iceberg tables without Glue") }
        guard table.partitionKeys.isEmpty else {
            throw SQLProblem.semantic(
                "FAILED", "an Iceberg table is partitioned by its own columns, named without their types",
                at: table.name.offset)
        }
        let definition = try IcebergDefinition(
            table.name, location: table.location.trimmingSlashes, columns: table.columns,
            partitioning: table.partitioning, settings: table.properties)
        do {
            try await catalog.createTable(definition.request(comment: table.comment), in: table.name.database) { _ in []
            }
        } catch let fault as AWSFault where fault.code == "AlreadyExistsException" {
            guard !table.ifNotExists else { return }
            throw SQLProblem.semantic(
                "FAILED", "SemanticException table already exists: \(table.name.database).\(table.name.table)", at: nil)
        }
    }

    // MARK: Partitions

    private static func values(
        _ partition: CatalogStatement.Partition, of table: JSON, _ name: CatalogStatement.Name
    ) throws(SQLProblem) -> [String] {
        var values: [String] = []
        for key in table["PartitionKeys"]?.array ?? [] {
            guard let value = partition.values.first(where: { $0.key == key["Name"]?.string?.lowercased() })?.value
            else {
                throw .semantic("FAILED", "the partition has no value of \(key["Name"]?.string ?? "")", at: name.offset)
            }
            values.append(value)
        }
        guard values.count == partition.values.count, !values.isEmpty else {
            throw .semantic(
                "FAILED", "the partition has columns that the table \(name.table) is not partitioned by",
                at: name.offset)
        }
        return values
    }

    private func add(
        _ partition: CatalogStatement.Partition, to name: CatalogStatement.Name, _ table: JSON, ignoring code: String?
    ) async throws {
        let values = try Self.values(partition, of: table, name)
        var storage = table["StorageDescriptor"]?.object ?? [:]
        let folder = (storage["Location"]?.string ?? "").split(separator: "/", omittingEmptySubsequences: false)
        let root = (folder.last == "" ? folder.dropLast() : folder).joined(separator: "/")
        let path = partition.values.map { "\($0.key)=\($0.value.percentEncoded())" }.joined(separator: "/")
        storage["Location"] = .string(partition.location ?? "\(root)/\(path)/")
        try await change(
            "CreatePartition",
            [
                "DatabaseName": .string(name.database), "TableName": .string(name.table),
                "PartitionInput": ["Values": .array(values.map(JSON.string)), "StorageDescriptor": .object(storage)],
            ], ignoring: code)
    }

    private func partitions(_ name: CatalogStatement.Name) async throws -> Answer {
        let keys = (try await table(name)["PartitionKeys"]?.array ?? []).compactMap { $0["Name"]?.string }
        guard !keys.isEmpty else {
            throw SQLProblem.semantic(
                "FAILED", "SemanticException [Error 10241]: Table \(name.table) is not a partitioned table", at: nil)
        }
        let found = try await all(
            "GetPartitions", "Partitions", ["DatabaseName": .string(name.database), "TableName": .string(name.table)])
        let lines = found.map { partition in
            zip(keys, partition["Values"]?.array ?? []).map { "\($0)=\($1.string ?? "")" }.joined(separator: "/")
        }
        return Answer(columns: ["partition"], lines: lines)
    }

    /// Adds the partitions whose folders exist: `key=value/…`.
    private func repair(_ name: CatalogStatement.Name) async throws -> Answer {
        let table = try await table(name)
        let keys = (table["PartitionKeys"]?.array ?? []).compactMap { $0["Name"]?.string?.lowercased() }
        let location = table["StorageDescriptor"]?["Location"]?.string ?? ""
        guard !keys.isEmpty else { return Answer() }
        let known = Set(try await partitions(name).lines)
        var lines: [String] = []
        let root = location.hasSuffix("/") ? location : location + "/"
        for path in try lake.folders(under: location, depth: keys.count) {
            let parts = path.split(separator: "/").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
            guard parts.allSatisfy({ $0.count == 2 }), parts.map({ $0[0].lowercased() }) == keys else { continue }
            let values = parts.map { (key: $0[0].lowercased(), value: String(percentDecoding: $0[1]) ?? $0[1]) }
            guard !known.contains(values.map { "\($0.key)=\($0.value)" }.joined(separator: "/")) else { continue }
            let partition = CatalogStatement.Partition(values: values, location: root + path + "/")
            try await add(partition, to: name, table, ignoring: "AlreadyExistsException")
            lines.append("Repair: Added partition to metastore \(name.table):\(path)")
        }
        if !lines.isEmpty { lines.insert("Partitions not in metastore: \(lines.count)", at: 0) }
        return Answer(columns: ["result"], lines: lines)
    }

    // MARK: Text

    /// Hive's patterns: `*` is any text, `|` separates them.
    private static func matches(_ name: String, _ pattern: String?) -> Bool {
        guard let pattern else { return true }
        return pattern.split(separator: "|").contains { part in
            matches(Array(name.lowercased())[...], Array(part.lowercased().replacing("%", with: "*"))[...])
        }
    }

    private static func matches(_ name: ArraySlice<Character>, _ pattern: ArraySlice<Character>) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        if first == "*" {
            return matches(name, pattern.dropFirst()) || !name.isEmpty && matches(name.dropFirst(), pattern)
        }
        return name.first == first && matches(name.dropFirst(), pattern.dropFirst())
    }

    private static func columns(_ table: JSON) -> [(name: String, type: String, comment: String)] {
        ((table["StorageDescriptor"]?["Columns"]?.array ?? []) + (table["PartitionKeys"]?.array ?? [])).map {
            ($0["Name"]?.string ?? "", $0["Type"]?.string ?? "", $0["Comment"]?.string ?? "")
        }
    }

    private static func padded(_ text: String, _ width: Int = 20) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func description(_ table: JSON) -> Answer {
        var answer = Answer(columns: ["col_name", "data_type", "comment"])
        func line(_ column: (name: String, type: String, comment: String)) -> String {
            "\(padded(column.name))\t\(padded(column.type))\t\(padded(column.comment))"
        }
        answer.lines = columns(table).map(line)
        let keys = table["PartitionKeys"]?.array ?? []
        if !keys.isEmpty {
            answer.lines += [
                "\t \t ", "# Partition Information\t \t ",
                "# col_name            \tdata_type           \tcomment             ", "\t \t ",
            ]
            answer.lines += columns(["PartitionKeys": .array(keys)]).map(line)
        }
        return answer
    }

    private static func definition(_ table: JSON, _ name: CatalogStatement.Name) -> [String] {
        let storage = table["StorageDescriptor"]
        func column(_ column: JSON) -> String {
            let comment = column["Comment"]?.string.map { " COMMENT \(DuckDBText.string($0))" } ?? ""
            return "  `\(column["Name"]?.string ?? "")` \(column["Type"]?.string ?? "")\(comment)"
        }
        func list(_ columns: [JSON]) -> [String] {
            columns.enumerated().map { column($1) + ($0 == columns.count - 1 ? ")" : ", ") }
        }
        var lines = ["CREATE EXTERNAL TABLE `\(name.database).\(name.table)`("] + list(storage?["Columns"]?.array ?? [])
        let keys = table["PartitionKeys"]?.array ?? []
        if !keys.isEmpty { lines += ["PARTITIONED BY ( "] + list(keys) }
        if let serde = storage?["SerdeInfo"]?["SerializationLibrary"]?.string {
            lines += ["ROW FORMAT SERDE ", "  '\(serde)' "]
        }
        if let input = storage?["InputFormat"]?.string {
            lines += [
                "STORED AS INPUTFORMAT ", "  '\(input)' ", "OUTPUTFORMAT ",
                "  '\(storage?["OutputFormat"]?.string ?? "")'",
            ]
        }
        lines += ["LOCATION", "  '\(storage?["Location"]?.string ?? "")'"]
        let properties = (table["Parameters"]?.object ?? [:]).map { "  '\($0.name)'='\($0.value.string ?? "")'" }
        if !properties.isEmpty {
            lines.append("TBLPROPERTIES (")
            lines += properties.enumerated().map { $1 + ($0 == properties.count - 1 ? ")" : ", ") }
        }
        return lines
    }
}

extension CatalogStatement.Column {
    var glue: JSON {
        var column: JSONObject = ["Name": .string(name), "Type": .string(type)]
        column["Comment"] = comment.map(JSON.string)
        return .object(column)
    }
}

extension CatalogStatement.NewTable {
    /// Glue's `TableInput`.
    var glue: JSONObject {
        var parameters: JSONObject = ["EXTERNAL": "TRUE"]
        for (key, value) in properties.sorted(by: { $0.key < $1.key }) { parameters[key] = .string(value) }
        let formats = HiveFormat.of(self)
        if parameters["classification"] == nil {
            parameters["classification"] = formats.classification.map(JSON.string)
        }
        var serdeInfo: JSONObject = ["SerializationLibrary": .string(formats.serde)]
        if !serdeProperties.isEmpty {
            serdeInfo["Parameters"] = .object(
                JSONObject(serdeProperties.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
        }
        var input: JSONObject = [
            "Name": .string(name.table), "TableType": "EXTERNAL_TABLE", "Parameters": .object(parameters),
            "PartitionKeys": .array(partitionKeys.map(\.glue)),
            "StorageDescriptor": [
                "Columns": .array(columns.map(\.glue)), "Location": .string(location),
                "InputFormat": .string(formats.input),
                "OutputFormat": .string(formats.output), "SerdeInfo": .object(serdeInfo),
            ],
        ]
        input["Description"] = comment.map(JSON.string)
        return input
    }
}
