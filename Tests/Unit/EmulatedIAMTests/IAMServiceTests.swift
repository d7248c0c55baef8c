import EmulatorCore
import JSON
import TestServices
import Testing
import Time
import XML

@testable import EmulatedIAM

@Suite struct IAMServiceTests {
    @Test("a role is created once and read back")
    func roles() async throws {
        let directory = try TemporaryDirectory()
        let store = try Store(directory: directory.path, schema: IAMService.schema)
        let iam = IAMService(store: store)
        func call(_ form: String) async -> HTTPResponse {
            await iam.respond(to: HTTPRequest(method: "POST", path: "/", body: RequestBody(Array(form.utf8))))
        }
        #expect(await call("Action=GetRole&RoleName=worker").status == 404)
        let create = "Action=CreateRole&RoleName=worker&AssumeRolePolicyDocument=%7B%22a%22%3A+%22%3C%22%7D"
        #expect(await call(create).status == 200)
        let again = await call(create)
        #expect(again.status == 409)
        #expect(again.text.contains("<Code>EntityAlreadyExists</Code>"))
        let response = try XMLElement(parsing: await call("Action=GetRole&RoleName=worker").text)
        #expect(response.name == "GetRoleResponse")
        let role = try #require(response["GetRoleResult"]?["Role"])
        #expect(role["Arn"]?.text == "arn:aws:iam::000000000000:role/worker")
        #expect(role["AssumeRolePolicyDocument"]?.text == #"{"a": "<"}"#)
        #expect(await call("Action=ListRoles").text.contains("<RoleName>worker</RoleName>"))
        #expect(await call("Action=GetCallerIdentity&Version=2011-06-15").text.contains("<Account>000000000000<"))
        #expect(await call("Action=CreateUser").status == 501)
        store.close()
    }

    private func open() throws -> (directory: TemporaryDirectory, store: Store, iam: IAMService) {
        let directory = try TemporaryDirectory()
        let store = try Store(directory: directory.path, schema: IAMService.schema)
        return (directory, store, IAMService(store: store))
    }

    private func call(_ iam: IAMService, _ form: String, token: String? = nil) async -> HTTPResponse {
        await iam.respond(
            to: HTTPRequest(
                method: "POST", path: "/", headers: HTTPHeaders(token.map { [("X-Amz-Security-Token", $0)] } ?? []),
                body: RequestBody(Array(form.utf8))))
    }

    @Test("policies in a role and attached to it are kept, and hold it")
    func policies() async throws {
        let (directory, store, iam) = try open()
        defer { withExtendedLifetime(directory) { store.close() } }
        #expect(await call(iam, "Action=CreateRole&RoleName=r&Tags.member.1.Key=k&Tags.member.1.Value=v").status == 200)
        #expect(await call(iam, "Action=ListRoleTags&RoleName=r").text.contains("<Key>k</Key><Value>v</Value>"))
        let bad = await call(iam, "Action=PutRolePolicy&RoleName=r&PolicyName=p&PolicyDocument=nope")
        #expect(bad.text.contains("MalformedPolicyDocument"))
        #expect(await call(iam, "Action=PutRolePolicy&RoleName=r&PolicyName=p&PolicyDocument=%7B%7D").status == 200)
        #expect(
            await call(iam, "Action=GetRolePolicy&RoleName=r&PolicyName=p").text.contains("<PolicyDocument>{}<"))
        #expect(await call(iam, "Action=ListRolePolicies&RoleName=r").text.contains("<member>p</member>"))
        let none = await call(iam, "Action=AttachRolePolicy&RoleName=r&PolicyArn=arn:aws:iam::000000000000:policy/q")
        #expect(none.status == 404)
        let made = await call(iam, "Action=CreatePolicy&PolicyName=q&PolicyDocument=%7B%22a%22:1%7D")
        #expect(made.text.contains("<Arn>arn:aws:iam::000000000000:policy/q</Arn>"), "\(made.text)")
        for arn in ["arn:aws:iam::000000000000:policy/q", "arn:aws:iam::aws:policy/ReadOnlyAccess"] {
            #expect(await call(iam, "Action=AttachRolePolicy&RoleName=r&PolicyArn=\(arn)").status == 200)
            let attached = await call(iam, "Action=ListAttachedRolePolicies&RoleName=r").text
            #expect(attached.contains("<PolicyArn>\(arn)</PolicyArn>"))
            #expect(await call(iam, "Action=DeleteRole&RoleName=r").status == 409)
            if !arn.contains("aws:policy") {
                #expect(await call(iam, "Action=DeletePolicy&PolicyArn=\(arn)").status == 409)
            }
            #expect(await call(iam, "Action=DetachRolePolicy&RoleName=r&PolicyArn=\(arn)").status == 200)
        }
        #expect(await call(iam, "Action=DeleteRole&RoleName=r").text.contains("must delete policies first"))
        #expect(await call(iam, "Action=DeleteRolePolicy&RoleName=r&PolicyName=p").status == 200)
        #expect(await call(iam, "Action=DeleteRole&RoleName=r").status == 200)
        #expect(await call(iam, "Action=DeleteRole&RoleName=r").status == 404)
    }

    @Test("a session of a role has keys, which say whose they are")
    func sessions() async throws {
        let (directory, store, iam) = try open()
        defer { withExtendedLifetime(directory) { store.close() } }
        let form = "Action=AssumeRole&RoleArn=arn:aws:iam::000000000000:role/worker&RoleSessionName=s1"
        let answer = try XMLElement(parsing: await call(iam, form).text)
        let credentials = try #require(answer["AssumeRoleResult"]?["Credentials"])
        #expect(credentials["AccessKeyId"]?.text.hasPrefix("ASIA") == true)
        let token = try #require(credentials["SessionToken"]?.text)
        let session = try #require(SessionKeys(.emulator).session(ofToken: token))
        #expect(session.key.secret == credentials["SecretAccessKey"]?.text)
        #expect(SessionKeys(AccessKey(id: "x", secret: "y")).session(ofToken: token) == nil)
        let identity = await call(iam, "Action=GetCallerIdentity", token: token).text
        #expect(identity.contains("<Arn>arn:aws:sts::000000000000:assumed-role/worker/s1</Arn>"), "\(identity)")
        #expect(await call(iam, "Action=GetCallerIdentity").text.contains("<Arn>arn:aws:iam::000000000000:root</Arn>"))
        for refused in [form + "&DurationSeconds=10", form.replacing("s1", with: "a%20b"), form + "&RoleArn=r"] {
            #expect(await call(iam, refused).text.contains("<Code>ValidationError</Code>"), "\(refused)")
        }
    }
}
