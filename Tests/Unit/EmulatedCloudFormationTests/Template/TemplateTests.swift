import EmulatorCore
import Foundation
import JSON
import TestServices
import Testing

@testable import EmulatedCloudFormation

@Suite struct TemplateTests {
    private func deploy(
        _ text: String, parameters: [String: String] = [:], types: [String] = ["X::Y::Thing"]
    ) async throws -> (provider: RecordingProvider, report: StackReport) {
        let provider = RecordingProvider(types)
        let template = try Template(parsing: text, file: "t.yaml")
        let report = try await Stack(template, name: "test", parameters: parameters).deploy(to: [provider])
        return (provider, report)
    }

    /// Evaluates `expression` as a property of a template that has parameters, mappings, and conditions.
    private func value(_ expression: String, parameters: [String: String] = [:]) async throws -> JSON? {
        let text = """
            Parameters:
              Stage: {Type: String, Default: dev, AllowedValues: [dev, prod]}
              Limit: {Type: Number, Default: 100000}
              Ids: {Type: CommaDelimitedList, Default: "a, b"}
              Subnets: {Type: "List<AWS::EC2::Subnet::Id>"}
            Mappings:
              Sizes: {dev: {memory: 128}, prod: {memory: 1769}}
            Conditions:
              IsProd: !Equals [!Ref Stage, prod]
              IsDev: {"Fn::Not": [{Condition: IsProd}]}
              Both: !And [!Condition IsDev, !Condition IsProd]
              Either: !Or [!Condition IsDev, !Condition IsProd]
            Resources:
              Other: {Type: X::Y::Thing}
              Subject:
                Type: X::Y::Thing
                Properties:
                  V: \(expression)
            """
        return try await deploy(text, parameters: parameters).provider["Subject"]?["V"]
    }

