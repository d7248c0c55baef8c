import EmulatorCore
import JSON
import Testing
import TestServices
import Time

@testable import EmulatedCloudFormation

@Suite struct CloudFormationTests {
    private let directory: TemporaryDirectory
    private let store: Store
    private let provider = RecordingProvider(["X::Y::Thing"])
    private let service: CloudFormation

    init() throws {
        directory = try TemporaryDirectory()
        store = try Store(directory: directory.path, schema: CloudFormation.schema)
        service = CloudFormation(
            store: store, peers: Peers(provider, NoObjects()), account: Account(), clock: .system)
    }

    private func call(_ form: String) async -> HTTPResponse {
        await service.respond(to: HTTPRequest(method: "POST", path: "/", body: RequestBody(Array(form.utf8))))
    }

    private func create(_ template: String, name: String, type: String, parameters: String = "") async -> HTTPResponse {
        let body = template.utf8.map { "%" + String(Int($0) + 256, radix: 16).suffix(2) }.joined()
        return await call(
            "Action=CreateChangeSet&StackName=s&ChangeSetName=\(name)&ChangeSetType=\(type)&TemplateBody=\(body)"
                + parameters)
    }

    private let template = """
        Parameters: {P: {Type: String, Default: a}}
        Conditions: {Big: !Equals [!Ref P, big]}
        Resources:
          A: {Type: X::Y::Thing, Properties: {V: !Ref P}}
          B: {Type: X::Y::Thing, Condition: Big}
        Outputs: {Name: {Value: !Ref A}}
        """

    @Test("a change set is described, executed once, and becomes the stack")
    func changeSet() async throws {
        defer { store.close() }
        #expect(await call("Action=DescribeStacks&StackName=s").text.contains("Stack with id s does not exist"))
        #expect(await create(template, name: "one", type: "CREATE").status == 200)
        #expect(await call("Action=DescribeStacks&StackName=s").text.contains("REVIEW_IN_PROGRESS"))
        let shown = await call("Action=DescribeChangeSet&StackName=s&ChangeSetName=one").text
        #expect(shown.contains("<Action>Add</Action><LogicalResourceId>A</LogicalResourceId>"))
        #expect(!shown.contains("<LogicalResourceId>B<"), "its condition is false")
        #expect(provider.all.isEmpty, "a change set changes nothing before it is executed")
        #expect(await call("Action=ExecuteChangeSet&StackName=s&ChangeSetName=one").status == 200)
        #expect(provider["A"] == ["V": "a"])
        let described = await call("Action=DescribeStacks&StackName=s").text
        #expect(described.contains("<StackStatus>CREATE_COMPLETE</StackStatus>"))
        #expect(described.contains("<OutputKey>Name</OutputKey><OutputValue>the-a</OutputValue>"))
        let again = await call("Action=ExecuteChangeSet&StackName=s&ChangeSetName=one").text
        #expect(again.contains("InvalidChangeSetStatus"))
    }

    @Test("an update lists added, modified, and removed resources, and fails without any")
    func update() async throws {
        defer { store.close() }
        _ = await create(template, name: "one", type: "CREATE")
        _ = await call("Action=ExecuteChangeSet&StackName=s&ChangeSetName=one")
        // The same template with a comment.
        _ = await create("# As before\n" + template, name: "two", type: "UPDATE")
        let same = await call("Action=DescribeChangeSet&StackName=s&ChangeSetName=two").text
        #expect(same.contains("<Status>FAILED</Status>"))
        #expect(same.contains("didn't contain changes"))
        let big = "&Parameters.member.1.ParameterKey=P&Parameters.member.1.ParameterValue=big"
        _ = await create(template, name: "three", type: "UPDATE", parameters: big)
        let shown = await call("Action=DescribeChangeSet&StackName=s&ChangeSetName=three").text
        #expect(shown.contains("<Action>Modify</Action><LogicalResourceId>A<"))
        #expect(shown.contains("<Action>Add</Action><LogicalResourceId>B<"))
        _ = await call("Action=ExecuteChangeSet&StackName=s&ChangeSetName=three")
        #expect(await call("Action=DescribeStacks").text.contains("UPDATE_COMPLETE"))
        #expect(provider.all.last?.logicalID == "B")
        let kept = "&Parameters.member.1.ParameterKey=P&Parameters.member.1.UsePreviousValue=true"
        _ = await create(
            template.replacing("B: {", with: "C: {"), name: "four", type: "UPDATE", parameters: kept)
        let renamed = await call("Action=DescribeChangeSet&StackName=s&ChangeSetName=four").text
        #expect(renamed.contains("<Action>Remove</Action><LogicalResourceId>B<"))
        #expect(renamed.contains("<Action>Add</Action><LogicalResourceId>C<"))
        #expect(!renamed.contains("<LogicalResourceId>A<"))
    }

