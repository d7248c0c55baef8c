internal import EmulatorCore
import Synchronization

/// Keeps log events for the test to read.
package final class RecordedLogs: LogWriting {
    package struct Event: Hashable {
        package var group: String
        package var stream: String
        package var message: String

        package init(group: String, stream: String, message: String) {
            self.group = group
            self.stream = stream
            self.message = message
        }
    }
    private let events = Mutex<[Event]>([])

    package init() {}

    package func write(_ message: String, group: String, stream: String) {
        events.withLock { $0.append(Event(group: group, stream: stream, message: message)) }
    }

    package var all: [Event] { events.withLock { $0 } }
    package func messages(in group: String) -> [String] { all.filter { $0.group == group }.map(\.message) }
}
