import AWSClient
import AWSModels
import Columns
import Contracts
import Control
import Digest
import FakeAWS
import Foundation
import Iceberg
import JSON
import Lake
import LambdaRuntime
import Parquet
import ParquetRead
import PublishedModels
import TestEmulator
import Testing
import Time

@testable import GoldBuild

/// A sale of a shop, which has a name in another table.
struct Sale: Hashable, Sendable {
    let shop: Int64
    let year: Int32?
    let amount: Int64
}

/// A lake in a fake account with the tables of sales, in partitions by year, and of shops; and the model that joins them.
struct TestLake {
    let aws: FakeAWS
    let gold: GoldBuild
    private let folder: TemporaryDirectory

    static let model = "dm_gold.sales"
    static let statement = """
        SELECT s.year, p.name, sum(s.amount) AS total, count(*) AS sales
          FROM dm_silver.sale s LEFT JOIN dm_silver.shop p ON p.shop = s.shop
         GROUP BY s.year, p.name
        """

    static func contract(isParted: Bool = false, _ properties: String = "", _ more: String = "") -> String {
        """
        {apiVersion: v3.1.0, kind: DataContract, id: sales, version: '1', status: draft,
         customProperties: [{property: periods, value: year}, {property: periodInputs, value: dm_silver.sale},
          {property: lookups, value: dm_silver.shop by shop}\(properties)],
         schema: [{name: sales, properties: [
          {name: year, logicalType: integer, physicalType: int, partitioned: \(isParted)},
          {name: name, logicalType: string}, {name: total, logicalType: integer, physicalType: bigint, required: true},
          {name: sales, logicalType: integer, physicalType: bigint, required: true}]\(more)}]}
        """
    }

    /// - Parameters:
    ///   - lineage: where events of lineage are written; nil for nowhere.
    ///   - former: the statement of which the file of lineage tells; nil for the model's own.
    init(
        contract: String = contract(), statement: String = statement, lineage: String? = nil,
        lineageOf former: String? = nil
    ) throws {
        aws = FakeAWS()
        folder = try TemporaryDirectory()
        let models = "\(folder.path)/models"
        try FileManager.default.createDirectory(atPath: "\(models)/gold", withIntermediateDirectories: true)
        try statement.write(toFile: "\(models)/gold/sales.sql", atomically: true, encoding: .utf8)
        try contract.write(toFile: "\(models)/gold/sales.odcs.yaml", atomically: true, encoding: .utf8)
        try Self.writeLineage(of: former ?? statement, to: models)
        let aws = aws
        gold = GoldBuild(
            settings: Settings(
                aws: aws.client,
                models: ModelsInForce(
                    folder: models, store: ModelStore(bucket: "lake", objects: ObjectStore(aws.client))),
                lakeBucket: "lake",
                objects: ObjectStore(aws.client),
                engine: Engine(program: "\(Programs.packageRoot)/.venv-duckdb/duckdb", memoryInMB: 256),
                temporaryFolder: folder.path, clock: ClockAndChance(now: { aws.now }),
                control: ControlTable(name: "control", client: aws.client, now: { aws.now }),
                lineage: try lineage.map {
                    try LineageLog(
                        ObjectStore(aws.client), location: $0, jobs: "shop", datasets: "arn:aws:glue:eu-west-1:1")
                }))
    }

    /// Writes what `infra/model lineage` would say of the names of shops.
    private static func writeLineage(of statement: String, to models: String) throws {
        let lineage: JSON = [
            "sql": .string(Digest.sha256(Array(statement.utf8)).hexadecimal),
            "columns": ["name": [["dm_silver.shop", "name", "IDENTITY"]], "sales": []],
            "rows": [["dm_silver.sale", "shop", "JOIN"], ["dm_silver.shop", "shop", "JOIN"]],
        ]
        try Data(lineage.bytes).write(to: URL(filePath: "\(models)/gold/sales.lineage.json"))
    }

