internal import AWSClient
internal import JSON
internal import LambdaRuntime
internal import Threads
internal import Time

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Puts records into the stream, several requests at once. The records of one key share a lane, which sends one request at a
/// time, so they arrive in order.
///
/// One thread appends. Unchecked: it alone uses `filling` and `nextOrdinal`; the monitor guards the rest.
final class RecordLanes: @unchecked Sendable {
    private struct Lane {
        var queued: RecordBatch?
        /// The first record of the request in flight.
        var sending: UInt64?
        var thread: SystemThread?
    }

    /// A failure that a retry would repeat.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let stream: String
    private let aggregates: Bool
    private let patience: Duration?
    private let kinesis: Kinesis
    private let log: Log
    private let clock: ClockAndChance
    private let monitor = Monitor()
    private var lanes: [Lane]
    private var failure: Failure?
    private var isClosed = false
    private var refusals = 0
    private var filling: [RecordBatch?]
    private(set) var nextOrdinal: UInt64 = 0
    /// Readable once a request has ended.
    let wakeup: Wakeup

    init(
        stream: String, aggregates: Bool, patience: Duration? = nil, kinesis: Kinesis, log: Log, lanes count: Int = 4,
        clock: ClockAndChance = .system
    ) throws(Wakeup.Failure) {
        self.stream = stream
        self.aggregates = aggregates
        self.patience = patience
        self.kinesis = kinesis
        self.log = log
        self.clock = clock
        wakeup = try Wakeup()
        lanes = Array(repeating: Lane(), count: count)
        filling = Array(repeating: nil, count: count)
        for index in 0..<count {
            let thread = SystemThread { [self] in run(index) }
            monitor.locked { lanes[index].thread = thread }
        }
    }

    // MARK: The appending thread

    /// Appends a record. Waits while its lane has a full batch queued, and calls `meanwhile` about each second.
    func append(
        _ data: UnsafeRawBufferPointer, prefix: [UInt8], keyHash: UInt64, meanwhile: () throws -> Void
    ) throws {
        let index = Int(truncatingIfNeeded: keyHash % UInt64(lanes.count))
        if filling[index] == nil {
            filling[index] = RecordBatch(stream: stream, firstOrdinal: nextOrdinal, aggregates: aggregates)
        }
        filling[index]?.append(data, prefix: prefix, keyHash: keyHash)
        nextOrdinal += 1
        guard filling[index]?.isFull == true else { return }
        while !(try handOver(index, onlyIfIdle: false)) { try meanwhile() }
    }

    /// Sends what idle lanes have, though it does not fill a request.
    func flush() throws(Failure) {
        for index in filling.indices where filling[index] != nil { _ = try handOver(index, onlyIfIdle: true) }
    }

    /// - Returns: whether the batch was taken. Waits for a second at most unless `onlyIfIdle`.
    private func handOver(_ index: Int, onlyIfIdle: Bool) throws(Failure) -> Bool {
        let deadline = ContinuousClock.now + .seconds(1)
        let hasRoom = monitor.locked { () -> Bool in
            if onlyIfIdle {
                guard lanes[index].queued == nil, lanes[index].sending == nil else { return false }
            }
            while lanes[index].queued != nil, failure == nil {
                guard monitor.wait(until: deadline) else { return false }
            }
            return failure == nil
        }
        guard hasRoom, var batch = filling[index] else {
            try check()
            return false
        }
        // Only this thread queues, so the room stays.
        filling[index] = nil
        batch.seal()
        monitor.locked {
            lanes[index].queued = batch
            monitor.broadcast()
        }
        return true
    }

    /// Every record before this one is in the stream.
    func durableOrdinal() -> UInt64 {
        monitor.locked {
            lanes.indices.reduce(nextOrdinal) { least, index in
                min(
                    least, lanes[index].sending ?? .max, lanes[index].queued?.firstOrdinal ?? .max,
                    filling[index]?.firstOrdinal ?? .max)
            }
        }
    }

    /// Sends everything and waits until it is in the stream, or `giveUp` says so.
    func drain(giveUp: () -> Bool) throws(Failure) {
        while durableOrdinal() < nextOrdinal, !giveUp() {
            try check()
            try flush()
            wakeup.wait(milliseconds: 50)
        }
    }

    func check() throws(Failure) {
        if let failure = monitor.locked({ failure }) { throw failure }
    }

    /// How many records the stream has refused since the last call.
    func takeRefusals() -> Int {
        monitor.locked {
            defer { refusals = 0 }
            return refusals
        }
    }

    /// Ends the threads; what they have not sent is lost to this process.
    func close() {
        let threads = monitor.locked {
            isClosed = true
            monitor.broadcast()
            return lanes.compactMap(\.thread)
        }
        for thread in threads { thread.join() }
    }

    // MARK: The lanes' threads

    private func run(_ index: Int) {
        while let batch = next(index) {
            send(batch)
            monitor.locked {
                lanes[index].sending = nil
                monitor.broadcast()
            }
            wakeup.wake()
        }
    }

    private func next(_ index: Int) -> RecordBatch? {
        monitor.locked {
            while lanes[index].queued == nil, !isClosed { monitor.wait() }
            guard !isClosed, let batch = lanes[index].queued else { return nil }
            lanes[index].queued = nil
            lanes[index].sending = batch.firstOrdinal
            monitor.broadcast()
            return batch
        }
    }

    /// Puts a batch until all of it is in the stream.
    private func send(_ batch: RecordBatch) {
        var rest = batch
        var failures = 0
        var silence = Silence(patience: patience)
        while !monitor.locked({ isClosed }) {
            do throws(AWSError) {
                let refused = try kinesis.putRecords(rest.request())
                silence.end()
                guard let first = refused.first else { return }
                monitor.locked { refusals += refused.count }
                failures = refused.count < rest.count ? 1 : failures + 1
                if failures % 20 == 10 {
                    log.warning(
                        "the stream refuses records; they are put again",
                        ["records": .int(refused.count), "code": .string(first.code), "reason": .string(first.message)])
                }
                rest = rest.again(refused.map(\.index))
            } catch {
                guard error.isTemporary else { return fail("the stream \(stream) takes no records: \(error)") }
                do throws(CaptureError) {
                    try silence.goOn(at: clock.instant(), because: error)
                } catch { return fail("\(error)") }
                failures += 1
                log.warning("the stream does not answer; the records are put again", ["reason": .string("\(error)")])
            }
            pause(failures)
        }
    }

    private func pause(_ failures: Int) {
        let ceiling = Duration.milliseconds(min(5000, 50 << min(failures, 7)))
        let deadline = ContinuousClock.now + ceiling * (0.5 + clock.fraction() / 2)
        monitor.locked {
            while !isClosed, monitor.wait(until: deadline) {}
        }
    }

    private func fail(_ reason: String) {
        monitor.locked {
            if failure == nil { failure = Failure(description: reason) }
            isClosed = true
            monitor.broadcast()
        }
        wakeup.wake()
    }
}
