import EmulatorCore
import Foundation
import JSON
import TestServices
import Testing
import Time

@testable import EmulatedCloudFormation

/// A store of parameters and secrets that has two values.
private final class Values: ActionPerforming {
    let actionService: String
    init(_ service: String) { actionService = service }

    func perform(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON {
        switch (action, input["Name"]?.string ?? input["SecretId"]?.string) {
        case ("GetParameter", "/p"): return ["Parameter": ["Value": "from ssm", "Version": 2]]
        case ("GetSecretValue", "s"): return ["SecretString": #"{"user":"u","port":5}"#]
        default: throw AWSFault("ParameterNotFound", "no such value")
        }
    }
}

/// Stacks without change sets.
struct StackOperationTests {
    private let directory: TemporaryDirectory
    private let store: Store
    private let provider = RecordingProvider(["X::Y::Thing", "AWS::SQS::Queue", "AWS::S3::Bucket"])
    private let service: CloudFormation

    init() throws {
        directory = try TemporaryDirectory()
        store = try Store(directory: directory.path, schema: CloudFormation.schema)
        service = CloudFormation(
            store: store, peers: Peers(provider, NoObjects(), Values("ssm"), Values("secretsmanager")),
            account: Account(), clock: .system)
    }

    private func call(_ action: String, _ parameters: [String: String]) async -> HTTPResponse {
        func encoded(_ text: String) -> String {
            text.utf8.map { "%" + String(Int($0) + 256, radix: 16).suffix(2) }.joined()
        }
        let form = (["Action": action].merging(parameters) { $1 }).map { "\($0)=\(encoded($1))" }.joined(separator: "&")
        return await service.respond(to: HTTPRequest(method: "POST", path: "/", body: RequestBody(Array(form.utf8))))
    }

    @discardableResult
    private func create(_ name: String, _ template: String, _ more: [String: String] = [:]) async -> HTTPResponse {
        await call("CreateStack", ["StackName": name, "TemplateBody": template].merging(more) { $1 })
    }

    private func status(_ name: String) async -> String {
        let text = await call("DescribeStacks", ["StackName": name]).text
        guard let start = text.firstRange(of: "<StackStatus>") else { return text }
        return String(text[start.upperBound...].prefix { $0 != "<" })
    }

    private let plain = "Resources: {A: {Type: X::Y::Thing, Properties: {V: 1}}}"

    @Test("a stack is created, updated, read back and listed")
    func lifecycle() async throws {
        let created = await create("s", plain, ["Tags.member.1.Key": "k", "Tags.member.1.Value": "v"])
        #expect(created.text.contains("<StackId>arn:aws:cloudformation:"))
        #expect(await status("s") == "CREATE_COMPLETE")
        #expect(await call("DescribeStacks", ["StackName": "s"]).text.contains("<Key>k</Key><Value>v</Value>"))
        #expect(await create("s", plain).text.contains("AlreadyExistsException"))
        let same = await call("UpdateStack", ["StackName": "s", "TemplateBody": plain])
        #expect(same.text.contains("No updates are to be performed."))
        let changed = plain.replacing("V: 1", with: "V: 2")
        #expect(await call("UpdateStack", ["StackName": "s", "TemplateBody": changed]).status == 200)
        #expect(await status("s") == "UPDATE_COMPLETE")
        #expect(provider["A"] == ["V": 1] && provider.all.last?.properties == ["V": 2])
        #expect(await call("GetTemplate", ["StackName": "s"]).text.contains("V: 2"))
        #expect(
            await call("ListStacks", ["StackStatusFilter.member.1": "UPDATE_COMPLETE"]).text.contains("<StackName>s<"))
        #expect(
            !(await call("ListStacks", ["StackStatusFilter.member.1": "CREATE_FAILED"]).text.contains("<StackName>")))
        #expect(await call("ListStackResources", ["StackName": "s"]).text.contains("<PhysicalResourceId>the-a<"))
        let resource = await call("DescribeStackResource", ["StackName": "s", "LogicalResourceId": "A"])
        #expect(resource.text.contains("X::Y::Thing"))
        let events = await call("DescribeStackEvents", ["StackName": "s"]).text
        for status in ["CREATE_IN_PROGRESS", "CREATE_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"] {
            #expect(events.contains("<ResourceStatus>\(status)<"), "\(status)")
        }
        #expect(await call("UpdateStack", ["StackName": "t", "TemplateBody": plain]).text.contains("does not exist"))
    }

