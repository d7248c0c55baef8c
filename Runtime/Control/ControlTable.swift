public import AWSClient
internal import AWSModels
public import Time

/// The control table: one record for each object version and layer. Every change is conditional on the state it expects.
///
/// ```
///             register                 claim (lease)                    finish
///  (none) ───────────────► pending ───────────────► running ───────────────► success
///                             ▲   ▲                    │ │  lease expired → claimable again
///                             │   └──── replay ── error◄┘
///                             └──────── replay with force ──────────────────────┘
/// ```
public struct ControlTable: Sendable {
    public let name: String
    /// How many claims of a record may fail before only an explicit replay retries it.
    public let attemptLimit: Int
    /// How long a record in success is kept; nil keeps it forever. The table's time to live deletes it.
    public let retentionInDays: Int?
    private(set) var dynamoDB: DynamoDB
    let now: @Sendable () -> Timestamp

    public init(
        name: String, client: AWSClient, attemptLimit: Int = 3, retentionInDays: Int? = nil,
        now: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) {
        self.name = name
        self.attemptLimit = attemptLimit
        self.retentionInDays = retentionInDays
        self.now = now
        dynamoDB = DynamoDB(client)
    }

    /// The same table, whose calls end by `deadline`; see ``AWSClient/limited(to:)``.
    public func limited(to deadline: ContinuousClock.Instant) -> ControlTable {
        var table = self
        table.dynamoDB = dynamoDB.limited(to: deadline)
        return table
    }

    // MARK: Register

    public enum Registration: Sendable, Hashable {
        case recorded
        case alreadyRecorded
        /// The bytes of an older version were uploaded again to a bucket without versioning.
        case reopened
    }

    /// Writes a new record. Safe to repeat: the first record stays, whatever its status is now.
    ///
    /// Being second is an answer, ``Registration/alreadyRecorded``, not an error.
    public func register(_ record: ControlRecord) throws(ControlError) -> Registration {
        var record = record
        // An event may arrive late; a record becomes stale by its age in this table.
        record.updatedAt = now()
        let isNew = Expression("attribute_not_exists(\(ControlAttribute.controlID.rawValue))")
        do throws(AWSError) {
            try dynamoDB.put(PutItem(table: name, item: record.item, condition: isNew))
            return .recorded
        } catch {
            if case .conditionFailed = error { return .alreadyRecorded }
            throw .aws(error)
        }
    }

    // MARK: Read

    /// The record as it is now; nil if it does not exist.
    public func record(_ id: ControlID) throws(ControlError) -> ControlRecord? {
        guard let item = try item(id) else { return nil }
        return try ControlRecord(item: item)
    }

    func item(_ id: ControlID) throws(ControlError) -> Item? {
        let request = GetItem(table: name, key: [ControlAttribute.controlID.rawValue: .string(id.text)])
        do throws(AWSError) { return try dynamoDB.get(request) } catch { throw .aws(error) }
    }

    // MARK: Route

    public enum Routing: Sendable, Hashable {
        case routed(ControlRecord)
        /// Another worker has claimed it, or it has ended: there is nothing to route.
        case notPending(ControlRecord)
    }

    /// Records where a pending record is to be converted. Safe to repeat.
    public func route(
        _ id: ControlID, to target: ControlRecord.ComputeTarget, estimatedRecordCount: Int
    ) throws(ControlError) -> Routing {
        var change = RecordChange()
        change.set(.computeTarget, .string(target.rawValue))
        change.set(.estimatedRecordCount, .int(estimatedRecordCount))
        change.set(.updatedAt, now().attribute)
        change.require("\(change.name(.status)) = \(change.value(.pending))")
        switch try apply(change, to: id) {
        case .changed(let record): return .routed(record)
        case .refused(let record): return .notPending(record)
        }
    }

    // MARK: Changes

    enum Change<Stored> {
        case changed(Stored)
        /// The condition does not hold for this one.
        case refused(Stored)
    }

    /// The record after the change, or the stored one for which the condition does not hold.
    func apply(_ change: RecordChange, to id: ControlID) throws(ControlError) -> Change<ControlRecord> {
        switch try apply(change, to: id, returning: .allNew) {
        case .changed(let item): .changed(try ControlRecord(item: item))
        case .refused(let item): .refused(try ControlRecord(item: item))
        }
    }

    func apply(
        _ change: RecordChange, to id: ControlID, returning: UpdateItem.Returned
    ) throws(ControlError) -> Change<Item> {
        let changed: Item?
        do throws(AWSError) {
            changed = try dynamoDB.update(change.request(table: name, id: id, returning: returning))
        } catch {
            guard case .conditionFailed(_, _, let stored) = error else { throw .aws(error) }
            // The error includes the item, unless it does not exist or the service does not support that.
            if let stored { return .refused(stored) }
            guard let item = try item(id) else { throw .notFound(id) }
            return .refused(item)
        }
        guard let changed else {
            throw .aws(.unexpectedResponse(operation: "dynamodb UpdateItem", reason: "Attributes is missing"))
        }
        return .changed(changed)
    }

    func existing(_ id: ControlID) throws(ControlError) -> ControlRecord {
        guard let record = try record(id) else { throw .notFound(id) }
        return record
    }

    /// An item holds at most 400 KB, and people read this: a long message is cut.
    static func shortened(_ message: String) -> String {
        message.utf8.count <= 4096 ? message : "\(String(decoding: message.utf8.prefix(4000), as: UTF8.self)) …"
    }
}
