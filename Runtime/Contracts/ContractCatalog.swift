internal import YAML

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The contracts of one folder, by table.
public struct ContractCatalog: Sendable {
    private let contracts: [String: Contract]

    /// Reads every `*.odcs.yaml` in the folder.
    /// - Throws: ``ContractError`` for the first file, in the order of names, that is not a contract.
    public init(directory: String) throws(ContractError) {
        var contracts: [String: Contract] = [:]
        var files: [String: String] = [:]
        for name in try Self.fileNames(in: directory) where name.hasSuffix(".odcs.yaml") {
            let path = "\(directory)/\(name)"
            let (found, faults, _, _) = try Contract.check(contentsOf: path)
            if let fault = faults.first { throw fault }
            for contract in found {
                if let other = files.updateValue(path, forKey: contract.table) {
                    throw .duplicateTable(contract.table, files: [other, path])
                }
                contracts[contract.table] = contract
            }
        }
        guard !contracts.isEmpty else {
            throw .unreadable(
                path: directory, reason: "the folder has no contract; expected files named <table>.odcs.yaml")
        }
        self.contracts = contracts
    }

    public init(_ contracts: [Contract]) {
        self.contracts = Dictionary(contracts.map { ($0.table, $0) }) { _, last in last }
    }

    /// All contracts, sorted by table.
    public var all: [Contract] { tables.compactMap { contracts[$0] } }

    /// What has no effect in the contracts, for the log of the program that loads them.
    public var warnings: [ContractWarning] { all.flatMap(\.warnings) }

    /// The tables' names, sorted.
    public var tables: [String] { contracts.keys.sorted() }

    /// The contract of `table`, which may be any text from outside.
    /// - Throws: ``ContractError/unknownTable(_:known:)``.
    public func contract(forTable table: String) throws(ContractError) -> Contract {
        guard let contract = contracts[table] else { throw .unknownTable(table, known: tables) }
        return contract
    }

    private static func fileNames(in directory: String) throws(ContractError) -> [String] {
        guard let folder = opendir(directory) else {
            throw .unreadable(path: directory, reason: String(cString: strerror(errno)))
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            names.append(name)
        }
        // readdir's order depends on the disk; errors must not.
        return names.sorted()
    }
}

extension Contract {
    /// The contracts of the folder at `directory`.
    public static func load(directory: String) throws(ContractError) -> ContractCatalog {
        try ContractCatalog(directory: directory)
    }

    /// Reads the contract in the file at `path`.
    /// - Parameter table: which, in a file of several; nil for the only one.
    public init(contentsOf path: String, table: String? = nil) throws(ContractError) {
        try self.init(reading: try Self.root(ofFile: path), table: table)
    }

    /// Reads the contracts in the file at `path`, one a table in the file's order, or all of its faults.
    ///
    /// The warnings are those of ``Contract/warnings``, also of a contract with faults. Each fault is ``ContractError/invalid(file:line:column:path:reason:)``. Faults that depend on another one are
    /// omitted: those inside an unknown key, and those of a table's rule about columns while a column has a fault.
    /// Those of `faults` that are `undecided` leave the contracts readable, and nothing may be converted by them.
    /// - Throws: ``ContractError/unreadable(path:reason:)`` or ``ContractError/notYAML(reason:)``.
    public static func check(contentsOf path: String) throws(ContractError) -> (
        contracts: [Contract], faults: [ContractError], undecided: [ContractError], warnings: [ContractWarning]
    ) {
        read(try root(ofFile: path))
    }

    private static func root(ofFile path: String) throws(ContractError) -> ContractKey {
        do throws(YAMLError) {
            return ContractKey(root: try YAMLNode(contentsOf: path), file: path)
        } catch  where error.mark == nil {
            throw .unreadable(path: path, reason: error.reason)
        } catch {
            throw .notYAML(reason: error.description)
        }
    }

    /// Reads a contract from YAML or JSON text. Errors name it `file`.
    /// - Parameter table: which, in a text of several; nil for the only one.
    public init(parsing text: String, file: String, table: String? = nil) throws(ContractError) {
        let node: YAMLNode
        do throws(YAMLError) {
            node = try YAMLNode(parsing: text, file: file)
        } catch {
            throw .notYAML(reason: error.description)
        }
        try self.init(reading: ContractKey(root: node, file: file), table: table)
    }
}