    @Test(
        "what CloudFormation refuses is refused",
        arguments: [
            ("1s", "Resources: {A: {Type: X::Y::Thing}}", [:], "regular expression pattern"),
            ("s", "Resources: [", [:], "Template format error"),
            (
                "s", "Resources: {A: {Type: X::Y::Thing}}",
                ["Parameters.member.1.ParameterKey": "P", "Parameters.member.1.ParameterValue": "v"],
                "Parameters: [P] do not exist in the template"
            ),
            (
                "s", "Parameters: {P: {Type: String}}\nResources: {A: {Type: X::Y::Thing}}", [:],
                "Parameters: [P] must have values"
            ),
        ] as [(String, String, [String: String], String)])
    func refused(name: String, template: String, more: [String: String], message: String) async {
        let answer = await create(name, template, more)
        #expect(answer.status == 400)
        #expect(answer.text.contains(message), "\(answer.text)")
    }

    @Test("a creation that fails is taken back, and the stack must be deleted before it is created again")
    func rollback() async throws {
        await create(
            "s",
            """
            Resources:
              A: {Type: X::Y::Thing}
              K: {Type: X::Y::Thing, DeletionPolicy: Retain}
              E: {Type: X::Y::Thing, DeletionPolicy: RetainExceptOnCreate}
              Z: {Type: X::Y::Thing, DependsOn: [A, K, E], Properties: {Refuse: true}}
            """)
        #expect(await status("s") == "ROLLBACK_COMPLETE")
        #expect(Set(provider.removed) == ["the-a", "the-e"])
        let update = await call("UpdateStack", ["StackName": "s", "TemplateBody": plain])
        #expect(update.text.contains("is in ROLLBACK_COMPLETE state and can not be updated."))
        let events = await call("DescribeStackEvents", ["StackName": "s"]).text
        #expect(events.contains("CREATE_FAILED") && events.contains("ROLLBACK_IN_PROGRESS"))
        _ = await call("DeleteStack", ["StackName": "s"])
        await create("s", plain)
        #expect(await status("s") == "CREATE_COMPLETE")
    }

    @Test("an update that fails goes back to the template that was there")
    func updateRollback() async throws {
        await create("s", plain)
        let broken =
            plain.replacing("V: 1", with: "V: 2").dropLast()
            + ", B: {Type: X::Y::Thing, DependsOn: A, Properties: {Refuse: 1}}}"
        _ = await call("UpdateStack", ["StackName": "s", "TemplateBody": String(broken)])
        #expect(await status("s") == "UPDATE_ROLLBACK_COMPLETE")
        #expect(provider.all.last?.properties == ["V": 1])
        #expect(await call("GetTemplate", ["StackName": "s"]).text.contains("V: 1"))
    }

