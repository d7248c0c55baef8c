internal import PostgresReplication
internal import Time

/// The transaction whose changes are being written. One value serves all of them, with one buffer.
struct Transaction: ~Copyable {
    private(set) var isOpen = false
    private(set) var id: UInt32 = 0
    private(set) var commit = LogPosition.zero
    private(set) var time: Int64 = 0
    /// How many of its changes have been written.
    var changeCount: UInt64 = 0
    /// `,"transaction-id":…,"commit-timestamp":"…","stream-position":"…","transaction-record-id":`
    private(set) var metadata = ByteBuffer(capacity: 256)

    /// - Parameter time: its place in the order of changes, in microseconds since 1970: never before an earlier one's.
    mutating func begin(_ id: UInt32, commit: LogPosition, time: Int64) {
        isOpen = true
        (self.id, self.commit, self.time, changeCount) = (id, commit, time, 0)
        metadata.removeAll()
        metadata.append(",\"transaction-id\":")
        metadata.append(UInt64(id))
        metadata.append(",\"commit-timestamp\":\"")
        metadata.append(microseconds: time)
        metadata.append("\",\"stream-position\":\"")
        metadata.append(hexadecimal: commit.value >> 32, width: 8)
        metadata.append("/")
        metadata.append(hexadecimal: commit.value & 0xFFFF_FFFF, width: 8)
        metadata.append("\",\"transaction-record-id\":")
    }

    mutating func end() { isOpen = false }
}

extension ByteBuffer {
    /// Appends a time since 1970 as `2026-01-02T03:04:05.678901Z`.
    mutating func append(microseconds: Int64) {
        let (second, fraction) = max(0, microseconds).quotientAndRemainder(dividingBy: 1_000_000)
        let (day, time) = second.quotientAndRemainder(dividingBy: 86_400)
        let date = CalendarDate(daysSinceEpoch: Int(day))
        append(UInt64(date.year), width: 4)
        append("-")
        append(UInt64(date.month), width: 2)
        append("-")
        append(UInt64(date.day), width: 2)
        append("T")
        append(UInt64(time / 3600), width: 2)
        append(":")
        append(UInt64(time / 60 % 60), width: 2)
        append(":")
        append(UInt64(time % 60), width: 2)
        append(".")
        append(UInt64(fraction), width: 6)
        append("Z")
    }
}
