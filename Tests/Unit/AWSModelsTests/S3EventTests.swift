import AWSModels
import JSON
import Testing
import Time

@Suite struct S3EventTests {
    /// The example of the S3 User Guide, "Event message structure", shortened and with an encoded key.
    static let message = """
        {"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"us-west-2",
        "eventTime":"1970-01-01T00:00:00.123Z","eventName":"ObjectCreated:Put",
        "responseElements":{"x-amz-request-id":"C3D13FE58DE4C810"},
        "s3":{"s3SchemaVersion":"1.0","configurationId":"testConfigRule",
        "bucket":{"name":"amzn-s3-demo-bucket","arn":"arn:aws:s3:::amzn-s3-demo-bucket"},
        "object":{"key":"raw/beer/Happy+Face%2B%C3%A9.csv.gz","size":1024,"eTag":"d41d8cd98f00b204e9800998ecf8427e",
        "versionId":"096fKKXTRTtl3on89fVO.nfljtsv6qko","sequencer":"0055AED6DCD90281E5"}}}]}
        """

    @Test("an event names the object versions that were created") func createdObjects() throws {
        let event = try S3Event(JSON(parsing: Self.message))
        let expected = S3EventRecord(
            eventName: "ObjectCreated:Put", eventTime: Timestamp(milliseconds: 123),
            bucket: "amzn-s3-demo-bucket", key: "raw/beer/Happy Face+é.csv.gz", sizeInBytes: 1024,
            eTag: "d41d8cd98f00b204e9800998ecf8427e", versionID: "096fKKXTRTtl3on89fVO.nfljtsv6qko",
            sequencer: "0055AED6DCD90281E5")
        #expect(event.records == [expected])
        #expect(event.records[0].isObjectCreated)
    }

    @Test("S3's test message has no records") func testMessage() throws {
        #expect(try S3Event(["Service": "Amazon S3", "Event": "s3:TestEvent"]).records.isEmpty)
    }

    @Test(
        "the error names the missing or invalid member of an event",
        arguments: [
            ("\"eventTime\":\"1970-01-01T00:00:00.123Z\",", "", "Records[0].eventTime"),
            ("\"name\":\"amzn-s3-demo-bucket\",", "", "Records[0].s3.bucket.name"),
            ("Happy+Face", "Happy%GG", "Records[0].s3.object.key"), ("\"Records\"", "\"Entries\"", "Records"),
        ])
    func invalidMembers(text: String, replacement: String, path: String) throws {
        let broken = try #require(Self.message.replacing(text, with: replacement) as String?)
        try #require(broken != Self.message)
        let json = try JSON(parsing: broken)
        let error = #expect(throws: ModelError.self) { try S3Event(json) }
        #expect(error?.path == path)
    }
}
