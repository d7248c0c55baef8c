import AWSModels
import Control
import Glibc
import Testing

@testable import cupel

/// Counts uploads in progress, and holds each of them until it is opened.
private final class Gate: @unchecked Sendable {
    private var mutex = pthread_mutex_t()
    private var current = 0
    private var most = 0
    private var isOpen = false

    init() { pthread_mutex_init(&mutex, nil) }

    private func locked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(&mutex)
        defer { pthread_mutex_unlock(&mutex) }
        return body()
    }

    var inProgress: Int { locked { current } }
    var mostAtOnce: Int { locked { most } }
    func open() { locked { isOpen = true } }

    func pass() {
        locked {
            current += 1
            most = max(most, current)
        }
        while !locked({ isOpen }) { usleep(200) }
        locked { current -= 1 }
    }
}

@Suite(.timeLimit(.minutes(10))) struct UploadsTests {
    private func id(_ position: Int) -> ControlID {
        ControlID(bucket: "stage", key: "raw/beer/\(position).csv.gz", version: "v1", schema: .bronze)
    }

    @Test("files are uploaded concurrently, but never more than the limit", arguments: [0, 1, 3, 4, 30])
    func concurrency(count: Int) {
        let gate = Gate()
        let uploads = Uploads(count) { [id] position throws(CommandFailure) in
            gate.pass()
            return id(position)
        }
        while gate.inProgress < min(count, Uploads.threadLimit) { usleep(200) }
        gate.open()
        var (began, ended) = ([Int](), Set<Int>())
        while ended.count < count {
            switch uploads.event(within: .seconds(1)) {
            case .began(let position, _): began.append(position)
            case .ended(let position, let result):
                #expect(began.contains(position))
                #expect((try? result.get()) == id(position))
                #expect(ended.insert(position).inserted)
            case nil: break
            }
        }
        #expect(began == Array(0..<count))
        #expect(uploads.event(within: .zero) == nil)
        uploads.stop()
        #expect(gate.mostAtOnce == min(count, Uploads.threadLimit))
    }

    @Test("no upload begins after one has failed")
    func failure() {
        let gate = Gate()
        let uploads = Uploads(100) { [id] position throws(CommandFailure) in
            if position == 1 { throw .failed("no") }
            gate.pass()
            return id(position)
        }
        var (begun, failed) = (0, false)
        func take(_ event: Uploads.Event?) {
            if case .began = event { begun += 1 }
            if case .ended(1, .failure) = event { failed = true }
        }
        while !failed { take(uploads.event(within: .seconds(1))) }
        gate.open()
        uploads.stop()
        while let event = uploads.event(within: .zero) { take(event) }
        #expect(begun <= Uploads.threadLimit)
    }

    @Test("after a stop no upload begins, and those in progress have ended")
    func stop() {
        let gate = Gate()
        gate.open()
        let uploads = Uploads(1000) { [id] position throws(CommandFailure) in
            gate.pass()
            return id(position)
        }
        uploads.stop()
        #expect(gate.inProgress == 0)
        var (begun, ended) = (0, 0)
        while let event = uploads.event(within: .zero) {
            if case .began = event { begun += 1 } else { ended += 1 }
        }
        #expect(begun == ended)
        #expect(uploads.event(within: .milliseconds(10)) == nil)
    }
}
