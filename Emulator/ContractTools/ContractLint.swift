public import Contracts
internal import YAML

/// Errors in contract files, and advice on improving them.
public struct ContractLint: Sendable {
    public struct Finding: Sendable, Hashable {
        public enum Level: String, Sendable {
            /// The contract is not valid.
            case error
            /// A part of the contract has no effect or a surprising one, or nothing is converted until its author decides.
            case warning
            case advice
        }

        public let level: Level
        public let file: String
        /// The line, from 1; nil if the finding concerns the whole file.
        public let line: Int?
        public let column: Int?
        /// The key, such as `schema[0].properties[2].logicalType`.
        public let key: String?
        public let message: String

        public var isError: Bool { level == .error }
    }

    public private(set) var findings: [Finding] = []
    /// The valid contracts, in the order of their files.
    public private(set) var contracts: [(file: String, contract: Contract)] = []

    /// Whether a missing decision is an error, as it is for those who convert by the contract, and not a warning.
    private let isForUse: Bool

    public init(forUse: Bool = false) { isForUse = forUse }

    public var hasErrors: Bool { findings.contains(where: \.isError) }

    /// Checks the file at `path`.
    /// - Throws: ``ContractError/unreadable(path:reason:)``. Any other error is a finding.
    public mutating func check(_ path: String) throws(ContractError) {
        var (found, faults): ([Contract], [ContractError])
        let (undecided, warnings): ([ContractError], [ContractWarning])
        do throws(ContractError) {
            (found, faults, undecided, warnings) = try Contract.check(contentsOf: path)
        } catch .unreadable(let path, let reason) {
            throw .unreadable(path: path, reason: reason)
        } catch {
            return findings.append(Self.syntaxFinding(path, error))
        }
        var warned = warnings.map {
            Finding(
                level: .warning, file: $0.file, line: $0.line, column: $0.column, key: $0.path, message: $0.reason)
        }
        if !isForUse {
            faults.removeAll(where: undecided.contains)
            warned += undecided.compactMap { Self.finding($0, level: .warning) }
        }
        findings += (faults.compactMap { Self.finding($0, level: .error) } + warned).sorted {
            ($0.line ?? 0, $0.column ?? 0) < ($1.line ?? 0, $1.column ?? 0)
        }
        guard faults.isEmpty else { return }
        if found.isEmpty {
            report(.advice, path, "the contract has no table under 'schema', so there is nothing to convert")
        }
        for (index, contract) in found.enumerated() {
            if let other = contracts.first(where: { $0.contract.table == contract.table }) {
                // Versions of a contract may be checked together, and cannot be used together.
                report(
                    isForUse ? .error : .warning, path,
                    "the table '\(contract.table)' already has a contract, \(other.file), and a pipeline takes one; keep one"
                )
            }
            contracts.append((path, contract))
            advise(on: contract, at: path, schema: index, of: found.count)
            adviseOnFormats(of: contract, at: path)
            // The lack of a key has its own advice.
            let keepsAll = contract.silverLayout.mode == .append
            if keepsAll || !contract.primaryKey.isEmpty, let obstacle = contract.silverObstacle {
                report(.advice, path, "no silver table: \(obstacle)")
            }
        }
    }

    private static func finding(_ fault: ContractError, level: Finding.Level) -> Finding? {
        guard case .invalid(let file, let line, let column, let key, let reason) = fault else { return nil }
        return Finding(level: level, file: file, line: line, column: column, key: key, message: reason)
    }

    /// The YAML error with its position, which the contract's own error has only as text.
    private static func syntaxFinding(_ path: String, _ error: ContractError) -> Finding {
        do throws(YAMLError) {
            _ = try YAMLNode(contentsOf: path)
            return Finding(level: .error, file: path, line: nil, column: nil, key: nil, message: "\(error)")
        } catch {
            return Finding(
                level: .error, file: path, line: error.mark?.line, column: error.mark?.column, key: nil,
                message: error.reason)
        }
    }

