import EmulatorCore
import JSON
import TestServices
import Testing

@testable import EmulatedKMS

@Suite struct KMSTests {
    private let directory: TemporaryDirectory
    private let store: Store
    private let keys: KMSService

    init() throws {
        directory = try TemporaryDirectory()
        store = try Store(directory: directory.path, schema: KMSService.schema)
        keys = KMSService(store: store)
    }

    private func refusal(_ action: String, _ input: JSON) async -> String? {
        await #expect(throws: AWSFault.self) { try await keys.perform(action, input) }?.code
    }

    private func create() async throws -> JSON {
        try #require(try await keys.perform("CreateKey", ["Description": "d"])["KeyMetadata"]?["KeyId"])
    }

    private let secret = JSON.string(Array("secret".utf8).base64)

    @Test("what a key encrypts, it decrypts with the same context, whichever of its names is used")
    func roundTrip() async throws {
        let id = try await create()
        _ = try await keys.perform("CreateAlias", ["AliasName": "alias/mine", "TargetKeyId": id])
        let arn = try #require(try await keys.perform("DescribeKey", ["KeyId": id])["KeyMetadata"]?["Arn"])
        for name in [id, arn, "alias/mine", "arn:aws:kms:us-east-1:000000000000:alias/mine"] {
            let encrypted = try await keys.perform(
                "Encrypt", ["KeyId": name, "Plaintext": secret, "EncryptionContext": ["b": "2", "a": "1"]])
            #expect(encrypted["KeyId"] == arn && encrypted["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT")
            let blob = try #require(encrypted["CiphertextBlob"])
            let decrypted = try await keys.perform(
                "Decrypt", ["CiphertextBlob": blob, "EncryptionContext": ["a": "1", "b": "2"]])
            #expect(decrypted["Plaintext"] == secret && decrypted["KeyId"] == arn)
            #expect(await refusal("Decrypt", ["CiphertextBlob": blob]) == "InvalidCiphertextException")
            let other = try await create()
            #expect(
                await refusal(
                    "Decrypt",
                    ["CiphertextBlob": blob, "KeyId": other, "EncryptionContext": ["a": "1", "b": "2"]])
                    == "IncorrectKeyException")
        }
        store.close()
    }

    @Test("a data key comes plain and encrypted, and can be encrypted again with another key")
    func dataKeys() async throws {
        let id = try await create()
        let made = try await keys.perform("GenerateDataKey", ["KeyId": id, "KeySpec": "AES_256"])
        #expect(made["Plaintext"]?.string.flatMap { [UInt8](base64: $0) }?.count == 32)
        let other = try await create()
        let again = try await keys.perform(
            "ReEncrypt", ["CiphertextBlob": made["CiphertextBlob"] ?? .null, "DestinationKeyId": other])
        #expect(again["SourceKeyId"]?.string?.hasSuffix(id.string ?? "-") == true)
        let decrypted = try await keys.perform("Decrypt", ["CiphertextBlob": again["CiphertextBlob"] ?? .null])
        #expect(decrypted["Plaintext"] == made["Plaintext"])
        let hidden = try await keys.perform("GenerateDataKeyWithoutPlaintext", ["KeyId": id, "NumberOfBytes": 64])
        #expect(hidden["Plaintext"] == nil && hidden["CiphertextBlob"] != nil)
        #expect(await refusal("GenerateDataKey", ["KeyId": id]) == "ValidationException")
        #expect(
            await refusal("GenerateDataKey", ["KeyId": id, "KeySpec": "AES_256", "NumberOfBytes": 1])
                == "ValidationException")
        let random = try await keys.perform("GenerateRandom", ["NumberOfBytes": 24])
        #expect(random["Plaintext"]?.string.flatMap { [UInt8](base64: $0) }?.count == 24)
        store.close()
    }

    @Test("a ciphertext that was changed anywhere is refused")
    func tampering() async throws {
        let id = try await create()
        let encrypted = try await keys.perform("Encrypt", ["KeyId": id, "Plaintext": secret])
        let blob = try #require(encrypted["CiphertextBlob"]?.string.flatMap { [UInt8](base64: $0) })
        for position in blob.indices {
            var changed = blob
            changed[position] ^= 1
            #expect(
                await refusal("Decrypt", ["CiphertextBlob": .string(changed.base64)]) == "InvalidCiphertextException",
                "byte \(position)")
        }
        for length in [1, 2, 40, blob.count - 1] {
            #expect(
                await refusal("Decrypt", ["CiphertextBlob": .string(Array(blob.prefix(length)).base64)])
                    == "InvalidCiphertextException")
        }
        store.close()
    }

    @Test("a key that is disabled or waits for its deletion encrypts nothing")
    func states() async throws {
        let id = try await create()
        let request: JSON = ["KeyId": id, "Plaintext": secret]
        _ = try await keys.perform("DisableKey", ["KeyId": id])
        #expect(await refusal("Encrypt", request) == "DisabledException")
        _ = try await keys.perform("EnableKey", ["KeyId": id])
        _ = try await keys.perform("Encrypt", request)
        let scheduled = try await keys.perform("ScheduleKeyDeletion", ["KeyId": id, "PendingWindowInDays": 7])
        #expect(scheduled["KeyState"] == "PendingDeletion")
        #expect(await refusal("Encrypt", request) == "KMSInvalidStateException")
        #expect(await refusal("EnableKey", ["KeyId": id]) == "KMSInvalidStateException")
        _ = try await keys.perform("CancelKeyDeletion", ["KeyId": id])
        #expect(await refusal("Encrypt", request) == "DisabledException")
        store.close()
    }

    @Test("unknown names and other kinds of keys are refused; AWS's own keys exist once they are used")
    func names() async throws {
        #expect(await refusal("DescribeKey", ["KeyId": "no"]) == "NotFoundException")
        #expect(await refusal("DescribeKey", ["KeyId": "alias/no"]) == "NotFoundException")
        #expect(await refusal("CreateKey", ["KeySpec": "RSA_2048"]) == "NotImplemented")
        #expect(await refusal("Sign", [:]) == "NotImplemented")
        #expect(await refusal("CreateAlias", ["AliasName": "mine", "TargetKeyId": "no"]) == "ValidationException")
        let id = try await create()
        _ = try await keys.perform("CreateAlias", ["AliasName": "alias/a", "TargetKeyId": id])
        #expect(await refusal("CreateAlias", ["AliasName": "alias/a", "TargetKeyId": id]) == "AlreadyExistsException")
        #expect(await refusal("UpdateAlias", ["AliasName": "alias/b", "TargetKeyId": id]) == "NotFoundException")
        _ = try await keys.perform("DeleteAlias", ["AliasName": "alias/a"])
        #expect(await refusal("DeleteAlias", ["AliasName": "alias/a"]) == "NotFoundException")
        let own = try await keys.perform("DescribeKey", ["KeyId": "alias/aws/s3"])["KeyMetadata"]
        #expect(own?["KeyManager"] == "AWS")
        #expect(try await keys.perform("DescribeKey", ["KeyId": "alias/aws/s3"])["KeyMetadata"] == own)
        store.close()
    }

    @Test("policies, rotation, tags and grants are kept")
    func settings() async throws {
        let id = try await create()
        let policy = try await keys.perform("GetKeyPolicy", ["KeyId": id, "PolicyName": "default"])["Policy"]?.string
        #expect(policy?.contains("arn:aws:iam::000000000000:root") == true)
        _ = try await keys.perform("PutKeyPolicy", ["KeyId": id, "PolicyName": "default", "Policy": "{}"])
        #expect(try await keys.perform("GetKeyPolicy", ["KeyId": id])["Policy"] == "{}")
        _ = try await keys.perform("EnableKeyRotation", ["KeyId": id])
        #expect(try await keys.perform("GetKeyRotationStatus", ["KeyId": id])["KeyRotationEnabled"] == true)
        let tags: JSON = [["TagKey": "a", "TagValue": "1"], ["TagKey": "b", "TagValue": "2"]]
        _ = try await keys.perform("TagResource", ["KeyId": id, "Tags": tags])
        _ = try await keys.perform("UntagResource", ["KeyId": id, "TagKeys": ["a"]])
        #expect(
            try await keys.perform("ListResourceTags", ["KeyId": id])["Tags"] == [["TagKey": "b", "TagValue": "2"]])
        let grant = try await keys.perform(
            "CreateGrant", ["KeyId": id, "GranteePrincipal": "p", "Operations": ["Decrypt"]])["GrantId"]
        #expect(try await keys.perform("ListGrants", ["KeyId": id])["Grants"]?[0]?["GrantId"] == grant)
        _ = try await keys.perform("RevokeGrant", ["KeyId": id, "GrantId": grant ?? .null])
        #expect(try await keys.perform("ListGrants", ["KeyId": id])["Grants"] == [])
        store.close()
    }

    @Test("a template's key keeps its ID, those of two stacks differ, and its alias names it")
    func templates() async throws {
        func declared(_ stack: String) -> DeclaredResource {
            DeclaredResource(
                logicalID: "Key", type: "AWS::KMS::Key", properties: ["Description": "t", "EnableKeyRotation": true],
                stack: stack)
        }
        let first = try await keys.provision(declared("one"))
        let again = try await keys.provision(declared("one"))
        let second = try await keys.provision(declared("two"))
        #expect(first.ref == again.ref && first.ref != second.ref && first.ref.utf8.count == 36)
        #expect(first.attributes["Arn"] == "arn:aws:kms:us-east-1:000000000000:key/\(first.ref)")
        let alias = try await keys.provision(
            DeclaredResource(
                logicalID: "Alias", type: "AWS::KMS::Alias",
                properties: ["AliasName": "alias/t", "TargetKeyId": .string(first.ref)]))
        #expect(
            try await keys.perform("DescribeKey", ["KeyId": "alias/t"])["KeyMetadata"]?["KeyId"]?.string == first.ref)
        try await keys.remove("AWS::KMS::Alias", alias.physicalID)
        try await keys.remove("AWS::KMS::Key", first.physicalID)
        try await keys.remove("AWS::KMS::Key", first.physicalID)
        let state = try await keys.perform("DescribeKey", ["KeyId": .string(first.ref)])["KeyMetadata"]?["KeyState"]
        #expect(state == "PendingDeletion")
        store.close()
    }
}
