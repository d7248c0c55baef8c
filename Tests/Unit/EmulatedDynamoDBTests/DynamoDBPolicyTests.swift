import EmulatorCore
import JSON
import Testing

@testable import EmulatedDynamoDB

/// Resource-based policies.
@Suite struct DynamoDBPolicyTests {
    private let db: DynamoDBFixture
    private let arn: String

    init() async throws {
        db = try DynamoDBFixture()
        try await db.makeHashTable()
        arn = try await db.send("DescribeTable", #"{"TableName": "things"}"#)["Table"]?["TableArn"]?.string ?? ""
    }

    private func put(_ action: String, more: String = "") async throws -> String {
        let policy = JSON.string(#"{"Statement": [{"Action": "\#(action)"}]}"#).text
        return try await db.send("PutResourcePolicy", #"{"ResourceArn": "\#(arn)", "Policy": \#(policy)\#(more)}"#)[
            "RevisionId"]?.string ?? ""
    }

    private func expected(_ revision: String) -> String { #", "ExpectedRevisionId": "\#(revision)""# }

    @Test("a policy is kept under a revision that grows with each change")
    func revisions() async throws {
        let first = try await put("dynamodb:*")
        #expect(try await put("dynamodb:*") == first)
        let second = try await put("dynamodb:GetItem", more: expected(first))
        #expect(second > first)
        let got = try await db.send("GetResourcePolicy", #"{"ResourceArn": "\#(arn)"}"#)
        #expect(got["RevisionId"]?.string == second)
        #expect(got["Policy"]?.string?.contains("GetItem") == true)
        try await db.send("DeleteResourcePolicy", #"{"ResourceArn": "\#(arn)"\#(expected(second))}"#)
        let fault = await db.fault("GetResourcePolicy", #"{"ResourceArn": "\#(arn)"}"#)
        #expect(fault?.code == "PolicyNotFoundException")
        #expect(fault?.message == "Resource-based policy not found for the provided ResourceArn: \(arn)")
        #expect(try await db.send("DeleteResourcePolicy", #"{"ResourceArn": "\#(arn)"}"#)["RevisionId"] == nil)
    }

    @Test("a change that expects another revision is refused")
    func unexpected() async throws {
        let none = try await put("dynamodb:*", more: expected("NO_POLICY"))
        let old = await db.fault(
            "DeleteResourcePolicy", #"{"ResourceArn": "\#(arn)"\#(expected("unknown"))}"#)
        #expect(
            old?.message
                == "Resource-based policy not found for the provided ResourceArn: Requested update for policy with "
                + "revision id unknown, but the policy associated to target table things has revision id \(none).")
        let policy = JSON.string(#"{"Statement": []}"#).text
        let present = await db.fault(
            "PutResourcePolicy", #"{"ResourceArn": "\#(arn)", "Policy": \#(policy)\#(expected("NO_POLICY"))}"#)
        #expect(
            present?.message
                == "Resource-based policy not found for the provided ResourceArn: Requested policy update expecting none "
                + "to be present for table things, but a policy exists with revision id \(none).")
        let missing = await db.fault("GetResourcePolicy", #"{"ResourceArn": "\#(arn)s"}"#)
        #expect(missing?.message == "Requested resource not found: Table: thingss not found")
    }
}
