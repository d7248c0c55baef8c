internal import EmulatorCore
internal import Synchronization

/// What the emulator's port serves beside AWS's services: pages of the program that starts it, from the time when the services answer.
final class OwnPages: Sendable {
    private struct Pages: Sendable {
        let areAddressed: @Sendable (HTTPRequest) -> Bool
        let responder: Responder
    }

    private let pages = Mutex<Pages?>(nil)

    func set(_ areAddressed: @escaping @Sendable (HTTPRequest) -> Bool, _ responder: @escaping Responder) {
        pages.withLock { $0 = Pages(areAddressed: areAddressed, responder: responder) }
    }

    /// Nil for a request to a service.
    func responder(for request: HTTPRequest) -> Responder? {
        guard let pages = pages.withLock({ $0 }), pages.areAddressed(request) else { return nil }
        return pages.responder
    }
}
