internal import JSON

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// `endpoint.json`, which a running emulator keeps in its data folder so that the other commands find it.
struct EndpointFile: Hashable, Sendable {
    var endpoint: String
    var processID: Int32
    /// The outputs of its template, by name.
    var outputs: [String: String]
    /// The fingerprint of the masking key that its functions have; nil if it has none from the environment.
    var maskingKey: String?
    /// What it was started with; nil if an earlier version of cupel wrote the file.
    var settings: EmulatorSettings?

    static func path(in folder: String) -> String { "\(folder)/endpoint.json" }

    init(
        endpoint: String, processID: Int32, outputs: [String: String], maskingKey: String? = nil,
        settings: EmulatorSettings? = nil
    ) {
        self.settings = settings
        self.endpoint = endpoint
        self.processID = processID
        self.outputs = outputs
        self.maskingKey = maskingKey
    }

    /// The file in `folder`; nil if it is missing, or if its process has ended without removing it.
    init?(in folder: String) {
        guard let bytes = try? FileContent.read(Self.path(in: folder)), let json = try? JSON(parsing: bytes),
            let endpoint = json["endpoint"]?.string, let process = json["process"]?.int,
            let processID = Int32(exactly: process), Self.isRunning(processID)
        else { return nil }
        self.endpoint = endpoint
        self.processID = processID
        maskingKey = json["masking_key"]?.string
        settings = json["settings"].flatMap(EmulatorSettings.init)
        outputs = [:]
        for output in json["outputs"]?.object ?? [:] { outputs[output.name] = output.value.string }
    }

    /// Whether a process runs. A zombie does not: it has ended, but its parent has not waited for it.
    private static func isRunning(_ processID: Int32) -> Bool {
        guard kill(processID, 0) == 0 || errno == EPERM else { return false }
        guard var reader = try? FileReader(path: "/proc/\(processID)/stat"), let bytes = try? reader.next(1024) else {
            return true
        }
        // The text is `1234 (name) Z …`, where the name may contain parentheses.
        let afterName = bytes.lastIndex(of: UInt8(ascii: ")")).map { bytes[($0 + 1)...].drop { $0 == 0x20 } }
        return afterName?.first != UInt8(ascii: "Z")
    }

    /// Writes the file into `folder` atomically.
    func write(in folder: String) throws(CommandFailure) {
        let sorted = outputs.sorted { $0.key < $1.key }
        let json: JSON = [
            "endpoint": .string(endpoint), "process": .int(processID),
            "outputs": .object(JSONObject(sorted.map { ($0.key, JSON.string($0.value)) })),
            "masking_key": maskingKey.map(JSON.string) ?? .null, "settings": settings?.json ?? .null,
        ]
        let path = Self.path(in: folder)
        let part = "\(path).part-\(processID)"
        try FileContent.write(json.bytes + [UInt8(ascii: "\n")], to: part, mode: 0o600)
        guard rename(part, path) == 0 else { throw .file("cannot write", path, errno) }
    }

    static func remove(in folder: String) { unlink(path(in: folder)) }
}
