internal import AWSClient

/// The changes of a batch, part after part where they do not fit into memory together.
struct BatchChanges {
    let count: Int
    private let table: SilverTable
    private let objects: ObjectStore
    private let memoryLimit: Int
    private let parts: KeyParts?
    private let files: [BronzeFile]
    /// The first part, which was read when the batch was claimed.
    private var first: Changes?

    /// - Parameter reader: has read `files`.
    init(
        _ reader: consuming BatchReader, _ files: [BronzeFile], _ table: SilverTable, _ objects: ObjectStore,
        memoryLimit: Int
    ) throws {
        parts = reader.parts
        count = parts?.count ?? 1
        self.files = files
        self.table = table
        self.objects = objects
        self.memoryLimit = memoryLimit
        first = try (consume reader).finish()
    }

    /// The changes of a part. Only one part is in memory at a time; one that is asked for again is read again.
    mutating func part(_ number: Int) throws -> Changes {
        if number == 0, let first {
            if count > 1 { self.first = nil }
            return first
        }
        var reader = BatchReader(
            table: table, objects: objects, memoryLimit: memoryLimit, parts: parts, part: number)
        for file in files { _ = try reader.add(file) }
        return try (consume reader).finish()
    }
}
