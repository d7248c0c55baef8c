import Foundation
import FoundationNetworking
import TestEmulator
import Testing

/// The pipeline under `cupel up --enforce-iam`: what a role does on AWS, it is allowed here, and nothing else.
@Suite struct PermissionTests {
    private func run(_ emulator: RunningEmulator, _ files: [(table: String, path: String)]) async throws -> [[String:
        Any]]
    {
        var records: [[String: Any]] = []
        for (table, path) in files {
            let run = try await Command.run(
                Programs.cupel, ["run", path, "--table", table, "--json", "--endpoint", emulator.endpoint])
            #expect(run.status == 0, "\(run.errors)\(run.text)")
            let document = try JSONSerialization.jsonObject(with: run.output) as? [String: Any]
            records += document?.records("silver") ?? []
        }
        return records
    }

    @Test("four tables go from raw files to silver and gold with no more than their roles' policies allow")
    func pipeline() async throws {
        // Two files are for the function, two for the task.
        let emulator = try await RunningEmulator(
            parameters: ["LambdaMaxRecords": "1000"], options: ["--enforce-iam"])
        let folder = try TemporaryDirectory()
        var files: [(table: String, path: String)] = []
        for (table, rows) in [("beer", 400), ("brewery", 1500), ("profile", 300), ("review", 2000)] {
            let path = try await Sample.generate(table: table, rows: rows, seed: 5, format: "csv", into: folder)
            files.append((table, path))
        }
        let silver = try await run(emulator, files)
        for (table, rows) in [("beer", 400), ("brewery", 1500), ("profile", 300), ("review", 2000)] {
            #expect(silver.contains { $0.text("table") == table && $0.int("rows") == rows }, "\(table): \(silver)")
        }
        let records = try await Referee.lake(emulator, "records").records("records")
        #expect(Set(records.map { $0.text("compute_target") }).isSuperset(of: ["lambda", "ecs"]))
        for record in records { #expect(record.text("status") == "success", "\(record)") }
        #expect(emulator.stop() == 0)
    }

    /// Calls IAM without a role's session, and so as the account.
    private func iam(_ emulator: RunningEmulator, _ action: String, _ members: [String: String]) async throws {
        var request = URLRequest(url: try #require(URL(string: emulator.endpoint + "/")))
        request.httpMethod = "POST"
        request.setValue("application/x-www-form-urlencoded", forHTTPHeaderField: "Content-Type")
        let kept = CharacterSet.alphanumerics
        let form = members.merging(["Action": action]) { $1 }.map { name, value in
            "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: kept) ?? "")"
        }
        request.httpBody = Data(form.joined(separator: "&").utf8)
        let (data, response) = try await URLSession.shared.data(for: request)
        #expect((response as? HTTPURLResponse)?.statusCode == 200, "\(String(decoding: data, as: UTF8.self))")
    }

    @Test("a file fails with AWS's text where the role of its function lacks a permission, and succeeds with it")
    func lackingPermission() async throws {
        let emulator = try await RunningEmulator(options: ["--enforce-iam"])
        let role = "cupel-BronzeWriterRole"
        let policy = "arn:aws:iam::000000000000:policy/cupel-BronzeWriterData"
        try await iam(emulator, "DetachRolePolicy", ["RoleName": role, "PolicyArn": policy])
        // The control table and the bucket's list, so that the record says what happened; the raw object is missing.
        let rest =
            #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["dynamodb:*","s3:ListBucket"],"Resource":"*"}]}"#
        try await iam(
            emulator, "PutRolePolicy", ["RoleName": role, "PolicyName": "rest", "PolicyDocument": rest])
        let folder = try TemporaryDirectory()
        let path = try await Sample.generate(table: "brewery", rows: 50, seed: 2, format: "csv", into: folder)
        let run = try await Command.run(
            Programs.cupel, ["run", path, "--table", "brewery", "--endpoint", emulator.endpoint])
        #expect(run.status == 1, "\(run.text)")
        let record = try #require(try await Referee.lake(emulator, "records").records("records").first)
        let key = try #require(record.text("object_key"))
        let session = "arn:aws:sts::000000000000:assumed-role/\(role)/cupel-dev-bronze-writer"
        let resource = "arn:aws:s3:::cupel-dev-stage-000000000000-us-east-1/\(key)"
        let text =
            "User: \(session) is not authorized to perform: s3:GetObjectVersion on resource: \"\(resource)\" "
            + "because no identity-based policy allows the s3:GetObjectVersion action"
        #expect(record.text("status") == "error")
        #expect(record.text("error_message")?.contains(text) == true, "\(record)")

        try await iam(emulator, "AttachRolePolicy", ["RoleName": role, "PolicyArn": policy])
        let id = try #require(record.text("control_id"))
        let replay = try await Command.run(
            Programs.cupel, ["replay", "--id", id, "--endpoint", emulator.endpoint])
        #expect(replay.status == 0, "\(replay.errors)")
        try await Referee.lake(emulator, "settle")
        let replayed = try await Referee.lake(emulator, "records").records("records").first {
            $0.text("control_id") == id
        }
        #expect(replayed?.text("status") == "success", "\(replayed ?? [:])")
        #expect(emulator.stop() == 0)
    }
}
