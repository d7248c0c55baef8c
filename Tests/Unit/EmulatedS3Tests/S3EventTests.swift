import EmulatorCore
import JSON
import Testing
import XML

@testable import EmulatedS3

@Suite struct S3EventTests {
    private func configure(_ s3: S3Fixture, events: [String], prefix: String = "", suffix: String = "") async throws {
        let names = events.map { "<Event>\($0)</Event>" }.joined()
        let answer = try await s3.send(
            "PUT", "/bucket?notification",
            text: """
                <NotificationConfiguration><CloudFunctionConfiguration><Id>rule</Id>\
                <CloudFunction>arn:aws:lambda:us-east-1:000000000000:function:f</CloudFunction>\(names)\
                <Filter><S3Key><FilterRule><Name>prefix</Name><Value>\(prefix)</Value></FilterRule>\
                <FilterRule><Name>suffix</Name><Value>\(suffix)</Value></FilterRule></S3Key></Filter>\
                </CloudFunctionConfiguration></NotificationConfiguration>
                """)
        #expect(answer.status == 200)
    }

    @Test("an event has the shape that AWS documents")
    func eventShape() async throws {
        let s3 = try await S3Fixture(versioning: "Enabled")
        try await configure(s3, events: ["s3:ObjectCreated:*"], prefix: "raw/", suffix: ".gz")
        let put = try await s3.send("PUT", "/bucket/raw/a%20b%2B%C3%A9/x.gz", text: "hello")
        let event = try #require(try s3.events.first?["Records"]?.array?.first)
        #expect(event["eventVersion"]?.string == "2.1" && event["eventSource"]?.string == "aws:s3")
        #expect(event["eventName"]?.string == "ObjectCreated:Put")
        #expect(event["eventTime"]?.string == "2026-05-28T20:26:40.123Z")
        #expect(event["awsRegion"]?.string == "us-east-1")
        #expect(event["s3"]?["configurationId"]?.string == "rule")
        #expect(event["s3"]?["bucket"]?["arn"]?.string == "arn:aws:s3:::bucket")
        let object = try #require(event["s3"]?["object"])
        #expect(object["key"]?.string == "raw/a+b%2B%C3%A9/x.gz")
        #expect(object["size"]?.int == 5)
        #expect(object["eTag"]?.string == "5d41402abc4b2a76b9719d911017c592")
        #expect(object["versionId"]?.string == put.headers["x-amz-version-id"])
        #expect(object["sequencer"]?.string?.utf8.count == 18)
    }

    @Test("a notification rule selects by event name, prefix, and suffix")
    func ruleFilters() async throws {
        let s3 = try await S3Fixture()
        try await configure(s3, events: ["s3:ObjectCreated:Put"], prefix: "raw/", suffix: ".gz")
        for key in ["raw/a.gz", "raw/a.txt", "other/a.gz", "raw/b.gz"] {
            try await s3.send("PUT", "/bucket/\(key)", text: "")
        }
        try await s3.send("PUT", "/bucket/raw/copy.gz", [("x-amz-copy-source", "/bucket/raw/a.gz")])
        try await s3.send("DELETE", "/bucket/raw/a.gz")
        let keys = try s3.events.map { $0["Records"]?.array?.first?["s3"]?["object"]?["key"]?.string }
        #expect(keys == ["raw/a.gz", "raw/b.gz"])
    }

    @Test("every kind of change to an object sends its event, in order")
    func everyChange() async throws {
        let s3 = try await S3Fixture()
        try await configure(s3, events: ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"])
        try await s3.send("PUT", "/bucket/k", text: "1")
        try await s3.send("PUT", "/bucket/k2", [("x-amz-copy-source", "/bucket/k")])
        _ = try await s3.upload("k3", parts: [[1]])
        try await s3.send("DELETE", "/bucket/k")
        try await s3.send("DELETE", "/bucket/none")
        try await s3.setVersioning("Enabled")
        let marker = try await s3.send("DELETE", "/bucket/k2").headers["x-amz-version-id"] ?? ""
        try await s3.send("DELETE", "/bucket/k2?versionId=\(marker)")
        let records = try s3.events.compactMap { $0["Records"]?.array?.first }
        #expect(
            records.map { $0["eventName"]?.string } == [
                "ObjectCreated:Put", "ObjectCreated:Copy", "ObjectCreated:CompleteMultipartUpload",
                "ObjectRemoved:Delete", "ObjectRemoved:DeleteMarkerCreated", "ObjectRemoved:Delete",
            ])
        let sequencers = records.compactMap { $0["s3"]?["object"]?["sequencer"]?.string }
        #expect(sequencers == sequencers.sorted() && Set(sequencers).count == records.count)
    }

    @Test("a write whose condition fails sends no event")
    func failedCondition() async throws {
        let s3 = try await S3Fixture()
        try await configure(s3, events: ["s3:ObjectCreated:*"])
        try await s3.send("PUT", "/bucket/k", text: "1")
        try await s3.send("PUT", "/bucket/k", [("If-None-Match", "*")], text: "2")
        #expect(try s3.events.count == 1)
    }

    @Test("a template's bucket stays configured when it is deployed again")
    func templateBucket() async throws {
        let s3 = try await S3Fixture()
        let properties: JSON = [
            "BucketName": "stage", "VersioningConfiguration": ["Status": "Enabled"],
            "NotificationConfiguration": [
                "LambdaConfigurations": [
                    [
                        "Event": "s3:ObjectCreated:*", "Function": "arn:aws:lambda:us-east-1:000000000000:function:f",
                        "Filter": [
                            "S3Key": [
                                "Rules": [["Name": "prefix", "Value": "raw/"], ["Name": "suffix", "Value": ".gz"]]
                            ]
                        ],
                    ]
                ]
            ],
        ]
        let declared = DeclaredResource(logicalID: "Stage", type: "AWS::S3::Bucket", properties: properties)
        for _ in 0..<2 {
            let provisioned = try await s3.service.provision(declared)
            #expect(provisioned.ref == "stage" && provisioned.attributes["Arn"] == "arn:aws:s3:::stage")
            try await s3.send("PUT", "/stage/raw/x.gz", text: "x")
        }
        #expect(try s3.events.count == 2)
        #expect(try await s3.send("GET", "/stage?versions").document.all("Version").count == 2)
        let rules = try await s3.send("GET", "/stage?notification").document
        #expect(
            rules["CloudFunctionConfiguration"]?["CloudFunction"]?.text
                == "arn:aws:lambda:us-east-1:000000000000:function:f")
    }
}
