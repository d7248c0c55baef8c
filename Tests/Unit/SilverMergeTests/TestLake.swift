import AWSClient
import AWSModels
import Columns
import Contracts
import Control
import FakeAWS
import Iceberg
import JSON
import Lake
import LambdaRuntime
import Parquet
import ParquetRead
import PublishedContracts
import Testing
import Time

@testable import SilverMerge

/// A bronze bucket, a control table and a catalog in one fake account, and workers that take one table to silver.
struct TestLake {
    let aws: FakeAWS
    let contract: Contract
    let control: ControlTable
    let merge: SilverMerge

    static let table = """
        {apiVersion: v3.1.0, kind: DataContract, id: t, version: '1', status: draft, schema: [{name: t, properties: [
         {name: id, logicalType: integer, physicalType: bigint, primaryKey: true, primaryKeyPosition: 1},
         {name: name, logicalType: string}, {name: score, logicalType: integer, physicalType: int}]}]}
        """

    init(contract text: String = table, _ aws: FakeAWS = FakeAWS()) throws {
        self.aws = aws
        contract = try Contract(parsing: text, file: "t")
        control = ControlTable(name: "control", client: aws.client, now: { aws.now })
        merge = SilverMerge(
            settings: Settings(
                aws: aws.client, contracts: ContractSource(ContractCatalog([contract])), lakeBucket: "lake",
                control: control, objects: ObjectStore(aws.client), clock: ClockAndChance(now: { aws.now })))
    }

    /// The same account with another contract in force.
    func under(_ contract: String) throws -> TestLake { try TestLake(contract: contract, aws) }

    /// Takes what waits to silver, once.
    @discardableResult
    func merge(as owner: String = "worker") throws -> JSON {
        let context = InvocationContext(
            requestID: owner, deadline: .now + .seconds(3600), log: Log(sink: { _ in }))
        return try merge.handle(["table": "t"], context)
    }

    /// Lets all leases of workers that died run out, and takes everything that waits to silver.
    func settle() throws {
        aws.advance(byMilliseconds: 1_000_000)
        while true {
            let outcome = try merge(as: "last")
            guard outcome["outcome"] == "done" else {
                #expect(outcome["outcome"] == "nothing", "\(outcome)")
                return
            }
        }
    }

    /// Puts a bronze file, whose record waits for silver.
    /// - Parameters:
    ///   - hasOrders: whether its rows have their place in the order of changes; those of batch files have none.
    ///   - former: where the file's former version is, whose rows it replaces.
    @discardableResult
    func put(
        _ changes: [TestChange], as name: String, hasOrders: Bool = true, replacing former: String? = nil,
        of source: String? = nil, version: Int = 1
    ) throws -> ControlRecord {
        try put(bytes: bronze(changes, hasOrders: hasOrders, of: source), as: name, replacing: former, version: version)
    }

    /// Puts a bronze file as bronze-writer does, which says in its metadata what version of a raw file it is.
    @discardableResult
    func put(
        bytes: [UInt8], as name: String, replacing former: String? = nil, version number: Int = 1
    ) throws -> ControlRecord {
        let key = "bronze/t/\(name).parquet"
        aws.advance(byMilliseconds: 1)
        let version = VersionOrder(
            controlID: ControlID(bucket: "stage", key: name, version: "\(number)", schema: .bronze),
            sequencer: nil, createdAt: aws.now)
        aws.put(bytes, to: S3Object(bucket: "lake", key: key), metadata: version.metadata)
        var record = ControlRecord(
            controlID: ControlID(bucket: "lake", key: key, version: version.controlID.text, schema: .silver),
            schema: .silver, table: "t", bucket: "lake", objectKey: key, objectVersion: .eTag("e"),
            fileFormat: .parquet,
            fileSizeInBytes: bytes.count, createdAt: aws.now)
        record.supersededKey = former
        aws.putItem(record.item, in: "control")
        return record
    }

