import EmulatorCore
import Foundation
import JSON
import TestServices
import Testing

@testable import EmulatedLambda

@Suite struct LayerTests {
    private func publish(_ lambda: LambdaFixture, _ name: String, _ entries: StoredArchive) async -> HTTPResponse {
        await lambda.request(
            "POST", "/2018-10-31/layers/\(name)/versions",
            body: JSON.object([
                "Content": ["ZipFile": .string(entries.base64)], "CompatibleRuntimes": ["python3.12"],
                "Description": "shared",
            ]).text)
    }

    @Test("a layer has versions, which are described, listed and removed, and no number comes twice")
    func versions() async throws {
        let lambda = try LambdaFixture()
        let archive = StoredArchive(.init(name: "python/shared.py", contents: "value = 1\n"))
        let first = await publish(lambda, "tools", archive)
        #expect(first.status == 201, "\(first.text)")
        #expect(first.json?["LayerVersionArn"] == "arn:aws:lambda:us-east-1:000000000000:layer:tools:1")
        #expect(first.json?["Content"]?["CodeSize"]?.int == archive.bytes.count && first.json?["Archive"] == nil)
        #expect(await publish(lambda, "tools", archive).json?["Version"] == 2)
        let described = await lambda.request("GET", "/2018-10-31/layers/tools/versions/1")
        #expect(described.json?["Description"] == "shared" && described.json?["CompatibleRuntimes"] == ["python3.12"])
        let list = await lambda.request("GET", "/2018-10-31/layers/tools/versions")
        #expect(list.json?["LayerVersions"]?.array?.compactMap { $0["Version"]?.int } == [2, 1])
        let layers = await lambda.request("GET", "/2018-10-31/layers")
        #expect(layers.json?["Layers"]?[0]?["LatestMatchingVersion"]?["Version"] == 2)
        #expect(await lambda.request("DELETE", "/2018-10-31/layers/tools/versions/2").status == 204)
        #expect(await lambda.request("GET", "/2018-10-31/layers/tools/versions/2").status == 404)
        #expect(await publish(lambda, "tools", archive).json?["Version"] == 3)
        let broken = await lambda.request(
            "POST", "/2018-10-31/layers/tools/versions", body: #"{"Content": {"ZipFile": "AAAA"}}"#)
        #expect(broken.status == 400 && broken.text.contains("not a ZIP archive"), "\(broken.text)")
        await lambda.close()
    }

    @Test("a function imports modules, runs programs and reads files of its layers; the later layer wins")
    func contents() async throws {
        let lambda = try LambdaFixture { $0.programPath = "/usr/bin:/bin" }
        let base = StoredArchive(
            .init(name: "python/shared.py", contents: "value = 'base'\n"),
            .init(name: "data/base.txt", contents: "kept"),
            .init(name: "bin/greet", contents: "#!/bin/sh\necho hello\n", isExecutable: true))
        let over = StoredArchive(.init(name: "python/shared.py", contents: "value = 'over'\n"))
        #expect(await publish(lambda, "base", base).status == 201)
        #expect(await publish(lambda, "over", over).status == 201)
        let source = """
            import os, shared, subprocess
            def handler(event, context):
                answer = [shared.value, subprocess.check_output("greet").decode().strip()]
                if os.path.realpath(shared.__file__).startswith("/opt/") or os.path.exists("/opt/data/base.txt"):
                    answer.append(open("/opt/data/base.txt").read())
                return answer

            """
        func create(_ layers: JSON) async -> HTTPResponse {
            await lambda.request(
                "POST", "/2015-03-31/functions",
                body: JSON.object([
                    "FunctionName": "user", "Role": "arn:aws:iam::000000000000:role/r", "Timeout": 60,
                    "Handler": "app.handler", "Runtime": "python3.12", "Layers": layers,
                    "Code": ["ZipFile": .string(StoredArchive(.init(name: "app.py", contents: source)).base64)],
                ]).text)
        }
        let prefix = "arn:aws:lambda:us-east-1:000000000000:layer:"
        let missing = await create([.string(prefix + "none:1")])
        #expect(missing.status == 400)
        #expect(missing.json?["Message"]?.string == "Layer version \(prefix)none:1 does not exist.")
        let created = await create([.string(prefix + "base:1"), .string(prefix + "over:1")])
        #expect(created.json?["Layers"]?[1]?["Arn"]?.string == prefix + "over:1", "\(created.text)")
        #expect(created.json?["Layers"]?[0]?["CodeSize"]?.int == base.bytes.count)
        let answer = try await lambda.invoke("{}", function: "user")
        // Under /opt only where the system lets a process mount.
        let hosts = [#"["over", "hello", "kept"]"#, #"["over", "hello"]"#]
        #expect(hosts.contains(answer.text), "\(answer.text)")
        // Nothing of it is in the /opt of this machine.
        #expect(!FileManager.default.fileExists(atPath: "/opt/data/base.txt"))
        let changed = await lambda.request(
            "PUT", "/2015-03-31/functions/user/configuration", body: "{\"Layers\": [\"\(prefix)base:1\"]}")
        #expect(changed.status == 200)
        #expect(try await lambda.invoke("{}", function: "user").text.hasPrefix(#"["base", "hello""#))
        await lambda.close()
    }

    @Test("a template's layer gets a new version only when it changes")
    func template() async throws {
        let lambda = try LambdaFixture()
        func provision(_ contents: String) async throws -> String {
            let archive = StoredArchive(.init(name: "a", contents: contents))
            return try await lambda.service.provision(
                DeclaredResource(
                    logicalID: "Shared", type: "AWS::Lambda::LayerVersion",
                    properties: ["LayerName": "shared", "Content": ["ZipFile": .string(archive.base64)]])
            ).ref
        }
        let prefix = "arn:aws:lambda:us-east-1:000000000000:layer:shared:"
        #expect(try await provision("1") == prefix + "1")
        #expect(try await provision("1") == prefix + "1")
        #expect(try await provision("2") == prefix + "2")
        try await lambda.service.remove("AWS::Lambda::LayerVersion", prefix + "2")
        #expect(await lambda.request("GET", "/2018-10-31/layers/shared/versions/2").status == 404)
        await lambda.close()
    }
}
