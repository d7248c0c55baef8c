import Foundation
import Testing
import YAML

/// The templates stay within CloudFormation's quotas.
/// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>
@Suite struct LimitTests {
    @Test("a template is within CloudFormation's quotas", arguments: InfraTemplates.files)
    func templateQuotas(file: String) throws {
        let template = try InfraTemplates.read(file)
        // A template in S3 may have a megabyte; the one that makes the bucket for the others is part of a request.
        let limit = file == "artifacts.yaml" ? 51_200 : 1_000_000
        #expect(try Data(contentsOf: URL(filePath: "\(InfraTemplates.root)/infra/\(file)")).count <= limit)
        #expect(template["Resources"]?.mapping?.count ?? 0 <= 500)
        #expect(template["Parameters"]?.mapping?.count ?? 0 <= 200)
        #expect(template["Outputs"]?.mapping?.count ?? 0 <= 200)
        #expect(template["Mappings"]?.mapping?.count ?? 0 <= 200)
        #expect(template["Description"]?.string?.utf8.count ?? 0 <= 1024)
        for resource in try InfraTemplates.resources(of: file) {
            #expect(resource.name.utf8.count <= 255 && resource.name.allSatisfy { $0.isLetter || $0.isNumber })
        }
    }

    @Test("a role has at most ten managed policies, and its inline policies fit the quota")
    func roleLimits() throws {
        for role in try InfraTemplates.resources(ofType: "AWS::IAM::Role") {
            #expect((role.properties?["ManagedPolicyArns"]?.sequence ?? []).count <= 10, "\(role.path)")
            let texts = (role.properties?["Policies"]?.tree ?? []).compactMap(\.string)
            #expect(texts.reduce(0) { $0 + $1.utf8.count } <= 5_000, "\(role.path)")
        }
    }

    @Test("names fit their services' limits even with the longest project and stage")
    func nameLengths() throws {
        let limits = [
            "FunctionName": 64, "StateMachineName": 80, "BucketName": 63, "QueueName": 80, "TableName": 255,
            "DeliveryStreamName": 64, "LogGroupName": 512,
        ]
        for resource in try InfraTemplates.resources() {
            for (property, limit) in limits {
                guard let name = resource.properties?[property]?.string, name.contains("${") else { continue }
                let longest = name.replacing("${Project}", with: "p16-characters--")
                    .replacing("${Stage}", with: "s10-charac").replacing("${AWS::AccountId}", with: "000000000000")
                    .replacing("${AWS::Region}", with: "ap-southeast-1")
                #expect(longest.utf8.count <= limit, "\(resource.path): \(longest)")
            }
        }
    }

    @Test("what a pipe gives a state machine fits an execution's input, however many records it takes at once")
    func executionInputs() throws {
        let limit = 262_144
        let parameters = try InfraTemplates.read("pipeline.yaml")["Parameters"]
        for pipe in try InfraTemplates.resources(ofType: "AWS::Pipes::Pipe") {
            let tree = pipe.properties?.tree ?? []
            guard tree.contains(where: { $0["StepFunctionStateMachineParameters"] != nil }) else { continue }
            let sizes = tree.compactMap { $0["BatchSize"] }
            let size = try #require(sizes.first, "\(pipe.path)")
            // A size that the stack's parameter sets is at most its largest value.
            let most = try #require(
                size.string.flatMap { Int($0) ?? parameters?[$0]?["MaxValue"]?.string.flatMap { Int($0) } },
                "\(pipe.path): \(size)")
            let templates = tree.compactMap { $0["InputTemplate"]?.string }
            let template = try #require(templates.first, "\(pipe.path)")
            // A variable may be as long as an object's key.
            let length = template.utf8.count + 1024 * template.count { $0 == "<" }
            #expect(most * (length + 1) + 1 <= limit, "\(pipe.path): \(most) records of \(length) bytes")
        }
    }
}
