internal import EmulatorKit
internal import EmulatorServer
internal import JSON

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// An emulator of this process with the pipeline on it, and the file that tells other commands where it is.
struct RunningPipeline: Sendable {
    let emulator: Emulator
    private let dataFolder: String

    static func start(
        _ configuration: Emulator.Configuration, _ server: HTTPServer
    ) async throws -> RunningPipeline {
        do {
            let emulator = try await Emulator(configuration, listening: server)
            let pipeline = RunningPipeline(emulator: emulator, dataFolder: configuration.dataFolder)
            let outputs = emulator.report.outputs.map { ($0.name, $0.value) }
            try EndpointFile(
                endpoint: emulator.endpoint, processID: getpid(), outputs: Dictionary(outputs) { $1 }
            ).write(in: configuration.dataFolder)
            return pipeline
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure.failed("\(error)")
        }
    }

    func stop() async {
        EndpointFile.remove(in: dataFolder)
        // The event loops end with the process: what still closes behind the scenes needs them.
        await emulator.stop()
    }

    var json: JSON {
        var document: JSONObject = ["endpoint": .string(emulator.endpoint)]
        document["outputs"] = .object(
            JSONObject(emulator.report.outputs.map { ($0.name, JSON.string($0.value)) }))
        for (name, outcome) in Self.outcomes {
            document[name] = .array(
                emulator.report.resources(outcome).map {
                    ["logical_id": .string($0.logicalID), "type": .string($0.type), "ref": .string($0.ref ?? "")]
                })
        }
        return .object(document)
    }

    private static let outcomes: [(String, StackReport.Outcome)] = [
        ("played", .played), ("without_effect", .withoutEffect), ("not_played", .notPlayed),
    ]

    /// What `cupel up` prints: the endpoint, what is played and what is not, and how to talk to it.
    var welcome: String {
        let report = emulator.report
        var text = "Cupel is up at \(emulator.endpoint), its state in \(dataFolder)\n\n"
        for entry in report.resources(.played) {
            text += "  \(padded(entry.type, 40))\(entry.ref ?? entry.logicalID)\n"
        }
        let inert = Set(report.resources(.withoutEffect).map(\.type)).sorted()
        if !inert.isEmpty { text += "\n  Accepted, without effect here: \(inert.joined(separator: ", "))\n" }
        let missing = report.resources(.notPlayed)
        if !missing.isEmpty { text += "\n  Not played:\n" }
        for entry in missing {
            text += "  \(padded(entry.type, 40))\(entry.logicalID)\(entry.reason.map { ": \($0)" } ?? "")\n"
        }
        text += """

              export AWS_ENDPOINT_URL=\(emulator.endpoint)
              export AWS_ACCESS_KEY_ID=emulator AWS_SECRET_ACCESS_KEY=emulator AWS_DEFAULT_REGION=us-east-1

            Ctrl-C stops it.

            """
        return text
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - text.count))
    }
}
