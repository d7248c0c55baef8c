import Foundation
import TestEmulator

/// A copy of the files that a deployment needs, with the packages that `make package` made.
struct Deployment {
    private let folder: TemporaryDirectory

    init() async throws {
        folder = try TemporaryDirectory()
        let files = FileManager.default
        let root = Programs.packageRoot
        for name in ["infra", "StateMachines"] { try files.copyItem(atPath: "\(root)/\(name)", toPath: path(name)) }
        for name in try files.contentsOfDirectory(atPath: "\(root)/Functions") {
            try files.createDirectory(atPath: path("Functions/\(name)"), withIntermediateDirectories: true)
        }
        let made = "\(root)/.build/package"
        let packages = (try? files.contentsOfDirectory(atPath: made)) ?? []
        guard packages.contains("architecture") else {
            throw Command.Failure(description: "There is no \(made)/architecture; run make package")
        }
        try files.createDirectory(atPath: path(".build/package"), withIntermediateDirectories: true)
        for name in packages where name.hasSuffix(".zip") || name == "architecture" {
            try files.copyItem(atPath: "\(made)/\(name)", toPath: path(".build/package/\(name)"))
        }
    }

    func path(_ name: String) -> String { "\(folder.path)/\(name)" }

    /// Runs `infra/deploy dev` against the emulator.
    /// - Parameters:
    ///   - answer: the answer to the question whether to execute; nil executes without asking.
    ///   - changed: the type of a resource that AWS would report as changed in a nested change set.
    ///   - hasFailedBefore: whether the stack is reported as one that could not be made, until it is deleted.
    func deploy(
        to emulator: RunningEmulator, _ variables: [String: String] = [:], answer: String? = nil,
        changing changed: String? = nil, hasFailedBefore: Bool = false
    ) async throws -> Command {
        var variables = variables
        if answer == nil { variables["YES"] = "1" }
        if hasFailedBefore {
            variables["AWS"] = try wrapper(
                """
                case "$*" in
                    "cloudformation delete-stack --stack-name cupel-dev") touch "$DELETED" ;;
                    "cloudformation wait stack-delete-complete --stack-name cupel-dev") [ -e "$DELETED" ] ;;
                    *"describe-stacks --stack-name cupel-dev --query Stacks[0].StackStatus"*)
                        if [ -e "$DELETED" ]; then exec "$REAL" "$@"; else echo ROLLBACK_COMPLETE; fi ;;
                    *) exec "$REAL" "$@" ;;
                esac
                """)
            variables["REAL"] = Self.aws
            variables["DELETED"] = path("deleted")
        }
        if let changed {
            variables["AWS"] = try wrapper(
                """
                case "$*" in
                    *"--change-set-name arn:nested"*) printf 'Modify\\t\(changed)\\tOne\\tNone\\n' ;;
                    *describe-change-set*ChangeSetId*)
                        printf 'Modify\\tAWS::CloudFormation::Stack\\tChangeCapture\\tarn:nested\\n' ;;
                    *) exec "$REAL" "$@" ;;
                esac
                """)
            variables["REAL"] = Self.aws
        }
        return try await run("deploy", emulator, variables, input: answer.map { Data("\($0)\n".utf8) })
    }

    /// A program in the place of the AWS CLI, from a script for Bash.
    private func wrapper(_ script: String) throws -> String {
        let wrapper = path("aws")
        try Data("#!/usr/bin/env bash\n\(script)\n".utf8).write(to: URL(filePath: wrapper))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: wrapper)
        return wrapper
    }

    /// Runs `infra/destroy dev`. KMS is not emulated, so its commands are only noted.
    /// - Returns: the command, and the noted KMS commands.
    func destroy(
        _ emulator: RunningEmulator, _ variables: [String: String]
    ) async throws -> (command: Command, noted: String) {
        let notes = path("notes")
        try Data().write(to: URL(filePath: notes))
        let wrapper = try wrapper(
            """
            case "$1 $2" in
                "kms "*) echo "$*" >>"$NOTES" ;;
                *) exec "$REAL" "$@" ;;
            esac
            """)
        let own = ["AWS": wrapper, "REAL": Self.aws, "NOTES": notes]
        let command = try await run("destroy", emulator, variables.merging(own) { $1 })
        return (command, try String(contentsOfFile: notes, encoding: .utf8))
    }

    /// The AWS CLI.
    static let aws = URL(filePath: Programs.python).deletingLastPathComponent().appending(path: "aws").path

    static func environment(for emulator: RunningEmulator) -> [String: String] {
        [
            "AWS": Self.aws, "CUPEL": Programs.cupel, "AWS_ENDPOINT_URL": emulator.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1", "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        ]
    }

    private func run(
        _ script: String, _ emulator: RunningEmulator, _ variables: [String: String], input: Data? = nil
    ) async throws -> Command {
        try await Command.run(
            "/usr/bin/env", ["bash", path("infra/\(script)"), "dev"],
            environment: Self.environment(for: emulator).merging(variables) { $1 },
            input: input)
    }

    /// Replaces a parameter's value in the environment's file.
    func set(_ parameter: String, to value: String) throws {
        let file = path("infra/environments/dev.json")
        var parameters =
            try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: file))) as? [[String: String]] ?? []
        parameters.removeAll { $0["ParameterKey"] == parameter }
        parameters.append(["ParameterKey": parameter, "ParameterValue": value])
        let lines = parameters.map { entry in
            let (key, value) = (entry["ParameterKey"] ?? "", entry["ParameterValue"] ?? "")
            return "  {\"ParameterKey\": \"\(key)\", \"ParameterValue\": \"\(value)\"}"
        }
        try Data("[\n\(lines.joined(separator: ",\n"))\n]\n".utf8).write(to: URL(filePath: file))
    }
}