    /// The events that were written, those of starts first.
    func lineageEvents() throws -> [String] {
        let keys = try ObjectStore(aws.client).listAll(bucket: "lake", prefix: "lineage/").map(\.key)
        let starts = keys.filter { $0.contains("-START") }
        return (starts + keys.filter { !$0.contains("-START") }).map { key in
            String(decoding: aws.bytes(of: S3Object(bucket: "lake", key: key)) ?? [], as: UTF8.self)
        }
    }

    /// Whether a request is one that a build makes even if nothing has changed.
    static func isReadAlways(_ request: String) -> Bool {
        request.hasPrefix("GET /iceberg/") || request == "GetItem" || request == "GET /lake/models/current.json"
    }

    @discardableResult
    func build(_ model: String = model) throws -> JSON { try handle(["model": .string(model)]) }

    /// What the state machine asks of the function, as a step of an execution.
    /// - Parameter execution: nil for somebody who calls the function himself.
    func step(_ execution: String?, _ members: [String: JSON] = [:], limits: BuildLimits) throws -> JSON {
        var settings = gold.settings
        settings.limits = limits
        var event: JSONObject = ["model": .string(Self.model)]
        event["lease_owner"] = execution.map(JSON.string)
        for (name, value) in members { event[name] = value }
        return try GoldBuild(settings: settings).handle(.object(event), context)
    }

    /// What a task does that an execution has started, or Spark, which writes no events.
    func task(
        of execution: String, asSpark: Bool = false, isInterrupted: @escaping @Sendable () -> Bool = { false }
    ) throws -> JSON {
        var settings = gold.settings
        settings.isInterrupted = isInterrupted
        if asSpark { (settings.lineage, settings.control) = (nil, nil) }
        return try GoldBuild(settings: settings, worker: .execution(execution)).handle(
            ["model": .string(Self.model)], context)
    }

    func levels() throws -> [[String]] {
        (try handle([:])["levels"]?.array ?? []).map { ($0.array ?? []).compactMap(\.string) }
    }

    /// What the state machine says of a build whose function did not answer.
    @discardableResult
    func report(_ error: String, _ cause: String, of model: String = TestLake.model) throws -> JSON {
        try handle(["model": .string(model), "failure": ["Error": .string(error), "Cause": .string(cause)]])
    }

    func diff(_ sql: String, _ contract: String, examples: Int = 10) throws -> JSON {
        try handle([
            "model": .string(Self.model),
            "diff": ["sql": .string(sql), "contract": .string(contract), "examples": .int(examples)],
        ])
    }

    private var context: InvocationContext {
        InvocationContext(requestID: "request", deadline: .now + .seconds(600), log: Log(sink: { _ in }))
    }

    private func handle(_ event: JSON) throws -> JSON { try gold.handle(event, context) }

    // MARK: Inputs

    private static let sales = IcebergSchema(
        id: 0,
        fields: [
            IcebergField(id: 1, name: "shop", isRequired: false, type: .long),
            IcebergField(id: 2, name: "year", isRequired: false, type: .int),
            IcebergField(id: 3, name: "amount", isRequired: false, type: .long),
        ])
    private static let shops = IcebergSchema(
        id: 0,
        fields: [
            IcebergField(id: 1, name: "shop", isRequired: true, type: .long),
            IcebergField(id: 2, name: "name", isRequired: false, type: .string),
            IcebergField(id: 3, name: "phone", isRequired: false, type: .long),
        ], identifierIDs: [1])

    /// Makes the rows of these years those of the table.
    /// - Parameter names: what their files call the columns shop, year and amount.
    func put(_ rows: [Sale], years: Set<Int32?>, named names: [String]? = nil) throws {
        try put(Self.files(rows, years), into: "sale", Self.sales, Self.salesSpec, named: names) { file in
            years.contains { $0.map { IcebergValue.int($0) } == file.partition[0] }
        }
    }

    /// Adds sales to those that are there, in a file more of each year.
    func add(_ rows: [Sale]) throws {
        try put(Self.files(rows, Set(rows.map(\.year))), into: "sale", Self.sales, Self.salesSpec) { _ in false }
    }

    private static let salesSpec = PartitionSpec(
        id: 0, fields: [PartitionSpec.Field(sourceID: 2, fieldID: 1000, name: "year", transform: .identity)])

