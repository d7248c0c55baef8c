import EmulatorCore
import TestServices
import Testing
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
}
