import EmulatorCore
import JSON
import TestServices
import Testing

@testable import EmulatedSecretsManager

@Suite struct SecretsManagerTests {
    private let directory: TemporaryDirectory
    private let clock = TestClock()

    init() throws { directory = try TemporaryDirectory() }

    private func open() throws -> (store: Store, secrets: SecretsManagerService) {
        let store = try Store(directory: directory.path, schema: SecretsManagerService.schema)
        return (store, SecretsManagerService(store: store, clock: clock.clockAndChance))
    }

    private func refusal(_ secrets: SecretsManagerService, _ action: String, _ input: JSON) async -> AWSFault? {
        await #expect(throws: AWSFault.self) { try await secrets.perform(action, input) }
    }

    @Test("a secret has a current and a previous value, also after a restart")
    func versions() async throws {
        let first = try open()
        let made = try await first.secrets.perform("CreateSecret", ["Name": "db/key", "SecretString": "one"])
        _ = try await first.secrets.perform("PutSecretValue", ["SecretId": "db/key", "SecretString": "two"])
        first.store.close()
        let (store, secrets) = try open()
        defer { store.close() }
        let arn = made["ARN"]?.string ?? ""
        for id in ["db/key", arn, String(arn.dropLast(7))] {
            #expect(try await secrets.perform("GetSecretValue", ["SecretId": .string(id)])["SecretString"] == "two")
        }
        let previous: JSON = ["SecretId": "db/key", "VersionStage": "AWSPREVIOUS"]
        #expect(try await secrets.perform("GetSecretValue", previous)["SecretString"] == "one")
        let listed = try await secrets.perform("ListSecretVersionIds", ["SecretId": "db/key"])
        #expect(listed["Versions"]?.array?.count == 2)
        let described = try await secrets.perform("DescribeSecret", ["SecretId": "db/key"])
        #expect(described["VersionIdsToStages"]?[made["VersionId"]?.string ?? ""] == ["AWSPREVIOUS"])
    }

    @Test("a deleted secret can be restored until its window ends, and at once not where it was forced")
    func deletion() async throws {
        let (store, secrets) = try open()
        defer { store.close() }
        _ = try await secrets.perform("CreateSecret", ["Name": "s", "SecretString": "x"])
        _ = try await secrets.perform("DeleteSecret", ["SecretId": "s"])
        #expect(await refusal(secrets, "GetSecretValue", ["SecretId": "s"])?.code == "InvalidRequestException")
        #expect(try await secrets.perform("ListSecrets", [:])["SecretList"] == [])
        _ = try await secrets.perform("RestoreSecret", ["SecretId": "s"])
        #expect(try await secrets.perform("GetSecretValue", ["SecretId": "s"])["SecretString"] == "x")
        _ = try await secrets.perform("DeleteSecret", ["SecretId": "s", "ForceDeleteWithoutRecovery": true])
        #expect(await refusal(secrets, "DescribeSecret", ["SecretId": "s"])?.code == "ResourceNotFoundException")
    }

    @Test("refusals have AWS's codes, and the SDK's names")
    func refusals() async throws {
        let (store, secrets) = try open()
        defer { store.close() }
        _ = try await secrets.perform("CreateSecret", ["Name": "s"])
        #expect(await refusal(secrets, "GetSecretValue", ["SecretId": "s"])?.code == "ResourceNotFoundException")
        #expect(await refusal(secrets, "CreateSecret", ["Name": "s"])?.code == "ResourceExistsException")
        #expect(await refusal(secrets, "GetSecretValue", [:])?.message.contains("'secretId'") == true)
        #expect(await refusal(secrets, "RotateSecret", ["SecretId": "s"])?.message.contains("RotateSecret") == true)
        let name = await refusal(secrets, "CreateSecret", ["Name": "Invalid Name", "SecretString": "x"])
        #expect(
            name?.message
                == "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
        )
        #expect(name.map { secrets.sdkError($0).type } == .some(nil))
        for size in ["-1", "9223372036854775807", "x"] {
            _ = try await secrets.perform("ListSecrets", ["NextToken": .string(size), "MaxResults": .int(Int.max)])
        }
    }

    @Test("a template's secret is created with a generated password, kept when it is deployed again, and removed")
    func template() async throws {
        let (store, secrets) = try open()
        defer { store.close() }
        func provision(_ properties: JSON) async throws -> String {
            try await secrets.provision(
                DeclaredResource(logicalID: "S", type: "AWS::SecretsManager::Secret", properties: properties)
            ).ref
        }
        func value(_ arn: String) async throws -> String {
            try await secrets.perform("GetSecretValue", ["SecretId": .string(arn)])["SecretString"]?.string ?? ""
        }
        let rule: JSON = [
            "SecretStringTemplate": #"{"user":"u"}"#, "GenerateStringKey": "password", "PasswordLength": 12,
            "ExcludePunctuation": true,
        ]
        let arn = try await provision(["Name": "s", "GenerateSecretString": rule])
        let first = try await value(arn)
        let object = try JSON(parsing: first)
        #expect(object["user"] == "u" && object["password"]?.string?.count == 12)
        #expect(try await provision(["Name": "s", "GenerateSecretString": rule]) == arn)
        #expect(try await value(arn) == first)
        _ = try await provision(["Name": "s", "SecretString": "t"])
        #expect(try await value(arn) == "t")
        for _ in 0..<2 { try await secrets.remove("AWS::SecretsManager::Secret", arn) }
        #expect(await refusal(secrets, "GetSecretValue", ["SecretId": "s"])?.code == "ResourceNotFoundException")
    }

    @Test("a password has a character of each kind that is not excluded, and no other")
    func password() async throws {
        let (store, secrets) = try open()
        defer { store.close() }
        let request: JSON = [
            "PasswordLength": 3, "ExcludePunctuation": true, "ExcludeCharacters": "abcdefghijklmnopqrstuvwxy",
        ]
        for _ in 0..<20 {
            let text = try await secrets.perform("GetRandomPassword", request)["RandomPassword"]?.string ?? ""
            #expect(text.count == 3 && text.contains("z") && text.contains { $0.isNumber && $0.isASCII })
            #expect(text.contains { $0.isUppercase })
        }
        for request: JSON in [["PasswordLength": 0], ["PasswordLength": 3], ["PasswordLength": 4097]] {
            #expect(await refusal(secrets, "GetRandomPassword", request)?.code == "InvalidParameterException")
        }
    }
}