    /// The bronze file of some changes.
    /// - Parameter source: the raw file that it was made of.
    func bronze(_ changes: [TestChange], hasOrders: Bool = true, of source: String? = nil) throws -> [UInt8] {
        let columns: [(ParquetColumn, [TestValue?])] = [
            (ParquetColumn(name: "id", physicalType: .int64, fieldID: 1), changes.map { .long($0.id) }),
            (
                ParquetColumn(name: "name", physicalType: .byteArray, logicalType: .string, fieldID: 2),
                changes.map { $0.name.map { .text($0) } }
            ),
            (
                ParquetColumn(name: "score", physicalType: .int32, fieldID: 3),
                changes.map { $0.score.map { .int($0) } }
            ),
        ]
        return try bronzeFile(columns, changes, hasOrders: hasOrders, of: source)
    }

    /// The table as the catalog has it.
    func metadata() throws -> TableMetadata? {
        try LakeCatalog(aws.client).table("t", in: SilverTable.namespace)?.metadata
    }

    /// The rows of the table in their order, as a reader sees them by the current schema: `name=value` of all columns but those
    /// that silver keeps for itself.
    func texts() throws -> [String] {
        guard let metadata = try metadata() else { return [] }
        let storage = LakeStorage(ObjectStore(aws.client))
        let files = try TableFiles(of: metadata.currentSnapshot, in: metadata) { try storage.read($0) }
        var rows: [String] = []
        for file in files.dataFiles {
            let object = try #require(LakeStorage.object(at: file.path))
            let parquet = try ParquetFile(reading: ObjectRanges(storage.objects, object, size: Int(file.sizeInBytes)))
            let fields = metadata.currentSchema.fields.filter {
                !$0.name.hasPrefix("_cdc_") && !["created_at", "updated_at"].contains($0.name)
            }
            let stored = fields.map { field in
                parquet.metadata.column(fieldID: field.id).flatMap { StoredColumn($0, to: field.type) }
            }
            for group in parquet.metadata.rowGroups.indices {
                var reader = try parquet.rows(ofGroup: group, columns: stored.compactMap { $0?.index })
                while let batch = try reader.next(upTo: 1000) {
                    var arrays = batch.columns.makeIterator()
                    let columns = stored.map { place in
                        place.flatMap { place in
                            arrays.next().map { ColumnRows(place.conversion($0), rowCount: batch.rowCount) }
                        }
                    }
                    for row in 0..<batch.rowCount {
                        rows.append(
                            zip(fields, columns).map { "\($0.name)=\($1?.description(of: row) ?? "-")" }
                                .joined(separator: " "))
                    }
                }
            }
        }
        return rows.sorted()
    }

    /// All rows of the table.
    func rows() throws -> [Int64: TestRow] {
        guard let metadata = try metadata() else { return [:] }
        let storage = LakeStorage(ObjectStore(aws.client))
        let files = try TableFiles(of: metadata.currentSnapshot, in: metadata) { try storage.read($0) }
        return try storedRows(of: files.dataFiles, aws)
    }

    /// The names of the batches that snapshots have.
    func batches() throws -> [String] {
        try metadata()?.snapshots.compactMap { $0.batch?.id } ?? []
    }

    func records() throws -> [ControlRecord] {
        try aws.items(in: "control").filter { $0["schema_name"] == .string("dm_silver") }.map {
            try ControlRecord(item: $0)
        }
    }
}

extension ColumnRows {
    fileprivate func description(of row: Int) -> String {
        let range = values(of: row..<row + 1)
        guard let place = range.first else { return "-" }
        return switch array.values {
        case .boolean(let values): "\(values[place])"
        case .int32(let values): "\(values[place])"
        case .int64(let values): "\(values[place])"
        case .float(let values): "\(values[place])"
        case .double(let values): "\(values[place])"
        case .byteArray(let texts): String(decoding: texts[place], as: UTF8.self)
        case .fixedLengthByteArray(let bytes, let length):
            "\(bytes[place * length..<(place + 1) * length].reduce(bytes[place * length] < 0x80 ? 0 : Int128(-1)) { $0 << 8 | Int128($1) })"
        }
    }
}

/// A value of a column of a test's file.
enum TestValue: Sendable {
    case float(Float)
    case int(Int32)
    case long(Int64)
    case text(String)
}

