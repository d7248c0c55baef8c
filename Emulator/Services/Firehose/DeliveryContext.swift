internal import EmulatorCore
internal import JSON
internal import Time

/// A delivery stream with what its two tasks need.
struct DeliveryContext: Sendable {
    let id: Int64
    let name: String
    let arn: String
    let version: Int
    let configuration: DeliveryConfiguration
    let store: Store
    let peers: Peers
    let account: Account
    let clock: ClockAndChance
    /// The longest time in a buffer, in milliseconds, whatever the configuration says; nil for no limit.
    let intervalLimit: Int64?
    /// Rings when the source may have more records.
    let intakeBell = Bell()
    /// Rings when a buffer was opened or closed.
    let deliveryBell = Bell()

    func limited(_ interval: Int64) -> Int64 { min(interval, intervalLimit ?? .max) }

    /// When an open buffer is closed, in milliseconds since 1970; at once if the clock was set back after it was opened.
    func deadline(of buffer: StoredBuffer, at now: Int64) -> Int64 {
        guard buffer.openedAt <= now else { return now }
        return buffer.openedAt + limited(configuration.destination(of: buffer.kind).bufferMilliseconds)
    }

    /// The key of the object for a buffer that is about to be closed.
    func objectKey(for buffer: StoredBuffer) throws -> String {
        let destination = configuration.destination(of: buffer.kind)
        let moment = destination.timeZone.local(buffer.oldest)
        let time = try DateTimePattern("yyyy-MM-dd-HH-mm-ss").text(at: moment)
        let prefix = try KeyPrefix(stored: buffer.prefix).text(at: moment, randomString: randomString)
        return "\(prefix)\(name)-\(version)-\(time)-\(clock.uuid())\(destination.fileExtension)"
    }

    /// Eleven letters and digits, as `!{firehose:random-string}` is documented.
    private func randomString() -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        return String((0..<11).map { _ in alphabet[Int(clock.random() % UInt64(alphabet.count))] })
    }

    /// Checks what the stream does as its role; only where permissions are enforced.
    func check(
        _ operation: String, of service: String, _ input: JSON, as role: String? = nil
    ) async throws(AWSFault) {
        try await peers.permissions?.check(
            operation, of: service, input, as: role ?? configuration.role, session: name)
    }

    /// Writes an error to the log that the configuration names.
    func log(_ code: String, _ message: String) {
        guard let log = configuration.log else { return }
        let document: JSON = [
            "deliveryStreamARN": .string(arn),
            "destination": .string("arn:aws:s3:::\(configuration.destination.bucket)"),
            "deliveryStreamVersionId": .int(version), "message": .string(message), "errorCode": .string(code),
        ]
        peers.write(document.text + "\n", group: log.group, stream: log.stream)
    }

    /// Calls `step` until the task is cancelled. After a failure it waits, longer after each.
    func `repeat`(_ what: String, _ step: () async throws -> Void) async {
        var failures = 0
        while !Task.isCancelled {
            do {
                try await step()
                failures = 0
            } catch {
                guard !Task.isCancelled else { return }
                failures += 1
                let delay = min(Int64(200) << min(failures - 1, 10), 20_000)
                let code = (error as? AWSFault)?.code ?? "InternalFailure"
                log("\(what).\(code)", "Attempt \(failures): \(error); next attempt in \(delay) ms.")
                try? await clock.sleep(clock.now().advanced(byMilliseconds: delay))
            }
        }
    }
}
