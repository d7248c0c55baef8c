import EmulatorCore
import JSON
import Testing
import URLCoding
import XML

@testable import EmulatedS3

@Suite struct S3ListingTests {
    private func fixture(_ keys: [String]) async throws -> S3Fixture {
        let s3 = try await S3Fixture()
        for key in keys {
            #expect(
                try await s3.send("PUT", "/bucket/" + key.percentEncoded(), text: key).status
                    == 200)
        }
        return s3
    }

    private func keys(_ document: XMLElement) -> [String] { document.all("Contents").compactMap { $0["Key"]?.text } }
    private func prefixes(_ document: XMLElement) -> [String] {
        document.all("CommonPrefixes").compactMap { $0["Prefix"]?.text }
    }

    @Test("keys are listed in the order of their UTF-8 bytes")
    func byteOrder() async throws {
        let s3 = try await fixture(["b", "a", "Z", "é", "\u{FFFF}", "😀", "a/b", "a-b", "e\u{301}"])
        let listing = try await s3.send("GET", "/bucket?list-type=2").document
        #expect(
            keys(listing).map { Array($0.utf8) }
                == ["Z", "a", "a-b", "a/b", "b", "e\u{301}", "é", "\u{FFFF}", "😀"].map { Array($0.utf8) })
    }

    @Test("paging finds the same keys and common prefixes at any page size", arguments: 1...5)
    func pageSizes(_ size: Int) async throws {
        let s3 = try await fixture(["a/1", "a/2", "b", "c/1", "c/2", "c/d/3", "d"])
        var found: [String] = []
        var position = ""
        repeat {
            let page = try await s3.send("GET", "/bucket?list-type=2&delimiter=/&max-keys=\(size)\(position)").document
            #expect(page["KeyCount"]?.text == String(keys(page).count + prefixes(page).count))
            found += (keys(page) + prefixes(page)).sorted()
            guard page["IsTruncated"]?.text == "true" else { break }
            let token = page["NextContinuationToken"]?.text ?? ""
            position = "&continuation-token=" + token.percentEncoded()
        } while found.count < 20
        #expect(found.sorted() == ["a/", "b", "c/", "d"])
        let nested = try await s3.send("GET", "/bucket?list-type=2&delimiter=/&prefix=c/").document
        #expect(keys(nested) == ["c/1", "c/2"] && prefixes(nested) == ["c/d/"])
    }

    @Test("a marker that is a common prefix skips all its keys")
    func markers() async throws {
        let s3 = try await fixture(["a/1", "a/2", "b", "c"])
        let first = try await s3.send("GET", "/bucket?delimiter=/&max-keys=1").document
        #expect(prefixes(first) == ["a/"] && first["NextMarker"]?.text == "a/")
        let next = try await s3.send("GET", "/bucket?delimiter=/&marker=a/").document
        #expect(keys(next) == ["b", "c"] && prefixes(next).isEmpty)
        let plain = try await s3.send("GET", "/bucket?marker=a/1").document
        #expect(keys(plain) == ["a/2", "b", "c"])
        let after = try await s3.send("GET", "/bucket?list-type=2&start-after=b").document
        #expect(keys(after) == ["c"] && after["StartAfter"]?.text == "b")
    }

    @Test("a page of zero keys is not truncated, and invalid parameters are refused")
    func zeroKeys() async throws {
        let s3 = try await fixture(["a"])
        let page = try await s3.send("GET", "/bucket?list-type=2&max-keys=0").document
        #expect(page["IsTruncated"]?.text == "false" && keys(page).isEmpty)
        #expect(try await s3.send("GET", "/bucket?max-keys=-1").code == "InvalidArgument")
        #expect(try await s3.send("GET", "/bucket?encoding-type=x").code == "InvalidArgument")
    }

    @Test("keys are URL-encoded on request")
    func encodedKeys() async throws {
        let s3 = try await fixture(["a b/c+d&é"])
        let page = try await s3.send("GET", "/bucket?list-type=2&encoding-type=url").document
        #expect(keys(page) == ["a%20b/c%2Bd%26%C3%A9"])
        #expect(keys(try await s3.send("GET", "/bucket?list-type=2").document) == ["a b/c+d&é"])
    }
}
