internal import AWSClient
internal import Contracts
internal import LambdaRuntime
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The source of the secret for hashed columns.
enum MaskingKey: Hashable {
    /// `MASKING_KEY`: the secret itself.
    case inline(String)
    /// `MASKING_KEY_FILE`: the content of a file, without a newline at its end.
    case file(String)
    /// `MASKING_KEY_PARAMETER`: the name of a parameter in Parameter Store, a `SecureString`.
    case parameter(String)

    /// A shorter secret could be guessed.
    static let leastBytes = 16

    /// - Throws: ``ConversionError/badMaskingKey(_:)`` if more than one is named.
    init?(_ environment: Environment) throws(ConversionError) {
        let given = [
            environment["MASKING_KEY"].map(MaskingKey.inline), environment["MASKING_KEY_FILE"].map(MaskingKey.file),
            environment["MASKING_KEY_PARAMETER"].map(MaskingKey.parameter),
        ].compactMap(\.self)
        guard given.count < 2 else {
            throw .badMaskingKey("\(given.map(\.name).joined(separator: " and ")) are set; set one of them")
        }
        guard let key = given.first else { return nil }
        self = key
    }

    /// - Parameter aws: asked for only if the key is a parameter.
    /// - Throws: ``ConversionError/badMaskingKey(_:)``, or ``AWSError``.
    func load(_ aws: () throws -> AWSClient) throws -> [UInt8] {
        let key: [UInt8]
        switch self {
        case .inline(let text): key = Array(text.utf8)
        case .file(let path): key = try Self.content(of: path)
        case .parameter(let name): key = Array(try ParameterStore(try aws()).value(of: name).utf8)
        }
        guard key.count >= Self.leastBytes else {
            throw ConversionError.badMaskingKey(
                "the key that \(name) gives has \(key.count) bytes; expected at least \(Self.leastBytes), better 32 "
                    + "(openssl rand -hex 32)")
        }
        return key
    }

    private var name: String {
        switch self {
        case .inline: "MASKING_KEY"
        case .file: "MASKING_KEY_FILE"
        case .parameter: "MASKING_KEY_PARAMETER"
        }
    }

    private static func content(of path: String) throws(ConversionError) -> [UInt8] {
        guard let file = fopen(path, "re") else {
            throw .badMaskingKey("MASKING_KEY_FILE \(path): \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = fread(&bytes, 1, bytes.count, file)
        guard ferror(file) == 0 else {
            throw .badMaskingKey("MASKING_KEY_FILE \(path): \(String(cString: strerror(errno)))")
        }
        var key = bytes[..<count]
        if key.last == UInt8(ascii: "\n") { key.removeLast() }
        if key.last == UInt8(ascii: "\r") { key.removeLast() }
        return Array(key)
    }
}

/// The masking key of a process, which is read once, when a contract needs it.
final class MaskingKeySource: Sendable {
    private let known: Mutex<[UInt8]?>
    private let read: @Sendable () throws -> [UInt8]?

    /// - Parameter read: reads the key; nil if none is configured.
    init(_ read: @escaping @Sendable () throws -> [UInt8]? = { nil }) {
        known = Mutex(nil)
        self.read = read
    }

    func key() throws -> [UInt8]? {
        if let key = known.withLock({ $0 }) { return key }
        let key = try read()
        known.withLock { $0 = key }
        return key
    }
}

extension Contract {
    /// Whether the contract hashes values, or may hash them under `policy`.
    func needsMaskingKey(_ policy: PersonalDataPolicy) -> Bool {
        bronzeColumns.contains { $0.isMasked(by: .hash) } || (personalData ?? policy) == .hash
    }
}
