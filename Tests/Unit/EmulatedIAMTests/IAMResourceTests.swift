import EmulatorCore
import JSON
import TestServices
import Testing

@testable import EmulatedIAM

/// Roles and policies of templates.
@Suite struct IAMResourceTests {
    private let directory: TemporaryDirectory
    private let store: Store
    private let iam: IAMService
    private let trust: JSON = [
        "Version": "2012-10-17",
        "Statement": [
            ["Effect": "Allow", "Principal": ["Service": "lambda.amazonaws.com"], "Action": "sts:AssumeRole"]
        ],
    ]

    init() throws {
        directory = try TemporaryDirectory()
        store = try Store(directory: directory.path, schema: IAMService.schema)
        iam = IAMService(store: store)
    }

    private func allow(_ action: String) -> JSON {
        ["Version": "2012-10-17", "Statement": [["Effect": "Allow", "Action": .string(action), "Resource": "*"]]]
    }

    private func provision(_ type: String, _ id: String, _ properties: JSON) async throws -> ProvisionedResource {
        try await iam.provision(
            DeclaredResource(logicalID: id, type: "AWS::IAM::\(type)", properties: properties, stack: "app"))
    }

    private func actions(ofRole name: String) throws -> Set<String> {
        let documents = try iam.policies(ofRole: name)?.documents ?? []
        return Set(documents.compactMap { try? JSON(parsing: $0)["Statement"]?[0]?["Action"]?.string })
    }

    @Test("a role has its own policies, those of the template's policies, and those attached to it")
    func policies() async throws {
        let managed = try await provision("ManagedPolicy", "Shared", ["PolicyDocument": allow("s3:GetObject")])
        #expect(managed.ref == "arn:aws:iam::000000000000:policy/app-Shared")
        let role = try await provision(
            "Role", "Worker",
            [
                "AssumeRolePolicyDocument": trust, "ManagedPolicyArns": [.string(managed.ref)], "Path": "/team/",
                "Policies": [["PolicyName": "own", "PolicyDocument": allow("sqs:SendMessage")]],
            ])
        #expect(role.ref == "app-Worker")
        #expect(role.attributes["Arn"] == "arn:aws:iam::000000000000:role/team/app-Worker")
        // A policy finds the role of the same deployment, which is not written yet.
        _ = try await provision(
            "Policy", "Extra",
            ["PolicyName": "extra", "PolicyDocument": allow("sns:Publish"), "Roles": [.string(role.ref)]])
        try await iam.keepProvisioned()
        #expect(try actions(ofRole: role.ref) == ["s3:GetObject", "sqs:SendMessage", "sns:Publish"])
        #expect(try iam.policies(ofRole: role.ref)?.trust == trust.text)
        #expect(try iam.policies(ofRole: "nobody")?.arn == nil)
        store.close()
    }

    @Test("a later template takes back what an earlier one gave, and leaves what a call has put there")
    func changes() async throws {
        func role(_ policies: JSON) async throws {
            _ = try await provision("Role", "Worker", ["AssumeRolePolicyDocument": trust, "Policies": policies])
        }
        try await role([["PolicyName": "old", "PolicyDocument": allow("s3:PutObject")]])
        let extra = try await provision(
            "Policy", "Extra", ["PolicyName": "extra", "PolicyDocument": allow("sns:Publish"), "Roles": ["app-Worker"]])
        try await iam.keepProvisioned()
        let document = allow("ssm:GetParameter").text.replacing("\"", with: "%22")
        let put = "Action=PutRolePolicy&RoleName=app-Worker&PolicyName=by-hand&PolicyDocument=\(document)"
        let answer = await iam.respond(to: HTTPRequest(method: "POST", path: "/", body: RequestBody(Array(put.utf8))))
        #expect(answer.status == 200)
        try await role([["PolicyName": "new", "PolicyDocument": allow("s3:GetObject")]])
        try await iam.keepProvisioned()
        #expect(try actions(ofRole: "app-Worker") == ["s3:GetObject", "sns:Publish", "ssm:GetParameter"])
        try await iam.remove("AWS::IAM::Policy", extra.physicalID)
        #expect(try actions(ofRole: "app-Worker") == ["s3:GetObject", "ssm:GetParameter"])
        try await iam.remove("AWS::IAM::Role", "app-Worker")
        #expect(try iam.policies(ofRole: "app-Worker")?.arn == nil)
        store.close()
    }

    @Test("a policy for a role that is not there is named; one of AWS's own policies has its document")
    func references() async throws {
        let error = await #expect(throws: AWSFault.self) {
            try await provision(
                "Policy", "Lost", ["PolicyName": "p", "PolicyDocument": allow("*"), "Roles": ["nobody"]])
        }
        #expect(error?.isNotEmulated == true && error?.message.contains("The policy Lost for the role nobody") == true)
        _ = try await provision(
            "Role", "Worker",
            [
                "AssumeRolePolicyDocument": trust,
                "ManagedPolicyArns": ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"],
            ])
        try await iam.keepProvisioned()
        let document = try #require(try iam.policies(ofRole: "app-Worker")?.documents.first)
        #expect(document.contains("logs:PutLogEvents"))
        store.close()
    }
}
