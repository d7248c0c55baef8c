import EmulatorKit
import Synchronization

/// Keeps log events for the test to read.
final class RecordedLogs: LogWriting {
    struct Event: Hashable {
        var group: String
        var stream: String
        var message: String
    }
    private let events = Mutex<[Event]>([])

    func write(_ message: String, group: String, stream: String) {
        events.withLock { $0.append(Event(group: group, stream: stream, message: message)) }
    }

    var all: [Event] { events.withLock { $0 } }
    func messages(in group: String) -> [String] { all.filter { $0.group == group }.map(\.message) }
}
