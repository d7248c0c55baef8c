internal import YAML

/// `cupel.yaml` in the working directory: options that `cupel up` and `cupel run` share. Its keys are the names of the
/// options, and an option on the command line takes precedence.
struct ProjectFile: Hashable, Sendable {
    static let name = "cupel.yaml"

    private(set) var data: String?
    private(set) var port: Int?
    private(set) var initFolder: String?
    private(set) var listen: String?
    private(set) var templates: [String] = []
    private(set) var functions: String?
    private(set) var contracts: String?
    /// In the order of the file.
    private(set) var parameters: [Parameter] = []
    private(set) var kinesisLimits: EmulatorOptions.Switch?
    private(set) var firehoseInterval: Int?
    private(set) var executionSpeed: Double?
    private(set) var strictAuth = false
    private(set) var enforceIAM = false
    private(set) var allowOrigin: [String] = []
    private(set) var allowHost: [String] = []

    struct Parameter: Hashable, Sendable {
        let name: String
        let value: String
    }

    private static let keys = [
        "data", "port", "template", "functions", "contracts", "parameter", "kinesis-limits", "firehose-interval",
        "execution-speed", "strict-auth", "enforce-iam", "allow-origin", "allow-host", "init", "listen",
    ]

    init() {}

    /// The file in the working directory; without one, no option is set.
    static func read() throws(CommandFailure) -> ProjectFile {
        guard FileKind.of(name) != .missing else { return ProjectFile() }
        return try ProjectFile(parsing: String(decoding: try FileContent.read(name), as: UTF8.self))
    }

    init(parsing text: String) throws(CommandFailure) {
        // The parser expects a document; a file of comments sets nothing.
        let isBlank = text.split(whereSeparator: \.isNewline).allSatisfy { line in
            line.first { !$0.isWhitespace }.map { $0 == "#" } ?? true
        }
        if isBlank { return }
        let root: YAMLNode
        do throws(YAMLError) { root = try YAMLNode(parsing: text, file: Self.name) } catch { throw .usage("\(error)") }
        if root.isNull { return }
        guard let options = root.mapping else { throw Self.fault(root, "expected options such as 'port: 4566'") }
        for option in options { try read(option) }
    }

    private mutating func read(_ option: YAMLMapping.Entry) throws(CommandFailure) {
        let value = option.value
        switch option.key {
        case "data": data = try Self.text(option)
        case "port": port = try Self.value(option, "a number from 0 to 65535", value.int) { (0...65_535).contains($0) }
        case "template": templates = try Self.texts(option)
        case "init": initFolder = try Self.text(option)
        case "listen": listen = try Self.text(option)
        case "functions": functions = try Self.text(option)
        case "contracts": contracts = try Self.text(option)
        case "parameter":
            guard let mapping = value.mapping else { throw Self.fault(value, "parameter: expected NAME: VALUE") }
            for entry in mapping { parameters.append(Parameter(name: entry.key, value: try Self.text(entry))) }
        case "kinesis-limits":
            kinesisLimits = try Self.value(option, "on or off", value.string.flatMap(EmulatorOptions.Switch.init))
        case "firehose-interval":
            firehoseInterval = try Self.value(option, "0 to 900 seconds", value.int) { (0...900).contains($0) }
        case "execution-speed":
            executionSpeed = try Self.value(option, "0.01 to 10000", value.double) { (0.01...10_000).contains($0) }
        case "enforce-iam": enforceIAM = try Self.value(option, "true or false", value.bool)
        case "strict-auth": strictAuth = try Self.value(option, "true or false", value.bool)
        case "allow-origin": allowOrigin = try Self.texts(option)
        case "allow-host": allowHost = try Self.texts(option)
        default:
            throw .usage(
                "\(Self.name):\(option.keyMark.line):\(option.keyMark.column): '\(option.key)' is not an option; expected "
                    + Self.keys.joined(separator: ", "))
        }
    }

    private static func text(_ option: YAMLMapping.Entry) throws(CommandFailure) -> String {
        try value(option, "a text", option.value.string) { !$0.isEmpty }
    }

    /// One text, or a list of them.
    private static func texts(_ option: YAMLMapping.Entry) throws(CommandFailure) -> [String] {
        guard let elements = option.value.sequence else { return [try text(option)] }
        var texts: [String] = []
        for element in elements {
            guard let text = element.string, !text.isEmpty else {
                throw fault(element, "\(option.key): expected a text")
            }
            texts.append(text)
        }
        return texts
    }

    private static func value<Value>(
        _ option: YAMLMapping.Entry, _ expected: String, _ value: Value?, _ isValid: (Value) -> Bool = { _ in true }
    ) throws(CommandFailure) -> Value {
        guard let value, isValid(value) else {
            throw fault(option.value, "\(option.key): expected \(expected), not \(option.value.kind)")
        }
        return value
    }

    private static func fault(_ node: YAMLNode, _ reason: String) -> CommandFailure {
        .usage("\(name):\(node.mark.line):\(node.mark.column): \(reason)")
    }
}

extension EmulatorOptions {
    /// The options, completed from `cupel.yaml`.
    func completed(from file: ProjectFile) -> EmulatorOptions {
        var options = self
        if options.template.isEmpty { options.template = file.templates }
        options.functions = functions ?? file.functions
        options.contracts = contracts ?? file.contracts
        // The last value of a name counts.
        options.parameter = file.parameters.map { "\($0.name)=\($0.value)" } + parameter
        options.kinesisLimits = kinesisLimits ?? file.kinesisLimits
        options.firehoseInterval = firehoseInterval ?? file.firehoseInterval
        options.executionSpeed = executionSpeed ?? file.executionSpeed
        options.strictAuth = strictAuth || file.strictAuth
        options.enforceIAM = enforceIAM || file.enforceIAM
        return options
    }
}
