internal import Contracts
internal import Digest

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// The masking key in this process's environment, which an emulator gives to its functions.
struct LocalMaskingKey: Hashable, Sendable {
    /// `MASKING_KEY`, the secret itself, or `MASKING_KEY_FILE`, the absolute path of its file.
    let variable: String
    let value: String
    /// Tells two keys apart without showing them.
    let fingerprint: String

    private static let variables = ["MASKING_KEY", "MASKING_KEY_FILE"]
    /// The functions refuse a shorter key, which could be guessed.
    private static let leastBytes = 16

    /// The key that the environment names; nil if it names none.
    static func ofEnvironment() throws(CommandFailure) -> LocalMaskingKey? {
        let given = variables.filter { Pipeline.variable($0) != nil }
        guard given.count < 2 else { throw .usage("\(given.joined(separator: " and ")) are set; set one of them") }
        guard let variable = given.first, let value = Pipeline.variable(variable) else { return nil }
        return try LocalMaskingKey(variable, value)
    }

    private init(_ variable: String, _ value: String) throws(CommandFailure) {
        self.variable = variable
        let key: [UInt8]
        if variable == "MASKING_KEY_FILE" {
            // Functions run in folders of their own.
            let path = realpath(value, nil)
            guard let path else { throw .file("MASKING_KEY_FILE:", value, errno) }
            defer { free(path) }
            self.value = String(cString: path)
            var bytes = try FileContent.read(value)[...]
            if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
            if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
            key = Array(bytes)
        } else {
            self.value = value
            key = Array(value.utf8)
        }
        guard key.count >= Self.leastBytes else {
            throw .usage(
                "\(variable): the key has \(key.count) bytes; expected at least \(Self.leastBytes), better 32 "
                    + "(openssl rand -hex 32)")
        }
        fingerprint = String(Digest.hmacSHA256(Array("cupel endpoint".utf8), key: key).hexadecimal.prefix(8))
    }

    /// Checks that contracts which hash values have a key.
    ///
    /// - Parameter key: That of the emulator which will be started.
    static func check(_ contracts: [Contract], have key: LocalMaskingKey?) throws(CommandFailure) {
        guard key == nil else { return }
        for contract in contracts {
            var hashed = contract.bronzeColumns.filter { $0.isMasked(by: .hash) }.map(\.name)
            if contract.personalData == .hash { hashed.append("personal data where it is found") }
            guard !hashed.isEmpty else { continue }
            throw .usage(
                "the contract of \(contract.table) hashes \(hashed.joined(separator: ", ")), and no masking key is set: "
                    + "MASKING_KEY=$(openssl rand -hex 32) cupel run …. Keep the key: equal values have equal hashes "
                    + "only under the same key")
        }
    }
}