    /// - Parameters:
    ///   - schema: the table's place in the file.
    ///   - count: how many tables the file has.
    private mutating func advise(on contract: Contract, at path: String, schema: Int, of count: Int) {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        if count > 1 {
            if schema == 0, !file.hasSuffix(".odcs.yaml") {
                report(.advice, path, "functions read files named *.odcs.yaml; rename this one")
            }
        } else if file != "\(contract.table).odcs.yaml" {
            report(
                .advice, path,
                "functions read files named <table>.odcs.yaml; rename this one to \(contract.table).odcs.yaml")
        }
        if SemanticVersion(contract.version) == nil {
            report(
                .advice, path,
                "the version '\(contract.version)' does not have the form 1.2.3, so diff cannot suggest the next",
                key: "version")
        }
        if contract.primaryKey.isEmpty, contract.silverLayout.mode != .append {
            report(
                .advice, path, "the table has no primary key, which updates and deletes in later layers need",
                key: "schema[\(schema)].properties")
        }
        let properties = (try? YAMLNode(contentsOf: path))?["schema"]?[schema]?["properties"]?.sequence ?? []
        let columns = Dictionary(
            properties.enumerated().compactMap { index, property in property["name"].map { ($0.string, (index, $0)) } },
            uniquingKeysWith: { first, _ in first })
        for place in contract.unclassifiedPlaces where place.path != BronzeColumn.rescuedData {
            report(
                .advice, path, "the text column '\(place.path)' has no classification; add one",
                at: columns[String(place.path.prefix { $0 != "." && $0 != "[" })], schema: schema)
        }
        for column in contract.bronzeColumns {
            for place in column.leaves {
                guard let advice = Self.readers(of: place.field.type) else { continue }
                report(
                    .advice, path, "the column '\(place.path)' is \(advice)", at: columns[column.name], schema: schema)
            }
        }
    }

    /// Who cannot read a type, and what to declare instead; nil for types that every reader knows.
    private static func readers(of type: ColumnType) -> String? {
        switch type {
        case .uuid:
            "a uuid: Spark 3 refuses every file that has one, and Athena shows its 16 bytes; a string is read everywhere"
        case .time:
            "a time: Spark 3 refuses every file that has one, and Athena shows a number; a string is read "
                + "everywhere"
        case .uint32:
            "an unsigned integer: Athena and Hive may read values above 2147483647 as negative ones; a bigint is read "
                + "everywhere"
        case .uint64:
            "an unsigned integer: Athena and Hive read values above 9223372036854775807 as negative ones, and cupel "
                + "catalog refuses it; a decimal(20,0) is read everywhere"
        default: nil
        }
    }

    /// Advice on formats that a file could hardly have, or that lose something.
    private mutating func adviseOnFormats(of contract: Contract, at path: String) {
        let dialect = contract.dialect
        for column in contract.columns {
            switch (column.format, column.type) {
            case (.number(let format), _):
                let marks = [format.point] + (format.group.map { [$0] } ?? [])
                if marks.contains(dialect.delimiter) {
                    report(
                        .advice, path,
                        "the numbers of '\(column.name)' contain the delimiter of CSV, so they must be in quotes; a "
                            + "'csvDelimiter' of semicolon is usual with decimal commas")
                }
            case (.epoch(.nanoseconds), .timestamp) where !column.truncatesFraction:
                report(
                    .advice, path,
                    "'\(column.name)' keeps microseconds: nanoseconds that are not zero break the contract, unless it says "
                        + "'excessFraction: truncate'")
            case (.epoch(.microseconds), .timestamp(.milliseconds, _)) where !column.truncatesFraction:
                report(
                    .advice, path,
                    "'\(column.name)' keeps milliseconds: microseconds that are not zero break the contract, unless it says "
                        + "'excessFraction: truncate'")
            default: break
            }
        }
        if dialect.header == .positional {
            report(
                .advice, path,
                "'csvHeader: positional' does not look at the names: a file whose columns are in another order is read wrong"
            )
        }
    }

    private mutating func report(_ level: Finding.Level, _ path: String, _ message: String, key: String? = nil) {
        findings.append(Finding(level: level, file: path, line: nil, column: nil, key: key, message: message))
    }

    /// Adds a finding about a column, with the position of its name.
    private mutating func report(
        _ level: Finding.Level, _ path: String, _ message: String, at column: (index: Int, name: YAMLNode)?, schema: Int
    ) {
        findings.append(
            Finding(
                level: level, file: path, line: column?.name.mark.line, column: column?.name.mark.column,
                key: column.map { "schema[\(schema)].properties[\($0.index)]" }, message: message))
    }
}

extension ContractLint.Finding: CustomStringConvertible {
    /// `file:line:column: error: key: message`, which editors and terminals show as a link.
    public var description: String {
        let place = [file, line.map(String.init), column.map(String.init)].compactMap { $0 }.joined(separator: ":")
        return "\(place): \(level.rawValue): \(key.map { "\($0): " } ?? "")\(message)"
    }
}