    private static func files(_ rows: [Sale], _ years: Set<Int32?>) -> [TestFile] {
        years.map { year in
            let rows = rows.filter { $0.year == year }
            return TestFile(
                partition: [year.map { IcebergValue.int($0) }], rowCount: rows.count,
                columns: [
                    .longs(rows.map { $0.shop }), .ints(rows.map { $0.year }), .longs(rows.map { $0.amount }),
                ])
        }
    }

    /// Makes these shops, and their telephones, all of the table.
    func put(_ names: [Int64: String], phone: Int64 = 1) throws { try put(names, phone: phone) { _ in true } }

    /// Adds shops to those that are there, in a file more.
    func add(_ names: [Int64: String]) throws { try put(names, phone: 1) { _ in false } }

    private func put(_ names: [Int64: String], phone: Int64, replacing: (DataFile) -> Bool) throws {
        let keys = names.keys.sorted()
        let file = TestFile(
            partition: [], rowCount: keys.count,
            columns: [.longs(keys), .texts(keys.map { names[$0] }), .longs(keys.map { _ in phone })])
        try put([file], into: "shop", Self.shops, PartitionSpec(id: 0, fields: []), replacing: replacing)
    }

    private func put(
        _ files: [TestFile], into table: String,
        _ schema: IcebergSchema, _ spec: PartitionSpec, named names: [String]? = nil, replacing: (DataFile) -> Bool
    ) throws {
        let catalog = try LakeCatalog(aws.client)
        let stored = try catalog.createTable(
            table, in: "dm_silver", location: "s3://lake/silver/\(table)", schema: schema, spec: spec, properties: [:])
        let metadata = stored.metadata
        let storage = LakeStorage(ObjectStore(aws.client))
        let old = try TableFiles(of: metadata.currentSnapshot, in: metadata) { try storage.read($0) }
        let token = UUID().uuidString
        var added: [DataFile] = []
        for (number, file) in files.enumerated() where file.rowCount > 0 {
            var writer = ParquetWriter(
                try ParquetSchema(
                    zip(schema.fields.indices, file.columns).map { place, column in
                        let field = schema.fields[place]
                        return column.column(field, named: names?[place] ?? field.name)
                    }))
            try writer.append(rowCount: file.rowCount, columns: file.columns.map(\.array))
            var bytes: [UInt8] = []
            writer.finish { (piece: UnsafeRawBufferPointer) in bytes += piece }
            let location = "s3://lake/silver/\(table)/data/\(token)-\(number).parquet"
            try storage.write(bytes, to: location, contentType: "application/vnd.apache.parquet")
            let footer = try ParquetFile(reading: MemoryRanges(bytes)).metadata
            var data = try DataFile(footer, at: location, sizeInBytes: bytes.count, schema)
            data.partition = file.partition
            added.append(data)
        }
        let draft = try SnapshotDraft(
            of: metadata, old, adding: added, removing: Set(old.dataFiles.filter(replacing).map(\.path)),
            schema: schema,
            id: Snapshot.newID(from: UUID().uuidString), token: token, timestamp: aws.now.milliseconds, summary: [:])
        for file in draft.files { try storage.write(file.bytes, to: file.path, contentType: "application/avro") }
        var change = TableChange(of: metadata)
        change.advance(to: draft.snapshot)
        guard case .committed = try catalog.commit(change, to: table, in: "dm_silver") else {
            Issue.record("the table \(table) could not be written")
            return
        }
    }

    // MARK: The result

    /// The bytes of the data files of the inputs.
    func inputSize() throws -> Int {
        let storage = LakeStorage(ObjectStore(aws.client))
        return try ["sale", "shop"].reduce(0) { total, name in
            let metadata = try #require(try LakeCatalog(aws.client).table(name, in: "dm_silver")).metadata
            let files = try TableFiles(of: metadata.currentSnapshot, in: metadata) { try storage.read($0) }
            return files.dataFiles.reduce(total) { $0 + Int($1.sizeInBytes) }
        }
    }

    func records() throws -> [ControlRecord] { try aws.items(in: "control").map { try ControlRecord(item: $0) } }

