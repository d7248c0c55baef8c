import EmulatorCore
import JSON
import Testing
import TestServices
import Time

@testable import EmulatedSSM

@Suite struct ParameterStoreTests {
    private let directory: TemporaryDirectory
    private let clock = TestClock()

    init() throws { directory = try TemporaryDirectory() }

    private func open() throws -> (store: Store, parameters: ParameterStore) {
        let store = try Store(directory: directory.path, schema: ParameterStore.schema)
        return (store, ParameterStore(store: store, clock: clock.clockAndChance))
    }

    @Test("a SecureString is shown only with decryption, also after a restart")
    func secureString() async throws {
        let first = try open()
        let put: JSON = ["Name": "/cupel/key", "Value": "secret", "Type": "SecureString"]
        #expect(try await first.parameters.perform("PutParameter", put)["Version"] == 1)
        first.store.close()
        let (store, parameters) = try open()
        let hidden = try await parameters.perform("GetParameter", ["Name": "/cupel/key"])["Parameter"]?["Value"]?.string
        #expect(hidden?.contains("secret") == false)
        let shown = try await parameters.perform("GetParameter", ["Name": "/cupel/key", "WithDecryption": true])
        #expect(
            shown["Parameter"] == [
                "ARN": "arn:aws:ssm:us-east-1:000000000000:parameter/cupel/key", "DataType": "text",
                "LastModifiedDate": Timestamp.json(clock.now), "Name": "/cupel/key", "Type": "SecureString",
                "Version": 1, "Value": "secret",
            ])
        store.close()
    }

    @Test("a new value needs Overwrite and becomes a new version")
    func versions() async throws {
        let (store, parameters) = try open()
        _ = try await parameters.perform("PutParameter", ["Name": "plain", "Value": "a", "Type": "String"])
        let refused = await #expect(throws: AWSFault.self) {
            try await parameters.perform("PutParameter", ["Name": "plain", "Value": "b", "Type": "String"])
        }
        #expect(refused?.code == "ParameterAlreadyExists")
        let put: JSON = ["Name": "plain", "Value": "b", "Overwrite": true]
        #expect(try await parameters.perform("PutParameter", put)["Version"] == 2)
        for name in ["plain", "plain:2", "arn:aws:ssm:us-east-1:000000000000:parameter/plain"] {
            let found = try await parameters.perform("GetParameter", ["Name": .string(name)])
            #expect(found["Parameter"]?["Value"] == "b", "\(name)")
        }
        let some = try await parameters.perform("GetParameters", ["Names": ["plain", "none", "plain:1"]])
        #expect(some["Parameters"]?.array?.count == 1)
        #expect(some["InvalidParameters"] == ["none", "plain:1"])
        _ = try await parameters.perform("DeleteParameter", ["Name": "plain"])
        let gone = await #expect(throws: AWSFault.self) {
            try await parameters.perform("GetParameter", ["Name": "plain"])
        }
        #expect(gone?.code == "ParameterNotFound")
        for name: JSON in ["", ":", "arn:aws:ssm:us-east-1:000000000000:parameter", 7] {
            let none = await #expect(throws: AWSFault.self) {
                try await parameters.perform("GetParameter", ["Name": name])
            }
            #expect(none?.code == "ParameterNotFound")
        }
        store.close()
    }

    @Test("an invalid parameter is refused")
    func invalidParameter() async throws {
        let (store, parameters) = try open()
        let wrong: [(String, JSON)] = [
            ("ValidationException", ["Name": "a b", "Value": "x", "Type": "String"]),
            ("ValidationException", ["Name": "a/b", "Value": "x", "Type": "String"]),
            ("ValidationException", ["Name": "/aws/b", "Value": "x", "Type": "String"]),
            ("ValidationException", ["Name": "a", "Value": "", "Type": "String"]),
            (
                "ValidationException",
                ["Name": "a", "Value": .string(String(repeating: "x", count: 4097)), "Type": "String"]
            ),
            ("ValidationException", ["Name": "a", "Value": "x"]),
            ("UnsupportedParameterType", ["Name": "a", "Value": "x", "Type": "Text"]),
        ]
        for (code, input) in wrong {
            let fault = await #expect(throws: AWSFault.self) { try await parameters.perform("PutParameter", input) }
            #expect(fault?.code == code)
        }
        store.close()
    }

    @Test("a template's parameter is put, changed and removed; one that a template cannot have is refused")
    func template() async throws {
        let (store, parameters) = try open()
        defer { store.close() }
        func provision(_ properties: JSON) async throws -> ProvisionedResource {
            try await parameters.provision(
                DeclaredResource(logicalID: "P", type: "AWS::SSM::Parameter", properties: properties))
        }
        for value in ["a", "b"] {
            let made = try await provision(["Name": "/p", "Type": "String", "Value": .string(value)])
            #expect(made.ref == "/p" && made.attributes == ["Type": "String", "Value": value])
            let got = try await parameters.perform("GetParameter", ["Name": "/p"])["Parameter"]?["Value"]
            #expect(got?.string == value)
        }
        await #expect(throws: AWSFault.self) {
            _ = try await provision(["Name": "/s", "Type": "SecureString", "Value": "a"])
        }
        for _ in 0..<2 { try await parameters.remove("AWS::SSM::Parameter", "/p") }
        await #expect(throws: AWSFault.self) { _ = try await parameters.perform("GetParameter", ["Name": "/p"]) }
    }

    @Test("parameters are found by path and by filters, page by page, and deleted together")
    func search() async throws {
        let (store, parameters) = try open()
        defer { store.close() }
        for name in ["/app/a", "/app/b", "/app/deep/c", "/other"] {
            _ = try await parameters.perform("PutParameter", ["Name": .string(name), "Value": "v", "Type": "String"])
        }
        func names(_ action: String, _ input: JSON) async throws -> [String] {
            try await parameters.perform(action, input)["Parameters"]?.array?.compactMap { $0["Name"]?.string } ?? []
        }
        #expect(try await names("GetParametersByPath", ["Path": "/app"]) == ["/app/a", "/app/b"])
        let all: JSON = ["Path": "/app/", "Recursive": true]
        #expect(try await names("GetParametersByPath", all) == ["/app/a", "/app/b", "/app/deep/c"])
        let first = try await parameters.perform("GetParametersByPath", ["Path": "/app", "MaxResults": 1])
        #expect(first["Parameters"]?.array?.count == 1)
        let rest: JSON = ["Path": "/app", "MaxResults": 1, "NextToken": first["NextToken"] ?? .null]
        #expect(try await names("GetParametersByPath", rest) == ["/app/b"])
        for (option, value, found) in [
            ("BeginsWith", "/app/d", ["/app/deep/c"]), ("Contains", "the", ["/other"]), ("Equals", "/app", []),
        ] {
            let filter: JSON = ["Key": "Name", "Option": .string(option), "Values": [.string(value)]]
            #expect(try await names("DescribeParameters", ["ParameterFilters": [filter]]) == found, "\(option)")
        }
        for (input, code): (JSON, String) in [
            (["Path": "app"], "ValidationException"), (["Path": "/", "MaxResults": 11], "ValidationException"),
            (["Path": "/", "NextToken": "x"], "InvalidNextToken"),
        ] {
            let fault = await #expect(throws: AWSFault.self) {
                try await parameters.perform("GetParametersByPath", input)
            }
            #expect(fault?.code == code)
        }
        let deleted = try await parameters.perform("DeleteParameters", ["Names": ["/app/a", "/none"]])
        #expect(deleted["DeletedParameters"] == ["/app/a"] && deleted["InvalidParameters"] == ["/none"])
    }
}