    @Test("a stack imports what another exports, which then stays")
    func exports() async throws {
        let exporter = plain + "\nOutputs: {O: {Value: !Ref A, Export: {Name: shared}}}"
        let importer = "Resources: {B: {Type: X::Y::Thing, Properties: {V: !ImportValue shared}}}"
        await create("user", importer)
        #expect(await status("user") == "ROLLBACK_COMPLETE")
        _ = await call("DeleteStack", ["StackName": "user"])
        await create("base", exporter)
        #expect(await call("DescribeStacks", ["StackName": "base"]).text.contains("<ExportName>shared<"))
        #expect(await call("ListExports", [:]).text.contains("<Name>shared</Name><Value>the-a</Value>"))
        await create("user", importer)
        #expect(provider["B"] == ["V": "the-a"])
        #expect(await call("ListImports", ["ExportName": "shared"]).text.contains("<member>user</member>"))
        await create("other", exporter)
        #expect(await status("other") == "ROLLBACK_COMPLETE")
        _ = await call("DeleteStack", ["StackName": "base"])
        #expect(await status("base") == "CREATE_COMPLETE")
        #expect(await call("DescribeStacks", ["StackName": "base"]).text.contains("it is in use by user"))
        _ = await call("DeleteStack", ["StackName": "user"])
        _ = await call("DeleteStack", ["StackName": "base"])
        #expect(await status("base").contains("does not exist"))
    }

    @Test("dynamic references and parameters of SSM have their values")
    func references() async throws {
        await create(
            "s",
            """
            Parameters: {P: {Type: AWS::SSM::Parameter::Value<String>, Default: /p}}
            Resources:
              A:
                Type: X::Y::Thing
                Properties:
                  P: !Ref P
                  S: "x-{{resolve:ssm:/p}}-{{resolve:ssm:/p:2}}"
                  U: "{{resolve:secretsmanager:s:SecretString:user}}"
                  N: ["{{resolve:secretsmanager:s:SecretString:port}}"]
            """)
        let reached = await status("s")
        #expect(provider["A"] == ["P": "from ssm", "S": "x-from ssm-from ssm", "U": "u", "N": ["5"]], "\(reached)")
        await create("t", "Resources: {B: {Type: X::Y::Thing, Properties: {V: \"{{resolve:ssm:/none}}\"}}}")
        #expect(await status("t") == "ROLLBACK_COMPLETE")
    }

    @Test("resources without a name of their own have different names in different stacks, and keep them")
    func names() async throws {
        let template =
            "Resources: {Q: {Type: AWS::SQS::Queue, Properties: {FifoQueue: true}}, B: {Type: AWS::S3::Bucket}}"
        for stack in ["One", "Two"] { await create(stack, template) }
        _ = await call(
            "UpdateStack",
            ["StackName": "One", "TemplateBody": template + "\nDescription: d\nOutputs: {O: {Value: 1}}"])
        let queues = provider.all.filter { $0.logicalID == "Q" }.compactMap { $0.properties["QueueName"]?.string }
        #expect(queues.count == 3)
        #expect(Set(queues).count == 2)
        #expect(queues.allSatisfy { $0.hasSuffix(".fifo") && $0.utf8.count <= 80 })
        #expect(queues[0].hasPrefix("One-Q-") && queues[0] == queues[2])
        let bucket = provider["B"]?["BucketName"]?.string ?? ""
        #expect(bucket.hasPrefix("one-b-") && bucket == bucket.lowercased())
    }

    @Test("an unnamed resource of a second template with the logical ID of one before gets a name of its own")
    func namesOfTemplates() async throws {
        let first = """
            Resources:
              Q: {Type: AWS::SQS::Queue}
              N: {Type: AWS::SQS::Queue, Properties: {QueueName: R}}
            """
        let second = "Resources: {Q: {Type: AWS::SQS::Queue}, R: {Type: AWS::SQS::Queue}, B: {Type: AWS::S3::Bucket}}"
        var paths: [String] = []
        for (name, text) in [("a.yaml", first), ("b.yaml", second)] {
            paths.append("\(directory.path)/\(name)")
            try text.write(toFile: "\(directory.path)/\(name)", atomically: true, encoding: .utf8)
        }
        // Twice, as by a second start.
        for _ in 0..<2 { _ = try await service.deploy(templatesAt: paths, parameters: [:]) }
        func names(_ logicalID: String) -> [String] {
            provider.all.filter { $0.logicalID == logicalID }.map { $0.properties["QueueName"]?.string ?? "" }
        }
        let queues = names("Q")
        #expect(queues.count == 4 && queues[0] == "" && queues[2] == "", "\(queues)")
        #expect(queues[1].hasPrefix("cupel-1-Q-") && queues[3] == queues[1], "\(queues)")
        #expect(names("R").allSatisfy { $0.hasPrefix("cupel-1-R-") })
        #expect(provider["B"] == [:])
    }

