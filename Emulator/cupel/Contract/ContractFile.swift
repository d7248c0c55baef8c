internal import ContractTools
internal import Contracts
internal import PublishedContracts

/// A valid contract with the bytes of its file.
struct ContractFile: Sendable {
    let contract: Contract
    let bytes: [UInt8]
    let hash: String

    /// Reads and checks contracts. Their errors go to standard error.
    ///
    /// - Parameters:
    ///   - paths: files, and folders of `*.odcs.yaml`.
    ///   - showsWarnings: whether warnings are printed too.
    static func read(_ paths: [String], showsWarnings: Bool = true) throws(CommandFailure) -> [ContractFile] {
        var files: [String] = []
        for path in paths {
            guard FileKind.of(path) == .folder else {
                files.append(path)
                continue
            }
            let names = try FileKind.names(in: path).filter { $0.hasSuffix(".odcs.yaml") }
            guard !names.isEmpty else {
                throw .notFound("\(path) has no contract; expected files named <table>.odcs.yaml")
            }
            files += names.map { "\(path)/\($0)" }
        }
        var lint = ContractLint(forUse: true)
        for file in files {
            do throws(ContractError) { try lint.check(file) } catch { throw error.failure }
        }
        for finding in lint.findings where finding.isError || (showsWarnings && finding.level == .warning) {
            StandardStream.error.line("\(finding)")
        }
        guard !lint.hasErrors else { throw .failed("nothing was published: correct the errors above") }
        var contracts: [ContractFile] = []
        for (path, contract) in lint.contracts {
            let bytes = try FileContent.read(path)
            contracts.append(
                ContractFile(contract: contract, bytes: bytes, hash: ContractStore.hash(of: bytes)))
        }
        return contracts
    }
}
