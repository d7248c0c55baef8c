internal import EmulatorCore
internal import JSON

// Server-side encryption: stored, returned and said in the answers to puts. Nothing is encrypted.
// See <https://docs.aws.amazon.com/firehose/latest/APIReference/API_StartDeliveryStreamEncryption.html>

extension FirehoseService {
    func startEncryption(_ input: JSON) async throws -> JSON {
        let encryption = input["DeliveryStreamEncryptionConfigurationInput"] ?? ["KeyType": "AWS_OWNED_CMK"]
        return try await setEncryption(of: try name(input), to: encryption)
    }

    func stopEncryption(_ input: JSON) async throws -> JSON {
        try await setEncryption(of: try name(input), to: DeliveryConfiguration.noEncryption)
    }

    private func setEncryption(of name: String, to encryption: JSON) async throws -> JSON {
        try await reconfigure(name, isNewVersion: false) { stream in
            guard try DeliveryConfiguration(stream.declaration).sourceStream == nil else {
                throw AWSFault.firehoseArgument(
                    "Only a delivery stream with the source DirectPut can be encrypted; encrypt the Kinesis stream.")
            }
            var declaration = stream.declaration.object ?? [:]
            declaration[DeliveryConfiguration.encryptionMember] = encryption
            stream.declaration = .object(declaration)
        }
        return [:]
    }
}

extension DeliveryConfiguration {
    static let encryptionMember = "DeliveryStreamEncryptionConfigurationInput"
    /// What is declared once encryption was stopped.
    static let noEncryption: JSON = ["Status": "DISABLED"]

    /// The encryption as it is described; nil where none was ever declared.
    static func encryption(_ declaration: JSON) -> JSON? {
        guard var encryption = declaration[encryptionMember]?.object else { return nil }
        if encryption["Status"] == nil { encryption["Status"] = "ENABLED" }
        return .object(encryption)
    }

    /// - Throws: ``AWSFault`` for an encryption that cannot be declared.
    static func isEncrypted(_ declaration: JSON) throws(AWSFault) -> Bool {
        guard let encryption = declaration[encryptionMember], encryption != noEncryption else { return false }
        switch encryption["KeyType"]?.string {
        case "AWS_OWNED_CMK":
            guard encryption["KeyARN"] == nil else {
                throw .firehoseArgument("KeyARN must be empty with the KeyType AWS_OWNED_CMK.")
            }
        case "CUSTOMER_MANAGED_CMK":
            guard encryption["KeyARN"]?.string != nil else {
                throw .firehoseArgument("The KeyType CUSTOMER_MANAGED_CMK needs a KeyARN.")
            }
        case let type:
            throw .firehoseValidation(
                "deliveryStreamEncryptionConfigurationInput.keyType",
                "Member must satisfy enum value set: [AWS_OWNED_CMK, CUSTOMER_MANAGED_CMK]", found: type)
        }
        return true
    }
}
