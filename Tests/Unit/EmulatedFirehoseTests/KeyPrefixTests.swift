import EmulatorCore
import JSON
import Testing

@testable import EmulatedFirehose

/// Prefixes of object keys, as <https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html> describes them.
@Suite struct KeyPrefixTests {
    /// 2026-05-28T20:26:40.123Z
    private let moment: Int64 = 1_780_000_000_123

    private func text(_ prefix: String, _ keys: [String: String] = [:]) throws -> String {
        try KeyPrefix(prefix).resolved(PartitionKeys(lambda: keys)).get().text(at: moment) { "RANDOM" }
    }

    @Test("timestamps are Java patterns in UTC, and all of a prefix are the same instant")
    func timestamps() throws {
        #expect(try text("a/!{timestamp:yyyy/MM/dd/HH}/!{timestamp:mm-ss.SSS}") == "a/2026/05/28/20/26-40.123")
        #expect(try text("!{timestamp:yy-M-d'T'H''}") == "26-5-28T20'")
        #expect(throws: AWSFault.self) { try KeyPrefix("!{timestamp:MMM}") }
        #expect(throws: AWSFault.self) { try KeyPrefix("!{timestamp:yyyy'}") }
    }

    @Test("partition keys, random strings and error types are replaced; other text stays as it is")
    func expressions() throws {
        #expect(
            try text("raw/!{partitionKeyFromLambda:t}/!{firehose:random-string}/!x", ["t": "beer"])
                == "raw/beer/RANDOM/!x")
        let errors = try KeyPrefix("errors/!{firehose:error-output-type}/").resolved(errorType: "processing-failed")
        #expect(errors.text(at: moment) { "" } == "errors/processing-failed/")
        for broken in ["!{firehose:other}", "!{timestamp:}", "!{nothing}", "raw/!{timestamp:yyyy"] {
            #expect(throws: AWSFault.self, "\(broken)") { try KeyPrefix(broken) }
        }
    }

    @Test("a key that is missing or empty does not resolve")
    func missingKey() throws {
        let prefix = try KeyPrefix("raw/!{partitionKeyFromLambda:t}/")
        #expect(throws: KeyPrefix.MissingKey.self) { try prefix.resolved(PartitionKeys()).get() }
        #expect(throws: KeyPrefix.MissingKey.self) { try prefix.resolved(PartitionKeys(lambda: ["t": ""])).get() }
    }

    @Test("a key that looks like an expression stays text, in the store too")
    func keysAreNotEvaluated() throws {
        let keys = ["t": #"!{timestamp:yyyy}","x"#]
        let resolved = try KeyPrefix("raw/!{partitionKeyFromLambda:t}/!{timestamp:yyyy}/").resolved(
            PartitionKeys(lambda: keys)
        )
        .get()
        let stored = try KeyPrefix(stored: resolved.stored)
        #expect(stored == resolved)
        #expect(stored.text(at: moment) { "" } == #"raw/!{timestamp:yyyy}","x/2026/"#)
    }

    @Test(
        "a prefix without a time gets one, and the error prefix follows from the prefix",
        arguments: [
            ("", nil, "2026/05/28/20/", "processing-failed/2026/05/28/20/"),
            ("a/", nil, "a/2026/05/28/20/", "a/processing-failed/2026/05/28/20/"),
            ("a/!{timestamp:yyyy}/", "e/!{firehose:error-output-type}/", "a/2026/", "e/processing-failed/"),
            ("!{firehose:random-string}/", "e/", "RANDOM/2026/05/28/20/", "e/processing-failed/"),
        ] as [(String, String?, String, String)])
    func derived(prefix: String, errorPrefix: String?, data: String, errors: String) throws {
        let prefixes = try DestinationPrefixes(
            ["Prefix": .string(prefix), "ErrorOutputPrefix": .string(errorPrefix ?? "")], isPartitioned: false)
        #expect(prefixes.data.text(at: moment) { "RANDOM" } == data)
        #expect(prefixes.errors.resolved(errorType: "processing-failed").text(at: moment) { "" } == errors)
    }

    @Test("a prefix above 512 characters is too long, as it is evaluated")
    func length() throws {
        #expect(throws: AWSFault.self) {
            try DestinationPrefixes(["Prefix": .string(String(repeating: "a", count: 500))], isPartitioned: false)
        }
        let prefix = try KeyPrefix("!{partitionKeyFromLambda:t}")
        for (count, isTooLong) in [(512, false), (513, true)] {
            let keys = PartitionKeys(lambda: ["t": String(repeating: "é", count: count)])
            #expect(try prefix.resolved(keys).get().isTooLong(at: 0) == isTooLong)
        }
    }
}