    @Test("a failed deployment leaves a stack with the reason", arguments: [false, true])
    func failedCreate(keeps: Bool) async throws {
        defer { store.close() }
        let broken = "Resources: {A: {Type: X::Y::Thing, Properties: {Refuse: true}}}"
        _ = await create(broken, name: "one", type: "CREATE")
        _ = await call("Action=ExecuteChangeSet&StackName=s&ChangeSetName=one" + (keeps ? "&DisableRollback=true" : ""))
        let described = await call("Action=DescribeStacks&StackName=s").text
        #expect(described.contains(keeps ? "CREATE_FAILED" : "ROLLBACK_COMPLETE"))
        #expect(described.contains("it is refused"))
    }

    @Test(
        "an invalid template is refused and leaves no stack",
        arguments: [
            ("Resources: [", "TemplateBody:"), ("Description: none", "the template has no Resources"),
            ("Conditions: {C: !Ref P}\nResources: {A: {Type: T}}", "P is neither a parameter"),
        ])
    func invalidTemplate(text: String, message: String) async {
        defer { store.close() }
        let refused = await create(text, name: "one", type: "CREATE")
        #expect(refused.status == 400)
        #expect(refused.text.contains(message), "\(refused.text)")
        #expect(await call("Action=DescribeStacks&StackName=s").status == 400)
    }

    @Test("an action that is not emulated answers 501, and a missing template object is named")
    func notEmulated() async {
        defer { store.close() }
        #expect(await call("Action=DetectStackDrift&StackName=s").status == 501)
        let missing = await call(
            "Action=CreateChangeSet&StackName=s&ChangeSetName=c&ChangeSetType=CREATE&TemplateURL=https%3A%2F%2Fs3.us-east-1.amazonaws.com%2Fb%2Fk"
        )
        #expect(missing.text.contains("NoSuchKey"))
    }

    private func deploy(_ resources: String, name: String, type: String = "UPDATE") async {
        _ = await create("Resources: {\(resources)}", name: name, type: type)
        _ = await call("Action=ExecuteChangeSet&StackName=s&ChangeSetName=\(name)")
    }

    @Test("a resource that left the template is deleted, unless it is retained")
    func removal() async throws {
        defer { store.close() }
        let kept = "K: {Type: X::Y::Thing, DeletionPolicy: Retain}"
        await deploy(
            "A: {Type: X::Y::Thing}, B: {Type: X::Y::Thing}, Full: {Type: X::Y::Thing}, \(kept)", name: "one",
            type: "CREATE")
        #expect(provider.removed.isEmpty)
        await deploy("B: {Type: X::Y::Thing}, C: {Type: X::Y::Thing}", name: "two")
        #expect(provider.removed == ["the-a"])
        let described = await call("Action=DescribeStacks&StackName=s").text
        #expect(described.contains("UPDATE_COMPLETE"), "a resource that cannot be deleted is left, as on AWS")
        #expect(described.contains("Not deleted: Full (the-full): it is not empty"))
        #expect(!(await call("Action=DescribeStackResources&StackName=s").text.contains("the-k")))
    }

    @Test("a stack is deleted in reverse order and is unknown afterwards")
    func deletion() async throws {
        defer { store.close() }
        await deploy(
            "A: {Type: X::Y::Thing}, B: {Type: X::Y::Thing, Properties: {V: !Ref A}}, K: {Type: X::Y::Thing, DeletionPolicy: Retain}",
            name: "one", type: "CREATE")
        #expect(await call("Action=DeleteStack&StackName=s").status == 200)
        #expect(provider.removed == ["the-b", "the-a"])
        #expect(await call("Action=DescribeStacks&StackName=s").text.contains("does not exist"))
        #expect(await call("Action=DescribeChangeSet&StackName=s&ChangeSetName=one").text.contains("ChangeSetNotFound"))
        #expect(await call("Action=DeleteStack&StackName=s").status == 200, "deleting it again succeeds")
    }

    @Test("a stack whose resource cannot be deleted stays, with the reason")
    func failedDeletion() async throws {
        defer { store.close() }
        await deploy("A: {Type: X::Y::Thing}, Full: {Type: X::Y::Thing}", name: "one", type: "CREATE")
        _ = await call("Action=DeleteStack&StackName=s")
        let described = await call("Action=DescribeStacks&StackName=s").text
        #expect(described.contains("DELETE_FAILED") && described.contains("it is not empty"))
        #expect(provider.removed == ["the-a"])
    }

    @Test("deleting a failed stack deletes the resources that it created")
    func deletionAfterFailure() async throws {
        defer { store.close() }
        let broken = "A: {Type: X::Y::Thing}, B: {Type: X::Y::Thing, DependsOn: A, Properties: {Refuse: true}}"
        _ = await create("Resources: {\(broken)}", name: "one", type: "CREATE")
        _ = await call("Action=ExecuteChangeSet&StackName=s&ChangeSetName=one&DisableRollback=true")
        #expect(await call("Action=DescribeStacks&StackName=s").text.contains("CREATE_FAILED"))
        _ = await call("Action=DeleteStack&StackName=s")
        #expect(provider.removed == ["the-a"])
        #expect(await call("Action=DescribeStacks&StackName=s").text.contains("does not exist"))
    }
}