/// A bronze file: the columns, and those that bronze adds.
func bronzeFile(
    _ columns: [(column: ParquetColumn, values: [TestValue?])], _ changes: [TestChange], hasOrders: Bool = true,
    of source: String? = nil
) throws -> [UInt8] {
    func system(_ name: String) -> ParquetColumn {
        ParquetColumn(name: name, physicalType: .byteArray, logicalType: .string)
    }
    func list(_ names: Set<String>) -> String { JSON.array(names.sorted().map { .string($0) }).text }
    let all: [(ParquetColumn, [TestValue?])] =
        columns + [
            (system("operation"), changes.map { .text("\($0.operation)") }),
            (system("_cdc_timestamp"), changes.map { _ in nil }),
            (system("_cdc_order"), changes.map { hasOrders ? .text($0.order) : nil }),
            (system("_cdc_unchanged"), changes.map { $0.leavesOut.isEmpty ? nil : .text(list($0.leavesOut)) }),
            (system("_cdc_previous_key"), changes.map { $0.formerID.map { .text("{\"id\":\($0)}") } }),
        ]
    var options = WriterOptions()
    if let source { options.keyValues = [("cupel.source", source)] }
    var writer = ParquetWriter(try ParquetSchema(all.map(\.0)), options)
    try writer.append(rowCount: changes.count, columns: all.map { columnArray($0.1, $0.0.physicalType) })
    var bytes: [UInt8] = []
    writer.finish { (piece: UnsafeRawBufferPointer) in bytes += piece }
    return bytes
}

func columnArray(_ values: [TestValue?], _ type: PhysicalType) -> ColumnArray {
    var array = ColumnArray(.empty(type))
    for (row, value) in values.enumerated() {
        let one: ColumnValues
        switch value {
        case nil:
            array.appendNulls(1, after: row)
            continue
        case .float(let value): one = .float([value])
        case .int(let value): one = .int32([value])
        case .long(let value): one = .int64([value])
        case .text(let value):
            var texts = ByteArrays()
            texts.append(value.utf8)
            one = .byteArray(texts)
        }
        array.append(ColumnRows(ColumnArray(one), rowCount: 1), 0..<1, after: row)
    }
    return array
}

/// The rows of data files, of which none has a key that another has.
func storedRows(of files: [DataFile], _ aws: FakeAWS) throws -> [Int64: TestRow] {
    var result: [Int64: TestRow] = [:]
    for file in files {
        let object = try #require(LakeStorage.object(at: file.path))
        let parquet = try ParquetFile(
            reading: ObjectRanges(ObjectStore(aws.client), object, size: Int(file.sizeInBytes)))
        var count = 0
        for group in parquet.metadata.rowGroups.indices {
            var reader = try parquet.rows(ofGroup: group, columns: Array(0..<8))
            while let batch = try reader.next(upTo: 1000) {
                let columns = batch.columns.map { ColumnRows($0, rowCount: batch.rowCount) }
                for row in 0..<batch.rowCount {
                    let id = try #require(columns[0].long(of: row))
                    let score: Int32? =
                        if case .int32(let values) = columns[2].array.values, columns[2].isPresent(row) {
                            values[columns[2].values(of: row..<row + 1).lowerBound]
                        } else { nil }
                    let made = TestRow(
                        name: columns[1].text(of: row).map { String(decoding: $0, as: UTF8.self) }, score: score,
                        createdAt: try #require(columns[3].long(of: row)),
                        updatedAt: try #require(columns[4].long(of: row)), deletedAt: columns[5].long(of: row),
                        order: String(decoding: try #require(columns[6].text(of: row)), as: UTF8.self))
                    #expect(result.updateValue(made, forKey: id) == nil, "key \(id) twice")
                }
                count += batch.rowCount
            }
        }
        #expect(file.recordCount == Int64(count))
    }
    return result
}

/// The keys of a data file, in the order of its rows.
enum ParquetKeys {
    static func read(_ store: ObjectStore, _ object: S3Object, _ size: Int) throws -> [Int64] {
        let parquet = try ParquetFile(reading: ObjectRanges(store, object, size: size))
        var keys: [Int64] = []
        for group in parquet.metadata.rowGroups.indices {
            var reader = try parquet.rows(ofGroup: group, columns: [0])
            while let batch = try reader.next(upTo: 1000) {
                let column = ColumnRows(batch.columns[0], rowCount: batch.rowCount)
                keys += (0..<batch.rowCount).compactMap { column.long(of: $0) }
            }
        }
        return keys
    }
}
