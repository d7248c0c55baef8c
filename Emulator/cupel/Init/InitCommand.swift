internal import ArgumentParser
internal import Columnar
internal import ContractTools

/// `cupel init`: writes a project to start from.
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write a project: contract, model, template, cupel.yaml and README.",
        discussion: """
            Writes into a folder what `cupel up`, `cupel run` and a deployment need: the
            template of the pipeline, a contract and a gold model for one table, a few
            rows of it, and a README that says what to do next. With --from, the contract
            is proposed from a file of your own. Files that are there already stay as
            they are, and nothing is written, unless --force is given.

            EXAMPLES
              cupel init shop && cd shop && cupel run data
              cupel init --from customers.csv.gz
            """)

    @Argument(help: "The folder; created if it is missing.")
    var folder = "."

    @Option(help: ArgumentHelp("Propose the contract from this file.", valueName: "file"))
    var from: String?

    @Option(help: "The table's name; default: orders, or from the name of the file.")
    var table: String?

    @Flag(help: "Overwrite files.")
    var force = false

    func run() throws {
        let project =
            try from.map { try Self.project(of: $0, table: table) } ?? ProjectFiles.sample(table: table ?? "orders")
        var files = project.files
        for (path, source) in try Self.description() { files.append((path, try FileContent.read(source))) }
        let present = files.map(\.path).filter { FileKind.of("\(folder)/\($0)") != .missing }
        guard present.isEmpty || force else {
            throw CommandFailure.usage(
                "\(folder) has \(present.prefix(3).joined(separator: ", ")) already; nothing was written. "
                    + "Choose another folder, or overwrite them with --force")
        }
        try FileKind.makeFolder(folder)
        for (path, bytes) in files {
            if let slash = path.lastIndex(of: "/") { try FileKind.makeFolder("\(folder)/\(path[..<slash])") }
            try FileContent.write(bytes, to: "\(folder)/\(path)")
        }
        StandardStream.output.write(project.welcome(folder))
    }

    /// A project for a file of the user's.
    private static func project(of file: String, table: String?) throws -> ProjectFiles {
        do {
            let proposal = try ProposedContract(try ContractSample(path: file), table: table, path: file)
            return ProjectFiles.own(table: proposal.table, contract: proposal.text, file: file)
        } catch let error as ContractToolsError {
            throw CommandFailure.usage("\(error)")
        } catch let error as ColumnarError {
            if case .unreadable = error { throw CommandFailure.unreadable("\(error)") }
            throw CommandFailure.failed("\(file): \(error)")
        }
    }

    /// The pipeline's description that came with cupel: where each file goes, and where it is.
    private static func description() throws(CommandFailure) -> [(path: String, source: String)] {
        let template = try Installation.folder("pipeline.yaml")
        let infra = String(template.dropLast("/pipeline.yaml".count))
        var files: [(path: String, source: String)] = []
        for name in try FileKind.names(in: infra) where name.hasSuffix(".yaml") && !name.hasPrefix(".") {
            files.append(("infra/\(name)", "\(infra)/\(name)"))
        }
        for (folder, place) in [("dashboards", "infra/dashboards"), ("../StateMachines", "StateMachines")] {
            guard FileKind.of("\(infra)/\(folder)") == .folder else { continue }
            for name in try FileKind.names(in: "\(infra)/\(folder)")
            where FileKind.of("\(infra)/\(folder)/\(name)") == .file {
                files.append(("\(place)/\(name)", "\(infra)/\(folder)/\(name)"))
            }
        }
        return files
    }
}
