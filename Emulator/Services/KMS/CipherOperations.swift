internal import Digest
internal import EmulatorCore
internal import JSON
internal import Time

/// Encryption and decryption.
///
/// A text is encrypted by a key stream of HMAC-SHA-256 and authenticated, with its encryption context, by the same function.
/// Only the emulator reads what it has encrypted: the form of AWS's own ciphertexts is not published.
/// - SeeAlso: <https://docs.aws.amazon.com/kms/latest/developerguide/kms-cryptography.html>
extension KMSService {
    private static let longestPlaintext = 4096

    func performCipher(_ action: String, _ input: JSON) async throws -> JSON {
        switch action {
        case "Encrypt":
            let key = try await usableKey(input)
            let plaintext = try Self.bytes("Plaintext", in: input, atMost: Self.longestPlaintext)
            return [
                "CiphertextBlob": .string(encrypt(plaintext, with: key, input["EncryptionContext"]).base64),
                "KeyId": .string(key.arn(account)), "EncryptionAlgorithm": .string(StoredKey.spec),
            ]
        case "Decrypt":
            let (key, plaintext) = try await decrypt(input, key: "KeyId", context: "EncryptionContext")
            return [
                "KeyId": .string(key.arn(account)), "Plaintext": .string(plaintext.base64),
                "EncryptionAlgorithm": .string(StoredKey.spec),
            ]
        case "ReEncrypt":
            let (source, plaintext) = try await decrypt(input, key: "SourceKeyId", context: "SourceEncryptionContext")
            let key = try await usableKey(input, "DestinationKeyId")
            let blob = encrypt(plaintext, with: key, input["DestinationEncryptionContext"])
            return [
                "CiphertextBlob": .string(blob.base64), "SourceKeyId": .string(source.arn(account)),
                "KeyId": .string(key.arn(account)), "SourceEncryptionAlgorithm": .string(StoredKey.spec),
                "DestinationEncryptionAlgorithm": .string(StoredKey.spec),
            ]
        case "GenerateRandom":
            let count = input["NumberOfBytes"]?.int ?? 0
            guard (1...1024).contains(count) else {
                throw AWSFault("ValidationException", "NumberOfBytes must be between 1 and 1024, not \(count).")
            }
            return ["Plaintext": .string(clock.bytes(count).base64)]
        default:
            let key = try await usableKey(input)
            let plaintext = clock.bytes(try Self.length(ofDataKey: input))
            var answer: JSONObject = [
                "CiphertextBlob": .string(encrypt(plaintext, with: key, input["EncryptionContext"]).base64),
                "KeyId": .string(key.arn(account)),
            ]
            if action == "GenerateDataKey" { answer["Plaintext"] = .string(plaintext.base64) }
            return .object(answer)
        }
    }

    private static func length(ofDataKey input: JSON) throws(AWSFault) -> Int {
        switch (input["KeySpec"]?.string, input["NumberOfBytes"]?.int) {
        case ("AES_256"?, nil): return 32
        case ("AES_128"?, nil): return 16
        case (nil, let count?) where (1...1024).contains(count): return count
        default:
            throw AWSFault(
                "ValidationException",
                "Please specify either number of bytes or key spec: KeySpec is AES_128 or AES_256, and NumberOfBytes is "
                    + "between 1 and 1024.")
        }
    }

    private static func bytes(_ name: String, in input: JSON, atMost most: Int) throws(AWSFault) -> [UInt8] {
        guard let bytes = [UInt8](base64: try required(name, in: input)) else {
            throw AWSFault("SerializationException", "\(name) is not Base64.")
        }
        guard bytes.count <= most else {
            let field = name.prefix(1).lowercased() + name.dropFirst()
            throw AWSFault(
                "ValidationException",
                "1 validation error detected: Value at '\(field)' failed to satisfy constraint: Member must have length "
                    + "less than or equal to \(most)")
        }
        return bytes
    }

    // MARK: The form of a ciphertext: version, length and text of the key's ID, nonce, ciphertext, tag

    private static let version: UInt8 = 1
    private static let nonceLength = 16
    private static let tagLength = 32

    private func encrypt(_ plaintext: [UInt8], with key: StoredKey, _ context: JSON?) -> [UInt8] {
        let nonce = clock.bytes(Self.nonceLength)
        let id = Array(key.id.utf8)
        let body =
            [Self.version, UInt8(truncatingIfNeeded: id.count)] + id + nonce
            + Self.stream(plaintext, key.secret, nonce)
        return body + Self.tag(of: body, key.secret, context)
    }

    private func decrypt(
        _ input: JSON, key member: String, context: String
    ) async throws -> (key: StoredKey, plaintext: [UInt8]) {
        let blob = try Self.bytes("CiphertextBlob", in: input, atMost: 6144)
        let invalid = AWSFault("InvalidCiphertextException", "")
        guard blob.count > 2, blob[0] == Self.version else { throw invalid }
        let start = 2 + Int(blob[1])
        guard blob.count >= start + Self.nonceLength + Self.tagLength else { throw invalid }
        let id = String(decoding: blob[2..<start], as: UTF8.self)
        guard let key = try store.read({ try StoredKey.find(id, in: $0) }) else { throw invalid }
        if input.present(member) != nil, try await self.key(input, member).id != key.id {
            throw AWSFault(
                "IncorrectKeyException",
                "The key ID in the request does not identify a CMK that can perform this operation.")
        }
        try check(key)
        let body = Array(blob.dropLast(Self.tagLength))
        let tag = Array(blob.suffix(Self.tagLength))
        guard Self.tag(of: body, key.secret, input[context]).equalsInConstantTime(tag) else { throw invalid }
        let nonce = Array(body[start..<start + Self.nonceLength])
        return (key, Self.stream(Array(body[(start + Self.nonceLength)...]), key.secret, nonce))
    }

    /// The bytes with the key stream of the nonce; a second time gives them back.
    private static func stream(_ bytes: [UInt8], _ secret: [UInt8], _ nonce: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var block: [UInt8] = []
        for (position, byte) in bytes.enumerated() {
            if position % 32 == 0 {
                block = Digest.hmacSHA256(Array("stream \(position)".utf8) + nonce, key: secret)
            }
            result.append(byte ^ block[position % 32])
        }
        return result
    }

    private static func tag(of body: [UInt8], _ secret: [UInt8], _ context: JSON?) -> [UInt8] {
        let pairs = (context?.object ?? [:]).map { [.string($0.name), $0.value] as JSON }
            .sorted { ($0[0]?.string ?? "") < ($1[0]?.string ?? "") }
        return Digest.hmacSHA256(Array("tag ".utf8) + body + JSON.array(pairs).bytes, key: secret)
    }
}