    func metadata() throws -> TableMetadata? {
        try LakeCatalog(aws.client).table("sales", in: "dm_gold")?.metadata
    }

    /// The paths of the files of the model's table.
    func dataFiles() throws -> Set<String> {
        guard let metadata = try metadata() else { return [] }
        let storage = LakeStorage(ObjectStore(aws.client))
        let files = try TableFiles(of: metadata.currentSnapshot, in: metadata) { try storage.read($0) }
        return Set(files.dataFiles.map(\.path))
    }

    /// The rows of the model's table as `year name total sales`, sorted.
    func rows() throws -> [String] {
        guard let metadata = try metadata() else { return [] }
        let storage = LakeStorage(ObjectStore(aws.client))
        let files = try TableFiles(of: metadata.currentSnapshot, in: metadata) { try storage.read($0) }
        var rows: [String] = []
        for file in files.dataFiles {
            let object = try #require(LakeStorage.object(at: file.path))
            let parquet = try ParquetFile(reading: ObjectRanges(storage.objects, object, size: Int(file.sizeInBytes)))
            let fields = metadata.currentSchema.fields
            let places = try fields.map { try #require(parquet.metadata.column(fieldID: $0.id)).index }
            for group in parquet.metadata.rowGroups.indices {
                var reader = try parquet.rows(ofGroup: group, columns: places)
                while let batch = try reader.next(upTo: 1000) {
                    let columns = batch.columns.map { ColumnRows($0, rowCount: batch.rowCount) }
                    for row in 0..<batch.rowCount {
                        let values = zip(fields, columns).map { Self.text(IcebergValue($1, row, $0.type)) }
                        if let partition = file.partition.first { #expect(Self.text(partition) == values[0]) }
                        rows.append(values.joined(separator: " "))
                    }
                }
            }
        }
        return rows.sorted()
    }

    /// What they must be.
    static func expected(_ sales: [Sale], _ shops: [Int64: String]) -> [String] {
        struct Group: Hashable {
            let year: Int32?
            let name: String?
        }
        let groups = Dictionary(grouping: sales) { Group(year: $0.year, name: shops[$0.shop]) }
        return groups.map { group, sales in
            let year = group.year.map { "\($0)" } ?? "-"
            return "\(year) \(group.name ?? "-") \(sales.reduce(0) { $0 + $1.amount }) \(sales.count)"
        }.sorted()
    }

    private static func text(_ value: IcebergValue?) -> String {
        switch value {
        case .int(let value): "\(value)"
        case .long(let value): "\(value)"
        case .string(let value): value
        default: "-"
        }
    }
}

/// A file of a test's table.
private struct TestFile {
    let partition: [IcebergValue?]
    let rowCount: Int
    let columns: [TestColumn]
}

/// The values of a column of a test's file.
enum TestColumn {
    case longs([Int64?])
    case ints([Int32?])
    case texts([String?])

    func column(_ field: IcebergField, named name: String) -> ParquetColumn {
        switch self {
        case .longs:
            ParquetColumn(name: name, physicalType: .int64, isRequired: field.isRequired, fieldID: field.id)
        case .ints: ParquetColumn(name: name, physicalType: .int32, fieldID: field.id)
        case .texts: ParquetColumn(name: name, physicalType: .byteArray, logicalType: .string, fieldID: field.id)
        }
    }

    var array: ColumnArray {
        switch self {
        case .longs(let values): Self.array(values, .int64) { .int64([$0]) }
        case .ints(let values): Self.array(values, .int32) { .int32([$0]) }
        case .texts(let values):
            Self.array(values, .byteArray) { text in
                var texts = ByteArrays()
                texts.append(text.utf8)
                return .byteArray(texts)
            }
        }
    }

    private static func array<Value>(
        _ values: [Value?], _ type: PhysicalType, _ one: (Value) -> ColumnValues
    ) -> ColumnArray {
        var array = ColumnArray(.empty(type))
        for (row, value) in values.enumerated() {
            if let value {
                array.append(ColumnRows(ColumnArray(one(value)), rowCount: 1), 0..<1, after: row)
            } else {
                array.appendNulls(1, after: row)
            }
        }
        return array
    }
}
