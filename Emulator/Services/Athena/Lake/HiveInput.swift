internal import DuckDB
internal import EmulatorCore
internal import JSON
internal import URLCoding

/// A table of Parquet files in folders, as Hive has them: Glue knows its partitions, or its parameters say how to project them.
struct HiveInput {
    private let use: TableUse
    private let table: JSON
    private let objects: any ObjectStore
    private let peers: Peers

    private struct Column {
        let name: String
        let type: String
    }

    /// Where some of the files are, and what their rows have in the columns of the partition.
    private struct Folder {
        let location: String
        let values: [String?]
    }

    init(_ use: TableUse, table: JSON, _ objects: any ObjectStore, _ peers: Peers) {
        self.use = use
        self.table = table
        self.objects = objects
        self.peers = peers
    }

    /// Of the columns that the engine makes of folders. No data column may have such a name.
    private static let keyName = "cupel_partition_"

    func view(_ name: String, in place: String, _ limit: inout ScanLimit) async throws -> [String] {
        let columns = try columns("Columns", of: table["StorageDescriptor"] ?? [:])
        let keys = try self.columns("PartitionKeys", of: table)
        if case .facts = use.state {
            let rows = try await folders(keys).map(\.values)
            return ["CREATE VIEW \(name) AS \(Self.partitions(keys, rows))"]
        }
        let format = table["StorageDescriptor"]?["InputFormat"]?.string ?? ""
        guard format.lowercased().contains("parquet") else {
            throw SQLProblem.notEmulated("a table of the format \(format)", at: use.offset)
        }
        var files: [String] = []
        let folders = try await folders(keys)
        let found = try folders.map { try self.files(under: $0.location) }
        try limit.scan(found.joined().reduce(0) { $0 + $1.size })
        for (folder, objectsThere) in zip(folders, found) where !objectsThere.isEmpty {
            let path = zip(keys.indices, folder.values).map { number, value in
                "\(Self.keyName)\(number)=\(value.map { $0.percentEncoded() } ?? "__HIVE_DEFAULT_PARTITION__")"
            }
            let target = ([place] + path).joined(separator: "/")
            try LocalFolder.make(target)
            for object in objectsThere {
                let file = "\(target)/\(files.count).parquet"
                try objects.copyObject(object.location, toFile: file)
                files.append(file)
            }
        }
        let typed = (columns + keys).map { "CAST(NULL AS \($0.type)) AS \(DuckDBText.name($0.name))" }
        guard !files.isEmpty else {
            return ["CREATE VIEW \(name) AS SELECT \(typed.joined(separator: ", ")) WHERE false"]
        }
        // A file without rows has every column, because no other file may have some of them.
        try LocalFolder.make(place)
        let form = ([place] + keys.indices.map { "\(Self.keyName)\($0)=0" }).joined(separator: "/")
        try LocalFolder.make(form)
        let empty =
            "COPY (SELECT \(typed.prefix(columns.count).joined(separator: ", ")) WHERE false) TO "
            + "\(DuckDBText.string("\(form)/form.parquet")) (FORMAT parquet)"
        let selected =
            columns.map { "CAST(\(DuckDBText.name($0.name)) AS \($0.type)) AS \(DuckDBText.name($0.name))" }
            + keys.enumerated().map { "CAST(\(Self.keyName)\($0) AS \($1.type)) AS \(DuckDBText.name($1.name))" }
        let list = (["\(form)/form.parquet"] + files).map(DuckDBText.string).joined(separator: ", ")
        let view =
            "CREATE VIEW \(name) AS SELECT \(selected.joined(separator: ", ")) FROM read_parquet([\(list)], "
            + "union_by_name=true, hive_partitioning=\(!keys.isEmpty), hive_types_autocast=false)"
        return [empty, view]
    }

    private static func partitions(_ keys: [Column], _ rows: [[String?]]) -> String {
        let names = keys.map { DuckDBText.name($0.name) }.joined(separator: ", ")
        let list = (rows.isEmpty ? [keys.map { _ in nil }] : rows).map { row in
            "(\(row.map { $0.map(DuckDBText.string) ?? "NULL" }.joined(separator: ", ")))"
        }
        let typed = keys.map { "CAST(\(DuckDBText.name($0.name)) AS \($0.type)) AS \(DuckDBText.name($0.name))" }
        return
            "SELECT DISTINCT \(typed.joined(separator: ", ")) FROM (VALUES \(list.joined(separator: ", "))) AS t(\(names))"
            + (rows.isEmpty ? " WHERE false" : "")
    }

    private func columns(_ member: String, of document: JSON) throws -> [Column] {
        try (document[member]?.array ?? []).map { column in
            let (name, text) = (column["Name"]?.string ?? "", column["Type"]?.string ?? "string")
            guard let type = HiveType.engineName(of: text) else {
                throw SQLProblem.notEmulated("the column \(name) of type \(text)", at: use.offset)
            }
            return Column(name: name.lowercased(), type: type)
        }
    }

    // MARK: Where the files are

    private var location: String { table["StorageDescriptor"]?["Location"]?.string ?? "" }

    private func folders(_ keys: [Column]) async throws -> [Folder] {
        guard !keys.isEmpty else { return [Folder(location: location, values: [])] }
        let parameters = table["Parameters"]
        if parameters?["projection.enabled"]?.string?.lowercased() == "true" {
            return try PartitionProjection(table, keys.map(\.name), offset: use.offset).folders(objects).map {
                Folder(location: $0.location, values: $0.values)
            }
        }
        var folders: [Folder] = []
        var token: String?
        repeat {
            var input: JSONObject = ["DatabaseName": .string(use.database), "TableName": .string(use.table)]
            input["NextToken"] = token.map(JSON.string)
            let page = try await LakeReader(peers: peers).glue("GetPartitions", .object(input))
            for partition in page["Partitions"]?.array ?? [] {
                let values = (partition["Values"]?.array ?? []).map { value in
                    value.string == "__HIVE_DEFAULT_PARTITION__" ? nil : value.string
                }
                let location = partition["StorageDescriptor"]?["Location"]?.string ?? ""
                folders.append(Folder(location: location, values: values))
            }
            token = page["NextToken"]?.string
        } while token != nil
        return folders
    }

    /// The objects under a location, without those that Hive hides.
    private func files(under location: String) throws -> [(location: ObjectLocation, size: Int)] {
        let folder = location.hasSuffix("/") ? location : location + "/"
        guard let place = ObjectLocation(s3: folder) else {
            throw SQLProblem.semantic(
                "HIVE_FILESYSTEM_ERROR", "The location \(location) is not in Amazon S3", at: use.offset)
        }
        return try objects.allObjects(in: place.bucket, prefix: place.key).compactMap { object in
            let name = object.key.split(separator: "/").last ?? ""
            guard object.size > 0, !name.hasPrefix("_"), !name.hasPrefix(".") else { return nil }
            return (ObjectLocation(bucket: place.bucket, key: object.key), object.size)
        }
    }
}
