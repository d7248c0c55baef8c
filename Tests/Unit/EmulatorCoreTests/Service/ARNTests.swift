import EmulatorCore
import Testing

@Suite struct ARNTests {
    @Test("an ARN has six parts, and the resource keeps its own colons and slashes")
    func parts() throws {
        let arn = try #require(ARN("arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST"))
        #expect(arn.partition == "aws" && arn.service == "lambda" && arn.region == "us-east-1")
        #expect(arn.account == "000000000000" && arn.resource == "function:f:$LATEST")
        #expect(arn.description == "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST")
        let bucket = try #require(ARN("arn:aws-cn:s3:::bucket/a:b"))
        #expect(bucket.region.isEmpty && bucket.account.isEmpty && bucket.resource == "bucket/a:b")
    }

    @Test(
        "a text without the six parts, a service or a resource is not an ARN",
        arguments: [
            "", "arn", "name", "arn:aws:sqs:us-east-1:000000000000", "arn:aws::us-east-1:000000000000:q",
            "arn:aws:sqs:us-east-1:000000000000:", "urn:aws:sqs:us-east-1:000000000000:q", " arn:aws:sqs:r:a:q",
        ])
    func malformed(text: String) { #expect(ARN(text) == nil) }
}
