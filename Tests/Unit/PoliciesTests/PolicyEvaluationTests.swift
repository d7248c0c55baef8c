import JSON
import Testing

@testable import Policies

/// The evaluation logic of IAM's documentation, as tables of cases.
/// - SeeAlso: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>
@Suite struct PolicyEvaluationTests {
    private let role = PolicyPrincipal.role(
        arn: "arn:aws:iam::111122223333:role/writer", session: "arn:aws:sts::111122223333:assumed-role/writer/s1")

    private func policy(_ statements: JSON...) throws -> PolicyDocument {
        try PolicyDocument(["Version": "2012-10-17", "Statement": .array(statements)])
    }

    private func statement(
        _ effect: String, _ action: JSON, _ resource: JSON, principal: JSON? = nil, condition: JSON? = nil
    ) -> JSON {
        var members: JSONObject = ["Effect": .string(effect), "Action": action, "Resource": resource]
        members["Principal"] = principal
        members["Condition"] = condition
        return .object(members)
    }

    private func request(
        _ action: String = "s3:GetObject", _ resource: String = "arn:aws:s3:::lake/bronze/a",
        _ context: [String: [String]] = [:]
    ) -> PolicyRequest {
        PolicyRequest(role, action, on: resource, PolicyContext(context))
    }

    @Test("without an allowance everything is denied, and a denial anywhere decides")
    func denials() throws {
        let allow = try policy(statement("Allow", "s3:GetObject", "*"))
        let deny = try policy(statement("Deny", "s3:*", "*"))
        let denyOnResource = try policy(statement("Deny", "s3:*", "*", principal: "*"))
        #expect(PolicySet(identity: []).decide(request()) == .denied(.implicit(.identity)))
        #expect(PolicySet(identity: [allow]).decide(request()) == .allowed)
        #expect(PolicySet(identity: [allow, deny]).decide(request()) == .denied(.explicit(.identity)))
        #expect(
            PolicySet(identity: [allow], resource: denyOnResource).decide(request()) == .denied(.explicit(.resource)))
        #expect(PolicySet(identity: [allow], boundary: deny).decide(request()) == .denied(.explicit(.boundary)))
    }

    @Test("a boundary limits what the role's policies allow, and grants nothing")
    func boundary() throws {
        let all = try policy(statement("Allow", "*", "*"))
        let queues = try policy(statement("Allow", "sqs:*", "*"))
        #expect(PolicySet(identity: [all], boundary: queues).decide(request()) == .denied(.implicit(.boundary)))
        #expect(PolicySet(identity: [], boundary: all).decide(request()) == .denied(.implicit(.identity)))
        #expect(
            PolicySet(identity: [all], boundary: queues).decide(request("sqs:sendmessage", "arn:aws:sqs:r:1:q"))
                == .allowed)
    }

    @Test(
        "a resource's policy allows whom it names; an account it names decides by its own policies",
        arguments: [
            ("arn:aws:iam::111122223333:role/writer", true), ("arn:aws:sts::111122223333:assumed-role/writer/s1", true),
            ("*", true), ("arn:aws:iam::111122223333:role/reader", false),
            ("arn:aws:iam::111122223333:root", false), ("111122223333", false),
        ])
    func resourcePolicy(principal: String, allows: Bool) throws {
        let resource = try policy(statement("Allow", "s3:GetObject", "*", principal: ["AWS": .string(principal)]))
        #expect((PolicySet(identity: [], resource: resource).decide(request()) == .allowed) == allows)
    }

    @Test("a key's policy must allow, too: for the account it is enough that the role's policies do")
    func keys() throws {
        let delegated = try policy(
            statement("Allow", "kms:*", "*", principal: ["AWS": "arn:aws:iam::111122223333:root"]))
        let foreign = try policy(statement("Allow", "kms:*", "*", principal: ["AWS": "arn:aws:iam::444455556666:root"]))
        let own = try policy(statement("Allow", "kms:Decrypt", "*"))
        let decrypt = request("kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/k")
        func decide(_ identity: [PolicyDocument], _ key: PolicyDocument) -> PolicyDecision {
            PolicySet(identity: identity, resource: key, needsResource: true).decide(decrypt)
        }
        #expect(decide([own], delegated) == .allowed)
        #expect(decide([own], foreign) == .denied(.implicit(.resource)))
        #expect(decide([], delegated) == .denied(.implicit(.identity)))
    }

    @Test("the account is bound by denials of resources only; a service needs an allowance of the resource")
    func otherPrincipals() throws {
        let deny = try policy(statement("Deny", "s3:*", "*", principal: "*"))
        var asked = request()
        asked.principal = .account("111122223333")
        #expect(PolicySet(identity: []).decide(asked) == .allowed)
        #expect(PolicySet(identity: [], resource: deny).decide(asked) == .denied(.explicit(.resource)))
        let source: JSON = ["ArnLike": ["AWS:SourceArn": "arn:aws:s3:::stage"]]
        let permission = try policy(
            statement(
                "Allow", "lambda:InvokeFunction", "*", principal: ["Service": "s3.amazonaws.com"], condition: source))
        func invoke(_ service: String, _ bucket: String) -> PolicyDecision {
            var asked = request(
                "lambda:InvokeFunction", "arn:aws:lambda:r:1:function:f", ["aws:SourceArn": ["arn:aws:s3:::\(bucket)"]])
            asked.principal = .service(service)
            return PolicySet(identity: [], resource: permission).decide(asked)
        }
        #expect(invoke("s3.amazonaws.com", "stage") == .allowed)
        #expect(invoke("s3.amazonaws.com", "other") == .denied(.implicit(.resource)))
        #expect(invoke("sns.amazonaws.com", "stage") == .denied(.implicit(.resource)))
    }

    @Test(
        "actions are compared without case, ARNs part by part",
        arguments: [
            ("s3:getobject", "arn:aws:s3:::lake/*", true), ("s3:Get*", "arn:aws:s3:::lake/bronze/?", true),
            ("*", "*", true), ("s3:GetObject", "arn:aws:s3:::lake", false), ("s3:Put*", "*", false),
            ("s3:GetObject", "arn:aws:s3:*:*:lake/*", true), ("s3:GetObject", "arn:aws:*:lake/*", false),
            ("s3:GetObject", "arn:aws:s3:::LAKE/*", false), ("s3:Get?bject", "arn:*:s3:::*/a", true),
        ])
    func wildcards(action: String, resource: String, matches: Bool) throws {
        let policy = try policy(statement("Allow", .string(action), .string(resource)))
        #expect((PolicySet(identity: [policy]).decide(request()) == .allowed) == matches)
    }

    @Test("NotAction and NotResource are for all that they do not name")
    func inverses() throws {
        func decide(_ statement: JSON, _ request: PolicyRequest) throws -> PolicyDecision {
            PolicySet(identity: [try policy(statement)]).decide(request)
        }
        let notAction: JSON = ["Effect": "Allow", "NotAction": ["iam:*", "s3:Put*"], "Resource": "*"]
        #expect(try decide(notAction, request()) == .allowed)
        #expect(try decide(notAction, request("s3:PutObject")) == .denied(.implicit(.identity)))
        let notResource: JSON = ["Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::lake/gold/*"]
        #expect(try decide(notResource, request()) == .allowed)
        #expect(
            try decide(notResource, request("s3:GetObject", "arn:aws:s3:::lake/gold/a"))
                == .denied(.implicit(.identity)))
    }

    @Test("a resource may hold variables, of this version of the language only")
    func variables() throws {
        let arn = "arn:aws:s3:::lake/home/${aws:PrincipalTag/team, 'none'}/*"
        func decide(_ version: JSON, _ key: String, _ context: [String: [String]]) throws -> PolicyDecision {
            let document = try PolicyDocument([
                "Version": version, "Statement": [statement("Allow", "s3:*", .string(arn))],
            ])
            return PolicySet(identity: [document]).decide(request("s3:GetObject", "arn:aws:s3:::lake/\(key)", context))
        }
        let team = ["aws:PrincipalTag/team": ["red"]]
        #expect(try decide("2012-10-17", "home/red/a", team) == .allowed)
        #expect(try decide("2012-10-17", "home/blue/a", team) == .denied(.implicit(.identity)))
        #expect(try decide("2012-10-17", "home/none/a", [:]) == .allowed)
        #expect(try decide("2008-10-17", "home/red/a", team) == .denied(.implicit(.identity)))
        // A wildcard in the value of a variable is no wildcard.
        #expect(try decide("2012-10-17", "home/blue/a", ["aws:PrincipalTag/team": ["*"]]) != .allowed)
    }

    /// Operator, key, values, what the request has, whether it holds.
    static let conditions: [(String, JSON, [String]?, Bool)] = [
        ("StringEquals", ["a", "b"], ["b"], true), ("StringEquals", "a", ["A"], false),
        ("StringEquals", "a", nil, false),
        ("StringEqualsIgnoreCase", "a", ["A"], true), ("StringNotEquals", "a", ["b"], true),
        ("StringNotEquals", ["a", "b"], ["b"], false), ("StringNotEquals", "a", nil, true),
        ("StringLike", "raw/*", ["raw/beer"], true), ("StringEquals", "raw/*", ["raw/beer"], false),
        ("StringNotLike", "raw/*", ["gold/a"], true), ("StringEqualsIfExists", "a", nil, true),
        ("StringEqualsIfExists", "a", ["b"], false),
        ("Bool", "false", ["true"], false), ("Bool", false, ["false"], true), ("Bool", "true", nil, false),
        ("BoolIfExists", "true", nil, true),
        ("Null", "true", nil, true), ("Null", true, ["x"], false), ("Null", "false", ["x"], true),
        ("ArnLike", "arn:aws:s3:::st*", ["arn:aws:s3:::stage"], true),
        ("ArnEquals", "arn:aws:states:*:1:stateMachine:p-*", ["arn:aws:states:eu-west-1:1:stateMachine:p-x"], true),
        ("ArnLike", "arn:aws:*:stage", ["arn:aws:s3:::stage"], false),
        ("ArnNotLike", "arn:aws:s3:::st*", ["arn:aws:s3:::other"], true),
        ("NumericLessThan", 10, ["9.5"], true), ("NumericLessThanEquals", "10", ["10"], true),
        ("NumericGreaterThan", 10, ["10"], false), ("NumericNotEquals", 10, ["11"], true),
        ("NumericEquals", 10, ["ten"], false),
        ("DateLessThan", "2030-01-01T00:00:00Z", ["2026-11-30T22:00:00.000Z"], true),
        ("DateGreaterThan", "2026-12-01", ["2026-11-30T22:00:00Z"], false),
        ("DateEquals", "0", ["1970-01-01T00:00:00Z"], true),
        ("IpAddress", "127.0.0.0/8", ["127.0.0.1"], true),
        ("IpAddress", ["10.0.0.0/8", "127.0.0.1"], ["127.0.0.1"], true),
        ("NotIpAddress", "203.0.113.0/24", ["203.0.113.7"], false), ("IpAddress", "0.0.0.0/0", ["1.2.3.4"], true),
        ("IpAddress", "300.0.0.0/8", ["1.2.3.4"], false), ("IpAddress", "1.2.3.4/99", ["1.2.3.4"], false),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "b"], true),
        ("ForAllValues:StringEquals", ["a", "b"], ["a", "c"], false), ("ForAllValues:StringEquals", "a", nil, true),
        ("ForAnyValue:StringEquals", ["a", "b"], ["c", "a"], true), ("ForAnyValue:StringEquals", "a", nil, false),
        ("ForAllValues:StringNotEquals", "a", ["b", "c"], true),
        ("ForAllValues:StringNotEquals", "a", ["b", "a"], false),
    ]

    @Test("each condition operator, with keys that the request has and has not", arguments: conditions)
    func operators(name: String, values: JSON, asked: [String]?, holds: Bool) throws {
        let condition: JSON = .object([name: ["s3:Prefix": values]])
        let policy = try policy(statement("Allow", "s3:GetObject", "*", condition: condition))
        // Keys are named without regard to case.
        let context = asked.map { ["s3:prefix": $0] } ?? [:]
        let decision = PolicySet(identity: [policy]).decide(
            PolicyRequest(role, "s3:GetObject", on: "arn:aws:s3:::b/k", PolicyContext(context)))
        #expect((decision == .allowed) == holds)
    }

    @Test("all operators and keys of a condition must hold")
    func conjunction() throws {
        let condition: JSON = [
            "StringEquals": ["a:x": "1", "a:y": "2"], "Bool": ["aws:SecureTransport": "true"],
        ]
        let policy = try policy(statement("Allow", "*", "*", condition: condition))
        let all = ["a:x": ["1"], "a:y": ["2"], "aws:securetransport": ["true"]]
        #expect(PolicySet(identity: [policy]).decide(request("s3:GetObject", "*", all)) == .allowed)
        for name in all.keys {
            var some = all
            some[name] = ["3"]
            #expect(PolicySet(identity: [policy]).decide(request("s3:GetObject", "*", some)) != .allowed, "\(name)")
        }
    }

    @Test("refusals have AWS's texts")
    func texts() {
        let asked = request()
        let start =
            "User: arn:aws:sts::111122223333:assumed-role/writer/s1 is not authorized to perform: s3:GetObject on resource: "
        #expect(
            asked.refusal(.implicit(.identity), quotesResource: true)
                == start
                + #""arn:aws:s3:::lake/bronze/a" because no identity-based policy allows the s3:GetObject action"#)
        #expect(
            asked.refusal(.explicit(.resource))
                == start + "arn:aws:s3:::lake/bronze/a with an explicit deny in a resource-based policy")
    }

    @Test(
        "a document that is no policy is refused, and the error says why",
        arguments: [
            ("[]", "not a JSON object"), ("{", "not JSON"), ("{\"Version\":\"2012-10-17\"}", "no Statement"),
            ("{\"Version\":\"2020-01-01\",\"Statement\":[{}]}", "not 2020-01-01"),
            ("{\"Statement\":{\"Effect\":\"Permit\",\"Action\":\"*\",\"Resource\":\"*\"}}", "Allow or Deny"),
            ("{\"Statement\":{\"Effect\":\"Allow\",\"Resource\":\"*\"}}", "neither Action nor NotAction"),
            (
                "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"NotAction\":\"*\"}}",
                "both Action and NotAction"
            ),
            ("{\"Statement\":{\"Effect\":\"Allow\",\"Action\":[1],\"Resource\":\"*\"}}", "is no text"),
            (
                "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Ressource\":\"*\"}}",
                "unknown element Ressource"
            ),
            (
                "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":{\"StringIs\":{\"a\":1}}}}",
                "operator StringIs is unknown"
            ),
        ])
    func malformed(text: String, reason: String) {
        let error = #expect(throws: PolicyError.self) { try PolicyDocument(parsing: text) }
        #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
    }

    @Test("a pattern of many wildcards takes no time") func manyWildcards() throws {
        let pattern = String(repeating: "*a", count: 200) + "b"
        let policy = try policy(statement("Allow", "*", .string(pattern)))
        let resource = String(repeating: "a", count: 2000)
        #expect(PolicySet(identity: [policy]).decide(request("s3:GetObject", resource)) != .allowed)
    }
}
