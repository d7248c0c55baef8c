import Foundation
import TestEmulator
import Testing

/// EMR Serverless, as boto3 and state machines use it. `spark-submit` is a script that says how it was called.
@Suite struct EMRServerlessTests {
    private static let spark = #"""
        #!/bin/bash
        printf '%s\n' "$@"
        echo to stderr >&2
        words=("$@")
        for ((i = 0; i < ${#words[@]}; i++)); do
            case "${words[i]}" in
            exit) exit "${words[i + 1]}" ;;
            wait) while true; do sleep 0.05; done ;;
            esac
        done
        """#

    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
        let path = "\(folder.path)/spark-submit"
        try Self.spark.write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    private func emulator(template: String = "Resources: { Logs: { Type: AWS::Logs::LogGroup } }\n", spark: Bool = true)
        async throws -> RunningEmulator
    {
        let path = "\(folder.path)/template.yaml"
        try template.write(toFile: path, atomically: true, encoding: .utf8)
        return try await RunningEmulator(
            template: path, environment: ["SPARK_SUBMIT": spark ? "\(folder.path)/spark-submit" : ""])
    }

    @Test("boto3 makes applications and runs jobs; their logs are where AWS puts them; state machines wait for them")
    func calls() async throws {
        let emulator = try await emulator()
        #expect(try await Referee.emr(emulator, "calls").int("runs") == 4)
    }

    @Test("without Spark a run fails and says what to install") func withoutSpark() async throws {
        let emulator = try await emulator(spark: false)
        let details = try #require(try await Referee.emr(emulator, "without-spark").text("details"))
        #expect(details.contains("pyspark") && details.contains("SPARK_SUBMIT="), "\(details)")
    }

    @Test("a run that the emulator's end has ended is failed after the next start") func interrupted() async throws {
        let emulator = try await emulator()
        let started = try await Referee.emr(emulator, "start")
        emulator.killAtOnce()
        try await emulator.restart()
        let found = try await Referee.emr(
            emulator, "state", [try #require(started.text("application")), try #require(started.text("job"))])
        #expect(found.text("state") == "FAILED" && found.text("details")?.contains("emulator stopped") == true)
    }

    @Test("a template's application has its settings") func template() async throws {
        let emulator = try await emulator(
            template: """
                Resources:
                  App:
                    Type: AWS::EMRServerless::Application
                    Properties:
                      Name: of-a-template
                      ReleaseLabel: emr-7.12.0
                      Type: Spark
                      Architecture: ARM64
                      AutoStopConfiguration: { Enabled: true, IdleTimeoutMinutes: 5 }
                      InitialCapacity:
                        - Key: DRIVER
                          Value: { WorkerCount: 1, WorkerConfiguration: { Cpu: 2 vCPU, Memory: 8 GB } }
                      Tags: [{ Key: Team, Value: beer }]
                Outputs:
                  App: { Value: !Ref App }
                  Arn: { Value: !GetAtt App.Arn }
                """)
        #expect(try await Referee.emr(emulator, "template").text("state") == "SUCCESS")
    }
}
