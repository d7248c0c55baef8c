internal import EmulatorCore
internal import JSON

/// The handle of one receive of a message.
struct ReceiptHandle: Sendable {
    let queue: String
    /// The row of the message.
    let message: Int64
    /// The number of this receive.
    let receive: Int

    init(queue: String, message: Int64, receive: Int) {
        self.queue = queue
        self.message = message
        self.receive = receive
    }

    /// From a request for `queue`.
    init(_ input: JSON, queue: String) throws(AWSFault) {
        guard let text = input["ReceiptHandle"]?.string else { throw .missingParameter("ReceiptHandle") }
        let parts = String(decoding: [UInt8](base64: text) ?? [], as: UTF8.self).split(separator: " ")
        guard parts.count == 3, parts[0] == queue, let message = Int64(parts[1]), let receive = Int(parts[2]) else {
            throw .receiptHandle(text)
        }
        self.init(queue: queue, message: message, receive: receive)
    }

    /// Opaque to clients.
    var text: String { Array("\(queue) \(message) \(receive)".utf8).base64 }
}
