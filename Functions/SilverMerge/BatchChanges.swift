internal import AWSClient
internal import Control

/// The changes of a batch, part after part where they do not fit into memory together.
struct BatchChanges {
    let count: Int
    private let table: SilverTable
    private let objects: ObjectStore
    private let parts: KeyParts?
    private var pins: [String: String]
    /// Those of which a change was taken.
    private(set) var files: [BronzeFile]
    /// Why files of a reload were left out.
    private(set) var faults: [SilverError]
    /// Whether a file at fault is left out.
    private let leavesOut: Bool
    /// The first part, which was read when the batch was claimed.
    private var first: Changes?

    /// - Parameter reader: has read `files`.
    init(
        _ reader: consuming BatchReader, _ files: [BronzeFile], _ table: SilverTable, _ objects: ObjectStore
    ) throws {
        parts = reader.parts
        pins = reader.pins
        count = parts?.count ?? 1
        self.files = files
        self.table = table
        self.objects = objects
        faults = []
        leavesOut = false
        first = try (consume reader).finish()
    }

    /// The changes of all files of a table.
    init(of folder: BronzeFolder, _ table: SilverTable, _ objects: ObjectStore) {
        parts = folder.parts
        pins = folder.pins
        count = parts?.count ?? 1
        files = folder.files
        faults = folder.faults
        leavesOut = true
        self.table = table
        self.objects = objects
    }

    /// The changes of a part. Only one part is in memory at a time; one that is asked for again is read again.
    /// - Parameter checkpoint: called between files.
    mutating func part(_ number: Int, _ checkpoint: () throws -> Void) throws -> Changes {
        if number == 0, let first {
            if count > 1 { self.first = nil }
            return first
        }
        var reader = BatchReader(
            table: table, objects: objects, memoryLimit: .max, parts: parts, part: number, pins: pins)
        for file in files {
            try checkpoint()
            do {
                _ = try reader.add(file)
            } catch let fault as SilverError where leavesOut && number == 0 && fault.isOfFile {
                faults.append(fault)
                files.removeAll { $0.record.objectKey == file.record.objectKey }
            }
        }
        pins = reader.pins
        return try (consume reader).finish()
    }
}
