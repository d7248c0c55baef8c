internal import AWSModels

extension ControlTable {
    /// Notes that rows of a record's files were erased. The counts of the conversion stay: they say what the raw file had.
    public func noteErasure(of id: ControlID, rows: Int) throws(ControlError) {
        guard let stored = try item(id) else { throw .notFound(id) }
        let former = try ItemReader(stored).optional(.erasedCount, \.int) ?? 0
        var change = RecordChange()
        change.set(.erasedCount, .int(former + rows))
        change.set(.erasedAt, now().attribute)
        change.require("attribute_exists(\(change.name(.controlID)))")
        guard case .changed = try apply(change, to: id, returning: .allNew) else { throw .notFound(id) }
    }
}
