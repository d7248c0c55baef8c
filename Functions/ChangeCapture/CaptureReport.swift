internal import JSON

/// How far behind the database's log the capture is.
struct CaptureReport: Sendable, Hashable {
    /// Of the log, from what is in the stream to its end.
    var lagInBytes: Int
    /// Of the log, which the slot holds back.
    var slotInBytes: Int
    var changesPerSecond: Int
    /// Records that the stream refused since the report before, and that are put again.
    var refused: Int
}

extension CaptureReport {
    /// Nil for another form: a report is for readers, and no state is lost by it.
    init?(_ json: JSON) {
        guard let lag = json["lag_bytes"]?.int, let slot = json["slot_bytes"]?.int,
            let rate = json["changes_per_second"]?.int, let refused = json["refused"]?.int
        else { return nil }
        self.init(lagInBytes: lag, slotInBytes: slot, changesPerSecond: rate, refused: refused)
    }

    var json: JSON {
        [
            "lag_bytes": .int(lagInBytes), "slot_bytes": .int(slotInBytes),
            "changes_per_second": .int(changesPerSecond), "refused": .int(refused),
        ]
    }
}