    @Test(
        "an expression has the value that CloudFormation computes",
        arguments: [
            ("!Ref Stage", #""dev""#), ("{Ref: Stage}", #""dev""#), ("!Ref Limit", #""100000""#),
            ("!Ref Ids", #"["a","b"]"#), ("!Ref AWS::AccountId", #""000000000000""#),
            ("!Select [1, !Ref Subnets]", #""subnet-00000000000000002""#),
            ("!Ref Other", #""the-other""#), ("!GetAtt Other.Arn", #""arn:of:the-other""#),
            (#"{"Fn::GetAtt": [Other, Arn]}"#, #""arn:of:the-other""#),
            (
                #"!Sub "${Stage}-${Other}-${Other.Arn}-${!Kept}-${AWS::Region}""#,
                #""dev-the-other-arn:of:the-other-${Kept}-us-east-1""#
            ),
            (#"!Sub ["${A}/${Stage}", {A: !Ref Other}]"#, #""the-other/dev""#),
            (#"!Join ["-", [a, !Ref Stage, 3, true]]"#, #""a-dev-3-true""#),
            ("!Split [\",\", \"a,,b\"]", #"["a","","b"]"#),
            ("!FindInMap [Sizes, !Ref Stage, memory]", "128"),
            ("!If [IsProd, yes, no]", #""no""#), ("[1, !If [IsProd, 2, !Ref AWS::NoValue], 3]", "[1,3]"),
            ("{a: !Ref AWS::NoValue, b: 1}", #"{"b":1}"#), ("!If [Both, 1, 2]", "2"), ("!If [Either, 1, 2]", "1"),
            ("!Base64 abc", #""YWJj""#), ("!Select [0, !GetAZs \"\"]", #""us-east-1a""#),
            ("!Cidr [10.0.1.0/24, 2, 7]", #"["10.0.1.0/25","10.0.1.128/25"]"#),
            ("!Cidr [10.0.0.0/8, 3, 16]", #"["10.0.0.0/16","10.1.0.0/16","10.2.0.0/16"]"#),
            ("0012", #""0012""#), ("1.50", "1.50"), ("-7", "-7"), ("\"7\"", #""7""#), ("on", #""on""#),
            ("true", "true"),
            ("2012-10-17", #""2012-10-17""#), ("!ToJsonString {a: 1}", #""{\"a\":1}""#),
            ("{Condition: {StringEquals: {a: b}}}", #"{"Condition":{"StringEquals":{"a":"b"}}}"#),
        ])
    func values(expression: String, expected: String) async throws {
        #expect(try await value(expression)?.text == expected)
    }

    @Test("parameters replace defaults and decide conditions")
    func parameters() async throws {
        #expect(try await value("!If [IsProd, 1, 2]", parameters: ["Stage": "prod"]) == 1)
        #expect(try await value("!FindInMap [Sizes, !Ref Stage, memory]", parameters: ["Stage": "prod"]) == 1769)
    }

    @Test(
        "an invalid expression is reported with its resource",
        arguments: [
            ("!Ref Nobody", "t.yaml:18:10: Subject: Nobody is neither a parameter nor an existing resource"),
            ("!GetAtt Other.Colour", "Subject: Other has no attribute Colour"),
            ("!Sub \"${Nobody.Arn}\"", "Subject: no resource is named Nobody"),
            ("!ImportValue x", "Subject: No export named x found"),
            ("!GetAZ x", "Subject: Fn::GetAZ is not an intrinsic function"),
            ("!Cidr [a, 1, 2]", "Subject: Fn::Cidr cannot divide a into such parts"),
            ("!Cidr [10.0.0.0/24, 3, 7]", "Subject: Fn::Cidr cannot divide 10.0.0.0/24 into such parts"),
            ("!Select [5, [a]]", "Subject: Fn::Select asks for element 5 of a list of 1"),
            ("!Join [a]", "Subject: Fn::Join: expected a list of 2, not 1"),
            ("!If [Nobody, 1, 2]", "Subject: no condition is named Nobody"),
            ("!FindInMap [Sizes, test, memory]", "Subject: Mappings has no Sizes.test.memory"),
        ])
    func invalidExpression(expression: String, message: String) async throws {
        let error = await #expect(throws: TemplateError.self) { try await value(expression) }
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    }

    @Test("resources are created after those that they need, and a false condition omits one")
    func order() async throws {
        let (provider, report) = try await deploy(
            """
            Conditions: {Never: !Equals [a, b]}
            Resources:
              A: {Type: X::Y::Thing, DependsOn: C, Properties: {V: !Ref B}}
              B: {Type: X::Y::Thing, Properties: {V: [{W: !Sub "x${D.Arn}"}]}}
              C: {Type: X::Y::Thing, DependsOn: [Left]}
              Left: {Type: X::Y::Thing, Condition: Never}
              D: {Type: X::Y::Thing, Properties: {V: !If [Never, !Ref A, 1]}}
            Outputs:
              Name: {Value: !Ref A}
              None: {Condition: Never, Value: !Ref Left}
            """)
        #expect(provider.all.map(\.logicalID) == ["C", "D", "B", "A"])
        #expect(report.output("Name") == "the-a")
        #expect(report.outputs.count == 1)
    }

    @Test("a stack whose conditions leave out all resources is an empty one")
    func nothingLeft() async throws {
        let (provider, report) = try await deploy(
            """
            Conditions: {Never: !Equals [a, b]}
            Resources: {Left: {Type: X::Y::Thing, Condition: Never}}
            """)
        #expect(provider.all.isEmpty)
        #expect(report.resources.isEmpty)
    }

    @Test(
        "a deployment has its services keep what they provisioned, also when it fails",
        arguments: ["{}", "{Refuse: true}"])
    func keeping(properties: String) async throws {
        let provider = RecordingProvider(["X::Y::Thing"])
        let stack = try Stack(
            try Template(
                parsing: "Resources: {A: {Type: X::Y::Thing}, B: {Type: X::Y::Thing, Properties: \(properties)}}",
                file: "t.yaml"),
            name: "s")
        _ = try? await stack.deploy(to: [provider])
        #expect(provider.all.count == (properties == "{}" ? 2 : 1))
        #expect(provider.timesKept == 1)
    }

    @Test("a circular dependency is reported with its members")
    func circle() async throws {
        let error = await #expect(throws: TemplateError.self) {
            try await deploy(
                """
                Resources:
                  A: {Type: X::Y::Thing, Properties: {V: !Ref B}}
                  B: {Type: X::Y::Thing, Properties: {V: !GetAtt A.Arn}}
                """)
        }
        #expect(error?.description == "t.yaml:2:3: A: resources depend on each other in a circle: A -> B -> A")
    }

    @Test("a resource type that is not emulated is reported, and other resources can refer to it")
    func notEmulated() async throws {
        let (provider, report) = try await deploy(
            """
            Resources:
              Role: {Type: AWS::IAM::Role}
              Stream: {Type: AWS::Kinesis::Stream, Properties: {Name: changes}}
              Thing: {Type: X::Y::Thing, Properties: {Role: !GetAtt Role.Arn, Stream: !GetAtt Stream.Arn, Name: !Ref Stream}}
            """)
        #expect(report.resources(.withoutEffect).map(\.logicalID) == ["Role"])
        #expect(report.resources(.notEmulated).map(\.type) == ["AWS::Kinesis::Stream"])
        #expect(report.resources(.emulated).map(\.ref) == ["the-thing"])
        #expect(provider["Thing"]?["Role"] == "arn:aws:iam::000000000000:role/test-Role")
        #expect(provider["Thing"]?["Stream"] == "arn:aws:kinesis:us-east-1:000000000000:changes")
        #expect(provider["Thing"]?["Name"] == "changes")
    }

    @Test(
        "a type that is not emulated may have any name",
        arguments: [
            "AWS::XRay::Group", "AWS::Logs::Group", "X::Y::Group", "X::Y::Z::Group", "AWS::X::R", "AWS::X::", "::", "",
            "AWS::Synthetics::Arn", "AWS::X::RepositoryUri",
        ])
    func anyTypeName(type: String) async throws {
        let (provider, report) = try await deploy(
            """
            Resources:
              Group: {Type: "\(type)"}
              Thing: {Type: X::Y::Thing, Properties: {Group: !GetAtt Group.Arn, Id: !GetAtt Group.GroupId}}
            """)
        #expect(report.resources(.emulated).map(\.logicalID) == ["Thing"])
        #expect(provider["Thing"]?["Id"]?.string != nil)
    }

    @Test(
        "a template that would never end is refused",
        arguments: [
            ("Mappings: {M: {a: {b: !FindInMap [M, a, b]}}}", "Mappings hold texts and lists of texts"),
            ("Mappings: {M: {a: {b: [!Ref T]}}}", "Mappings hold texts and lists of texts"),
            (
                "Conditions: {"
                    + (0..<300).map { "C\($0): !Not [!Condition C\($0 + 1)]" }.joined(separator: ", ")
                    + ", C300: !Equals [a, b]}", "conditions depend on each other in a row"
            ),
            (
                "Other: 1", "resources; 500 are allowed"
            ),
        ])
    func endless(section: String, words: String) async {
        let count = section == "Other: 1" ? 501 : 1
        let resources = (0..<count).map { "  T\($0): {Type: X::Y::Thing}" }.joined(separator: "\n")
        let error = await #expect(throws: TemplateError.self) {
            _ = try await deploy("\(section)\nResources:\n\(resources)")
        }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }

    @Test("a template that nests itself is refused")
    func nestsItself() async throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/self.yaml"
        try Data(
            "Resources: {Me: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: self.yaml}}}".utf8
        ).write(to: URL(fileURLWithPath: path))
        let error = await #expect(throws: TemplateError.self) {
            try await Stack(try Template(contentsOf: path), name: "s").deploy(to: [RecordingProvider([])])
        }
        #expect(error?.description.contains("nested deeper than 20 levels") == true, "\(error?.description ?? "")")
    }

    @Test("a resource that its service does not emulate is reported with the reason")
    func refusedByService() async throws {
        let (provider, report) = try await deploy(
            """
            Resources:
              A: {Type: X::Y::Thing, Properties: {Foreign: true}}
              B: {Type: X::Y::Thing, Properties: {V: !GetAtt A.Arn}}
            """)
        #expect(report.resources(.notEmulated).map(\.logicalID) == ["A"])
        #expect(report.resources(.notEmulated)[0].reason?.hasPrefix("That is not emulated") == true)
        #expect(provider.all.map(\.logicalID) == ["B"])
    }

    @Test("a service's refusal names the resource and its line")
    func refusal() async throws {
        let error = await #expect(throws: TemplateError.self) {
            try await deploy("Resources:\n  A: {Type: X::Y::Thing, Properties: {Refuse: true}}")
        }
        #expect(error?.description == "t.yaml:2:3: A: it is refused (ValidationException)")
    }

    @Test(
        "an invalid template is reported with its reason",
        arguments: [
            ("Resources: {}", "the template has no Resources"),
            ("Resources: {A: {}}", "t.yaml:1:13: A: the resource has no Type"),
            ("Resources: [A]", "t.yaml:1:12: expected a mapping, not a sequence"),
            ("Transform: AWS::Serverless-2016-10-31\nResources: {A: {Type: T}}", "transforms are not emulated"),
            ("Parameters: {P: {Type: String}}\nResources: {A: {Type: T}}", "--parameter P=…"),
            ("Resources: {A: {Type: T, DependsOn: B}}", "DependsOn names B, which is not a resource"),
            (
                "Conditions: {A: !Not [!Condition B], B: !Not [!Condition A]}\nResources: {A: {Type: T}}",
                "conditions depend on each other in a circle: A -> B -> A"
            ),
            ("Resources: {A: {Type: T}, A: {Type: T}}", "t.yaml:1:27"),
        ])
    func invalidTemplate(text: String, message: String) async throws {
        let error = await #expect(throws: TemplateError.self) { try await deploy(text) }
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    }

    @Test("a parameter must be declared and have an allowed value")
    func invalidParameter() async throws {
        let unknown = await #expect(throws: TemplateError.self) { try await value("1", parameters: ["Nope": "x"]) }
        #expect(unknown?.description == "t.yaml: the template has no parameter Nope")
        let refused = await #expect(throws: TemplateError.self) { try await value("1", parameters: ["Stage": "x"]) }
        #expect(refused?.description.contains("Stage: 'x' is not among the allowed values: dev, prod") == true)
    }

    @Test("JSON templates are read, and a state machine definition becomes text")
    func jsonTemplate() async throws {
        let directory = try TemporaryDirectory()
        try Data(#"{"StartAt": "A"}"#.utf8).write(to: URL(fileURLWithPath: directory.path + "/machine.asl.json"))
        let template = """
            {"Resources": {
              "FromFile": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {
                "DefinitionS3Location": "machine.asl.json", "DefinitionSubstitutions": {"A": {"Ref": "AWS::Region"}}}},
              "Inline": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"Definition": {"StartAt": "B"}}}
            }}
            """
        let path = directory.path + "/template.json"
        try Data(template.utf8).write(to: URL(fileURLWithPath: path))
        let provider = RecordingProvider(["AWS::StepFunctions::StateMachine"])
        _ = try await Stack(try Template(contentsOf: path), name: "test").deploy(to: [provider])
        #expect(provider["FromFile"]?["DefinitionString"] == #"{"StartAt": "A"}"#)
        #expect(provider["FromFile"]?["DefinitionS3Location"] == nil)
        #expect(provider["FromFile"]?["DefinitionSubstitutions"]?["A"] == "us-east-1")
        #expect(provider["Inline"]?["DefinitionString"] == #"{"StartAt":"B"}"#)
    }

    @Test("the pipeline's own template resolves")
    func pipelineTemplate() async throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../../..")
        let provider = RecordingProvider([
            "AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::Lambda::Function", "AWS::Lambda::Permission",
            "AWS::Logs::LogGroup", "AWS::Logs::LogStream", "AWS::Lambda::EventInvokeConfig", "AWS::Pipes::Pipe",
            "AWS::StepFunctions::StateMachine", "AWS::ECS::Cluster",
            "AWS::ECS::TaskDefinition", "AWS::Scheduler::Schedule", "AWS::SQS::Queue",
            "AWS::SNS::Topic", "AWS::KMS::Key", "AWS::KMS::Alias",
        ])
        let template = try Template(contentsOf: root.appendingPathComponent("infra/pipeline.yaml").standardized.path)
        let report = try await Stack(template, name: "cupel").deploy(to: [provider])
        #expect(
            Set(report.resources(.notEmulated).map(\.type))
                .isSubset(of: [
                    "AWS::Kinesis::Stream", "AWS::KinesisFirehose::DeliveryStream",
                    "AWS::Glue::Database", "AWS::Glue::Table",
                    "AWS::Athena::WorkGroup",
                ]))
        for machine in provider.all where machine.type == "AWS::StepFunctions::StateMachine" {
            #expect(try JSON(parsing: machine.properties["DefinitionString"]?.string ?? "")["StartAt"] != nil)
        }
        #expect(Set(provider.all.map(\.type)) == Set(provider.resourceTypes))
        #expect(provider.all.count { $0.type == "AWS::Lambda::Function" } == 8)
    }

    @Test("a nested stack is deployed in place, and its outputs can be used")
    func nestedStack() async throws {
        let directory = try TemporaryDirectory()
        func save(_ name: String, _ text: String) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(directory.path)/\(name)"))
        }
        try save(
            "outer.yaml",
            """
            Resources:
              Last: {Type: X::Y::Thing, Properties: {V: !GetAtt Inner.Outputs.Name, W: !Sub "${Inner.Outputs.Name}!"}}
              First: {Type: X::Y::Thing}
              Inner:
                Type: AWS::CloudFormation::Stack
                Properties: {TemplateURL: inner.yaml, Parameters: {Thing: !Ref First, Number: 7, List: [a, b]}}
            """)
        try save(
            "inner.yaml",
            """
            Parameters:
              Thing: {Type: String}
              Number: {Type: Number}
              List: {Type: CommaDelimitedList}
            Resources:
              Part: {Type: X::Y::Thing, Properties: {V: !Ref Thing, N: !Ref Number, L: !Ref List, S: !Ref AWS::StackName}}
            Outputs:
              Name: {Value: !Ref Part}
            """)
        let provider = RecordingProvider(["X::Y::Thing"])
        let template = try Template(contentsOf: "\(directory.path)/outer.yaml")
        let report = try await Stack(template, name: "test").deploy(to: [provider])
        #expect(provider.all.map(\.logicalID) == ["First", "Part", "Last"])
        #expect(
            provider["Part"] == ["V": "the-first", "N": "7", "L": ["a", "b"], "S": "test-Inner"])
        #expect(provider["Last"] == ["V": "the-part", "W": "the-part!"])
        #expect(report.resources.map(\.logicalID) == ["First", "Inner.Part", "Last"])
        #expect(report.outputs.isEmpty)
    }

    @Test(
        "a nested template is below the template's folder",
        arguments: [
            ("inner/part.yaml", true), ("./inner/../inner/part.yaml", false), ("../part.yaml", false),
            ("link.yaml", false),
            ("/part.yaml", false), ("inside.yaml", true),
        ])
    func nestedPaths(location: String, isRead: Bool) async throws {
        let directory = try TemporaryDirectory()
        let files = FileManager.default
        let folder = directory.path + "/stack"
        try files.createDirectory(atPath: folder + "/inner", withIntermediateDirectories: true)
        let part = Data("Resources: {Part: {Type: X::Y::Thing}}".utf8)
        for path in [directory.path + "/part.yaml", folder + "/inner/part.yaml"] {
            try part.write(to: URL(fileURLWithPath: path))
        }
        try files.createSymbolicLink(atPath: folder + "/link.yaml", withDestinationPath: "../part.yaml")
        try files.createSymbolicLink(atPath: folder + "/inside.yaml", withDestinationPath: "inner/part.yaml")
        let url = location.hasPrefix("/") ? directory.path + location : location
        try Data(
            """
            Resources: {Inner: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: "\(url)"}}}
            """.utf8
        ).write(to: URL(fileURLWithPath: folder + "/outer.yaml"))
        let provider = RecordingProvider(["X::Y::Thing"])
        let template = try Template(contentsOf: folder + "/outer.yaml")
        do {
            _ = try await Stack(template, name: "test").deploy(to: [provider])
            #expect(isRead, "\(location)")
        } catch {
            #expect(!isRead && "\(error)".contains("leaves the template's folder"), "\(error)")
        }
    }

    @Test("a template in a request cannot name the machine's files")
    func requestedTemplate() async throws {
        for file in ["TemplateBody", "http://127.0.0.1:4566/bucket/template.yaml"] {
            let template = try Template(
                parsing: """
                    Resources:
                      Inner: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: /etc/hostname}}
                    """, file: file)
            let error = await #expect(throws: TemplateError.self) {
                _ = try await Stack(template, name: "test").deploy(to: [])
            }
            #expect(error.map { "\($0)" }?.contains("\"/etc/hostname\" is neither an object of S3") == true)
        }
    }

    @Test(
        "every form of object URL names an object",
        arguments: [
            ("https://s3.us-east-1.amazonaws.com/b/folder/k%20y.yaml", "b", "folder/k y.yaml", nil),
            ("https://b.c.s3.eu-west-1.amazonaws.com/k?versionId=v1", "b.c", "k", "v1"),
            ("http://127.0.0.1:4566/b/k?x=1&versionId=v2", "b", "k", "v2"),
        ] as [(String, String, String, String?)])
    func objectURLs(url: String, bucket: String, key: String, version: String?) {
        #expect(ObjectLocation(url: url) == ObjectLocation(bucket: bucket, key: key, version: version))
    }

    @Test(
        "a text that is not an object URL is a path",
        arguments: ["network.yaml", "/tmp/x.yaml", "http://host", "http://host/bucket", "ftp://host/a/b"])
    func paths(text: String) {
        #expect(ObjectLocation(url: text) == nil)
        #expect(ArtifactLocation(.string(text), in: "/a/t.yaml") == .file(text.hasPrefix("/") ? text : "/a/" + text))
    }
}
