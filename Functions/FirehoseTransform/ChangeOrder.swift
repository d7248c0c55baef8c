/// The place of a change among all changes, as text whose order is theirs: `time-position-index`, each of a fixed width.
///
/// A change of the source's log is placed by its commit, its position in the log and its index in the transaction; other
/// changes by their place in the stream. A row of a full load says nothing about when it was true, so its time is 0: it is
/// below every change.
struct ChangeOrder {
    private static let timeWidth = 18
    private static let sequenceWidth = 56
    private static let indexWidth = 10

    /// The most bytes of the text.
    static let sizeInBytes = timeWidth + 1 + sequenceWidth + 1 + indexWidth

    private enum Position {
        case log(UInt64)
        case stream(sequenceNumber: ByteSlice)
    }

    /// Microseconds since 1970.
    private let time: UInt64
    private let position: Position
    private let index: UInt64

    /// Nil if neither the log nor the stream says where the change is.
    /// - Parameter stream: nil if the record is not from a Kinesis stream.
    init?(of change: ChangeRecord, in stream: StreamPlace?) {
        if !change.isLoad, let committed = change.logPlace.committed, let position = change.logPlace.position {
            self.time = committed
            self.position = .log(position)
            index = change.logPlace.index
        } else if let stream, stream.sequenceNumber.count <= Self.sequenceWidth, stream.sequenceNumber.isNumber,
            let time = change.isLoad ? 0 : change.logPlace.committed ?? stream.arrival.map({ $0 * 1000 })
        {
            self.time = time
            position = .stream(sequenceNumber: stream.sequenceNumber)
            index = stream.subsequenceNumber
        } else {
            return nil
        }
    }

    func write(to line: inout ByteWriter) {
        line.append(time, width: Self.timeWidth)
        line.append("-")
        switch position {
        case .log(let position): line.append(hexadecimal: position)
        case .stream(let sequenceNumber): line.append(sequenceNumber, width: Self.sequenceWidth)
        }
        line.append("-")
        line.append(index, width: Self.indexWidth)
    }

    /// A time or an index below this has its width.
    static let timeLimit: UInt64 = 1_000_000_000_000_000_000
    static let indexLimit: UInt64 = 10_000_000_000
}

extension ByteWriter {
    fileprivate mutating func append(_ digits: ByteSlice, width: Int) {
        for _ in digits.count..<width { append(UInt8(ascii: "0")) }
        append(digits)
    }

    fileprivate mutating func append(hexadecimal number: UInt64) {
        for shift in stride(from: 60, through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: number >> UInt64(shift)) & 15
            append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10)
        }
    }
}
