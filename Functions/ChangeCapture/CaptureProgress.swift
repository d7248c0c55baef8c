internal import PostgresReplication

/// Up to where everything is in the stream: a place between two transactions.
struct CapturePoint: Sendable, Hashable {
    var position: LogPosition
    /// The place in time of the last transaction before it, in microseconds since 1970: no later one is placed before it.
    var time: Int64
}

/// Turns records that are in the stream into positions that the source may forget.
struct CaptureProgress {
    private struct Pending {
        /// One more than the ordinal of the last record before the point.
        let ordinal: UInt64
        var point: CapturePoint
    }

    private(set) var durable: CapturePoint
    private var pending: [Pending] = []
    private var first = 0

    init(_ start: CapturePoint) { durable = start }

    /// Everything before `point` has been appended, up to the record `ordinal` (exclusive).
    mutating func reach(_ point: CapturePoint, ordinal: UInt64) {
        if pending.count > first, pending[pending.count - 1].ordinal == ordinal {
            pending[pending.count - 1].point = point
        } else {
            pending.append(Pending(ordinal: ordinal, point: point))
        }
    }

    /// Records before `ordinal` are in the stream.
    mutating func advance(to ordinal: UInt64) {
        while first < pending.count, pending[first].ordinal <= ordinal {
            durable = pending[first].point
            first += 1
        }
        if first == pending.count || first > 4096 {
            pending.removeFirst(first)
            first = 0
        }
    }
}