    @Test("a refused resource is failed in the lists, and one that is not emulated says so", arguments: [true, false])
    func states(rollsBack: Bool) async throws {
        await create(
            "s",
            """
            Resources:
              A: {Type: X::Y::Thing}
              F: {Type: X::Y::Thing, Properties: {Foreign: true}}
              U: {Type: Other::Kind::Of}
              Z: {Type: X::Y::Thing, DependsOn: [A, F, U], Properties: {Refuse: true}}
            """, rollsBack ? [:] : ["DisableRollback": "true"])
        let list = await call("ListStackResources", ["StackName": "s"]).text
        let described = await call("DescribeStackResources", ["StackName": "s"]).text
        let events = await call("DescribeStackEvents", ["StackName": "s"]).text
        let refused = "<ResourceType>X::Y::Thing</ResourceType><ResourceStatus>CREATE_FAILED</ResourceStatus>"
        for text in [list, described] {
            #expect(text.contains("<LogicalResourceId>Z</LogicalResourceId>" + refused) == !rollsBack, "\(text)")
        }
        #expect(!list.contains("<LogicalResourceId>Z</LogicalResourceId><ResourceStatus>CREATE_COMPLETE"))
        #expect(events.contains("Other::Kind::Of is not emulated.") && events.contains("it is refused"))
        if !rollsBack {
            let one = await call("DescribeStackResource", ["StackName": "s", "LogicalResourceId": "F"]).text
            #expect(one.contains("<ResourceStatusReason>That is not emulated"), "\(one)")
        }
    }

    @Test(
        "a type that is nearly an emulated one is an error",
        arguments: ["AWS::SQS::Queu", "AWS::S3::Buckte", "AWS::S3::Buckets"])
    func misspelt(type: String) async throws {
        let answer = await create("s", "Resources: {A: {Type: \(type)}}").text
        #expect(answer.contains("Unrecognized resource types: [\(type)]"))
        #expect(await status("s").contains("does not exist"))
    }

    @Test("parameters are described with their defaults, those without echo as stars")
    func parameters() async throws {
        let template =
            "Parameters: {P: {Type: Number, Default: 1}, N: {Type: String, NoEcho: true, Default: n}}\n" + plain
        await create("s", template)
        let described = await call("DescribeStacks", ["StackName": "s"]).text
        for (name, value) in [("P", "1"), ("N", "****")] {
            #expect(
                described.contains("<ParameterKey>\(name)</ParameterKey><ParameterValue>\(value)</ParameterValue>"))
        }
    }

    @Test("a type of another service is no misspelling")
    func otherTypes() async throws {
        await create(
            "s", "Resources: {A: {Type: AWS::SNS::Queue}, B: {Type: AWS::S3::BucketPolicy}, C: {Type: X::Y::Thing}}")
        #expect(await status("s") == "CREATE_COMPLETE")
    }

    @Test("a template is validated and summed up")
    func validation() async throws {
        let template = "Description: d\nParameters: {P: {Type: Number, Default: 1, NoEcho: true}}\n" + plain
        let valid = await call("ValidateTemplate", ["TemplateBody": template]).text
        #expect(valid.contains("<ParameterKey>P</ParameterKey><DefaultValue>1</DefaultValue><NoEcho>true</NoEcho>"))
        let summary = await call("GetTemplateSummary", ["TemplateBody": template]).text
        #expect(summary.contains("<ParameterType>Number<") && summary.contains("<member>X::Y::Thing</member>"))
        #expect(await call("ValidateTemplate", ["TemplateBody": "Resources: ["]).text.contains("Template format error"))
    }
}
