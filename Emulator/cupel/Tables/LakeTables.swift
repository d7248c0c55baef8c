internal import AWSClient
internal import AWSModels
internal import Contracts
internal import Control
internal import Iceberg
internal import JSON
internal import Lake
internal import ParquetRead

/// The tables of the lake, as the catalog and the control table have them.
struct LakeTables {
    let pipeline: Pipeline
    private let catalog: LakeCatalog

    /// The layers whose tables the catalog has.
    private static let layers = [Layer.silver, .gold]

    /// A table's database and name.
    struct Name: Hashable, CustomStringConvertible {
        let database: String
        let table: String

        /// The layer that keeps its tables in the database; nil for another database.
        var layer: Layer? { LakeTables.layers.first { $0.schema.rawValue == database } }

        /// As people write it: `silver.beer`.
        var description: String { "\(layer?.rawValue ?? database).\(table)" }
        /// As the catalog has it: `dm_silver.beer`.
        var qualified: String { "\(database).\(table)" }
    }

    /// The bronze files that have not reached a table.
    struct Backlog {
        var waiting = 0
        var failed = 0
    }

    init(_ pipeline: Pipeline) throws(CommandFailure) {
        self.pipeline = pipeline
        do throws(LakeError) { catalog = try LakeCatalog(pipeline.client) } catch { throw pipeline.failure(error) }
    }

    var storage: LakeStorage { LakeStorage(ObjectStore(pipeline.client)) }

    /// All tables of all layers, by layer and name.
    func names() throws(CommandFailure) -> [Name] {
        var names: [Name] = []
        do throws(LakeError) {
            for layer in Self.layers {
                let database = layer.schema.rawValue
                names += try catalog.tables(in: database).map { Name(database: database, table: $0) }
            }
        } catch { throw pipeline.failure(error) }
        return names
    }

    /// The table; nil if it is gone.
    func table(_ name: Name) throws(CommandFailure) -> LakeCatalog.Table? {
        do throws(LakeError) { return try catalog.table(name.table, in: name.database) } catch {
            throw pipeline.failure(error)
        }
    }

    /// The table that a user names.
    func find(_ text: String) throws(CommandFailure) -> (Name, LakeCatalog.Table) {
        for name in Self.candidates(text) {
            if let table = try table(name) { return (name, table) }
        }
        throw .notFound(Self.notFound(text, among: try names(), backlog: try backlog()))
    }

    static func candidates(_ text: String) -> [Name] {
        let text = text.lowercased()
        guard let dot = text.firstIndex(of: ".") else {
            return layers.map { Name(database: $0.schema.rawValue, table: text) }
        }
        let (database, table) = (String(text[..<dot]), String(text[text.index(after: dot)...]))
        let layer = layers.first { $0.rawValue == database }
        return [Name(database: layer?.schema.rawValue ?? database, table: table)]
    }

    /// What to say of a table that does not exist: what waits for it, or the name that was probably meant.
    static func notFound(_ text: String, among names: [Name], backlog: [Name: Backlog]) -> String {
        if let wanted = candidates(text).first(where: { backlog[$0] != nil }), let files = backlog[wanted] {
            let failed = files.failed > 0 ? ", \(files.failed) failed (cupel status --layer silver)" : ""
            return "there is no table \(wanted) yet: \(files.waiting) bronze files wait for it\(failed)"
        }
        let wanted = Array((candidates(text).first?.table ?? text).utf8)
        let near = names.filter { name in
            let known = Array(name.table.utf8)
            return EditDistance.between(wanted, known) <= 2 || known.starts(with: wanted) || wanted.starts(with: known)
        }
        let meant = near.isEmpty ? "" : "; did you mean \(near.map(\.description).joined(separator: " or "))?"
        guard !names.isEmpty else { return "there is no table \(text): the catalog has no tables of silver and gold" }
        let listed = names.prefix(10).map(\.description).joined(separator: ", ") + (names.count > 10 ? ", …" : "")
        return "there is no table \(text)\(meant.isEmpty ? "; the tables are \(listed)" : meant)"
    }

    /// The bronze files that wait for each silver table, and those that failed.
    func backlog() throws(CommandFailure) -> [Name: Backlog] {
        var backlog: [Name: Backlog] = [:]
        do throws(ControlError) {
            try pipeline.control.forEachRecord(.open(in: .silver)) { (record) throws(ControlError) in
                let name = Name(database: record.schema.rawValue, table: record.table)
                if record.status == .error {
                    backlog[name, default: Backlog()].failed += 1
                } else {
                    backlog[name, default: Backlog()].waiting += 1
                }
                return true
            }
        } catch { throw pipeline.failure(error) }
        return backlog
    }

    /// The data files of a snapshot; none for the table before its first one.
    func files(of snapshot: Snapshot?, _ table: LakeCatalog.Table) throws -> TableFiles {
        do {
            return try TableFiles(of: snapshot, in: table.metadata) { try storage.read($0) }
        } catch let error as LakeError {
            throw pipeline.failure(error)
        } catch let error as IcebergError {
            throw CommandFailure.failed("\(table.metadataLocation): \(error)")
        }
    }

    /// Opens a data file.
    func open(_ file: DataFile) throws -> ParquetFile {
        guard let object = LakeStorage.object(at: file.path) else {
            throw CommandFailure.failed("the data file \(file.path) is not in S3")
        }
        return try reading(file.path) {
            try ParquetFile(reading: ObjectRanges(storage.objects, object, size: Int(file.sizeInBytes)))
        }
    }

    /// Does what reads a file of a table; its errors name the file.
    func reading<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as AWSError {
            throw error.isNotFound
                ? CommandFailure.failed("the data file \(path) is gone: \(error)") : pipeline.failure(error)
        } catch let error as ParquetReadError {
            throw CommandFailure.failed("\(path): \(error)")
        } catch let error as LakeError {
            throw pipeline.failure(error)
        }
    }
}

extension Pipeline {
    func failure(_ error: LakeError) -> CommandFailure {
        switch error {
        case .catalog(_, let inner), .storage(_, let inner): inner.isNotFound ? .failed("\(error)") : failure(inner)
        default: .failed("\(error)")
        }
    }
}
