internal import AWSModels

/// Which version of a raw key is current, and where its rows are: one item of the control table for each raw key.
///
/// All versions of a key have one bronze file, one after the other. So S3 itself guarantees that readers see the rows of
/// exactly one version. The item is in no index and never expires: a key may be uploaded again after years.
public struct KeyState: Sendable, Hashable {
    public let id: ControlID
    /// The key of the bronze file, which follows from the version that was registered first.
    public let outputKey: String
    /// The newest version that was converted; nil before the first.
    public let current: VersionOrder?
    /// The version whose conversion wrote the bronze file: the current one, or an older one with the same bytes.
    public let writtenBy: ControlID?
    /// The versions that were registered and have not ended yet, in error included.
    let openVersions: Set<ControlID>

    /// The item's `schema_name`, by which those who read the whole table tell it from the records.
    static let schema = "dm_raw"

    init(item: Item) throws(ControlError) {
        let reader = ItemReader(item)
        id = try reader.required(.controlID, \.controlID)
        outputKey = try reader.required(.outputKey, \.string)
        writtenBy = try reader.optional(.writtenBy, \.controlID)
        if let currentID = try reader.optional(.currentID, \.controlID) {
            current = VersionOrder(
                controlID: currentID, sequencer: try reader.optional(.sequencer, \.string),
                createdAt: try reader.required(.currentCreatedAt, \.timestamp))
        } else {
            current = nil
        }
        openVersions =
            try reader.optional(.openVersions) {
                if case .stringSet(let texts) = $0 { Set(texts.compactMap(ControlID.init)) } else { nil }
            } ?? []
    }

    /// The version that supersedes `record`; nil if there is none yet.
    public func newerVersion(than record: ControlRecord) -> ControlID? {
        guard let current, current.controlID != record.controlID, record.order < current else { return nil }
        return current.controlID
    }

    /// The condition that the current version is still this one.
    func isUnchanged(_ change: inout RecordChange) -> String {
        let name = change.name(.currentID)
        guard let current else { return "attribute_not_exists(\(name))" }
        let sequencer = change.name(.sequencer)
        let isSameSequencer =
            current.sequencer.map { "\(sequencer) = \(change.value(.string($0), "seen_sequencer"))" }
            ?? "attribute_not_exists(\(sequencer))"
        return "\(name) = \(change.value(current.controlID.attribute, "seen_id")) AND \(isSameSequencer)"
    }
}

extension ControlTable {
    /// Registers a version of a raw key, and counts it among the key's open versions. Safe to repeat.
    ///
    /// In a bucket without versioning, bytes that are uploaded again have the version of their first upload: its record
    /// becomes pending again, with the newer sequencer.
    public func registerVersion(_ record: ControlRecord) throws(ControlError) -> Registration {
        // First, so that every version in the table is counted, whenever this crashes.
        _ = try openVersion(record)
        guard case .alreadyRecorded = try register(record) else { return .recorded }
        guard case .eTag = record.objectVersion else { return .alreadyRecorded }
        return try reopen(record) ? .reopened : .alreadyRecorded
    }

    /// The state of the record's raw key.
    public func keyState(of record: ControlRecord) throws(ControlError) -> KeyState {
        guard let item = try item(ControlID(rawKey: record.objectKey, bucket: record.bucket)) else {
            return try openVersion(record)
        }
        return try KeyState(item: item)
    }

    func openVersion(_ record: ControlRecord) throws(ControlError) -> KeyState {
        var change = RecordChange()
        change.set(.schemaName, .string(KeyState.schema))
        change.set(.bucket, .string(record.bucket))
        change.set(.rawKey, .string(record.objectKey))
        change.setIfAbsent(.outputKey, .string(try BronzeKey(record).text))
        change.insert([record.controlID], into: .openVersions)
        let id = ControlID(rawKey: record.objectKey, bucket: record.bucket)
        let schema = change.name(.schemaName)
        // A request with a condition is repeated if its answer is lost.
        change.require(
            "attribute_not_exists(\(schema)) OR \(schema) = \(change.value(.string(KeyState.schema), "schema"))")
        switch try apply(change, to: id, returning: .allNew) {
        case .changed(let item): return try KeyState(item: item)
        case .refused:
            throw .malformedRecord(id: id.text, attribute: schema, reason: "expected \(KeyState.schema)")
        }
    }

    /// Makes a record pending again if `announced` is a later upload of its bytes.
    private func reopen(_ announced: ControlRecord) throws(ControlError) -> Bool {
        for _ in 1...5 {
            let stored = try existing(announced.controlID)
            guard stored.order < announced.order else { return false }
            var change =
                stored.status == .running
                ? RecordChange()
                : Self.restart(
                    stored.controlID, in: stored.schema, at: now(), keepsContract: false)
            change.set(.sequencer, ifKnown: announced.sequencer.map(AttributeValue.string))
            change.remove(.supersededBy)
            let sequencer = change.name(.sequencer)
            let isSameSequencer =
                stored.sequencer.map { "\(sequencer) = \(change.value(.string($0), "seen_sequencer"))" }
                ?? "attribute_not_exists(\(sequencer))"
            let status = "\(change.name(.status)) = \(change.value(.string(stored.status.rawValue), "seen"))"
            change.require("\(status) AND \(isSameSequencer)")
            if case .changed = try apply(change, to: stored.controlID) { return true }
        }
        throw .contended(announced.controlID)
    }
}
