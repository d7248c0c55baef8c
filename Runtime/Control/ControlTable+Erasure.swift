internal import AWSClient
internal import AWSModels

/// The item of a table's erased keys: one for each table that has any, in no index. An item takes 400 KB, which is some 10,000 keys.
private enum ErasureItem {
    /// By which those who read the whole table tell it from the records.
    static let schema = "dm_erased"
}

extension ControlTable {
    /// Notes that rows of a key must not come to bronze any more: conversions that begin from now on leave them out. Safe to repeat.
    ///
    /// - Parameter mark: ``ErasureMarks/mark(of:)``.
    public func noteErased(_ mark: String, ofTable table: String) throws(ControlError) {
        var change = RecordChange()
        change.set(.schemaName, .string(ErasureItem.schema))
        change.set(.lakeTable, .string("\(ControlRecord.Schema.bronze.rawValue).\(table)"))
        change.set(.updatedAt, now().attribute)
        change.insert(texts: [mark], into: .erasedKeys)
        // A request with a condition is repeated if its answer is lost.
        let schema = change.name(.schemaName)
        change.require(
            "attribute_not_exists(\(schema)) OR \(schema) = \(change.value(.string(ErasureItem.schema), "schema"))")
        let id = ControlID(erasedKeysOf: table)
        guard case .changed = try apply(change, to: id, returning: .allNew) else {
            throw .malformedRecord(id: id.text, attribute: schema, reason: "expected \(ErasureItem.schema)")
        }
    }

    /// The state of the record's raw key, and the table's keys whose rows were erased: one request.
    public func keyState(
        andErasedKeysOf record: ControlRecord
    ) throws(ControlError) -> (state: KeyState, erased: ErasureMarks) {
        let name = ControlAttribute.controlID.rawValue
        let ids = [
            ControlID(rawKey: record.objectKey, bucket: record.bucket), ControlID(erasedKeysOf: record.table),
        ]
        let items: [Item]
        do throws(AWSError) {
            items = try dynamoDB.get(ids.map { [name: .string($0.text)] }, of: self.name)
        } catch { throw .aws(error) }
        let stored = items.first { $0[name]?.string == ids[0].text }
        let erased = items.first { $0[name]?.string == ids[1].text }
        var marks: Set<String> = []
        if let erased {
            marks = try ItemReader(erased).required(.erasedKeys) {
                if case .stringSet(let marks) = $0 { marks } else { nil }
            }
        }
        let state: KeyState
        if let stored { state = try KeyState(item: stored) } else { state = try openVersion(record) }
        return (state, ErasureMarks(marks))
    }

    /// Conversions of a table that a worker holds, by the attempts in which it does. The index of open work may be a moment
    /// older than the table, so the records are read.
    public func runningConversions(ofTable table: String) throws(ControlError) -> [ControlID: Int] {
        var running: [ControlID: Int] = [:]
        for open in try records(.open(in: .bronze)) where open.table == table {
            guard let record = try record(open.controlID), isHeld(record) else { continue }
            running[record.controlID] = record.attemptCount
        }
        return running
    }

    /// Whether a worker still holds a record in this attempt.
    public func isRunning(_ id: ControlID, attempt: Int) throws(ControlError) -> Bool {
        guard let record = try record(id) else { return false }
        return isHeld(record) && record.attemptCount == attempt
    }

    private func isHeld(_ record: ControlRecord) -> Bool {
        record.status == .running && !record.isLeaseExpired(at: now())
    }

    /// Notes that rows of a record's file are erased. The counts of the conversion stay: they say what the raw file had.
    ///
    /// - Parameter eTag: of the file that has the rows. It is noted before they leave, and counted once however often that is repeated.
    /// - Returns: false if there is no such record.
    @discardableResult
    public func noteErasure(of id: ControlID, rows: Int, in eTag: String) throws(ControlError) -> Bool {
        var change = RecordChange()
        change.increment(.erasedCount, by: rows)
        change.set(.erasedAt, now().attribute)
        change.set(.erasedFrom, .string(eTag))
        let from = change.name(.erasedFrom)
        change.require(
            "attribute_exists(\(change.name(.controlID))) AND (attribute_not_exists(\(from)) OR "
                + "\(from) <> \(change.value(.string(eTag), "new_\(ControlAttribute.erasedFrom.rawValue)")))")
        do throws(ControlError) {
            _ = try apply(change, to: id, returning: .allNew)
            return true
        } catch {
            guard case .notFound = error else { throw error }
            return false
        }
    }
}
