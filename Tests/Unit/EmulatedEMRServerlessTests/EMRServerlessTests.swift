import Testing

@testable import EmulatedEMRServerless

@Suite struct EMRServerlessTests {
    @Test(
        "parameters are words as in a shell: quotation marks hold words together",
        arguments: [
            ("--conf a=b  --conf c=d", ["--conf", "a=b", "--conf", "c=d"]),
            ("--conf 'a=b c' --conf \"d=e 'f'\"", ["--conf", "a=b c", "--conf", "d=e 'f'"]),
            (#"--conf a=\"b\" x\ y '\n'"#, ["--conf", "a=\"b\"", "x y", #"\n"#]), ("''", [""]), ("  \n", []),
        ])
    func words(_ line: String, _ words: [String]) throws { #expect(try SparkSubmission.words(line) == words) }

    @Test("an open quotation mark is refused") func openQuotation() {
        #expect(throws: SparkSubmission.Obstacle.self) { try SparkSubmission.words("--conf 'a") }
    }
}
