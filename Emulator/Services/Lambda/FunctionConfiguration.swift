internal import EmulatorCore
internal import JSON

/// A function as declared by a template or by `CreateFunction`, which use the same names.
/// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-lambda-function.html>
struct FunctionConfiguration: Sendable {
    let name: String
    /// The members of `CreateFunction`, or the resource's properties. `GetFunction` returns them.
    var declaration: JSONObject
    /// Another one after each change of a function that exists; see ``FunctionRegistry``.
    var revision = 0

    /// - Throws: ``AWSFault`` if the name is missing or invalid.
    init(_ declaration: JSONObject) throws(AWSFault) {
        guard let name = declaration["FunctionName"]?.string, Self.isName(name) else {
            throw .validation(
                "FunctionName must be 1 to 64 letters, digits, hyphens or underscores, not "
                    + (declaration["FunctionName"]?.text ?? "missing") + ".")
        }
        self.name = name
        self.declaration = declaration
    }

    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy(\.isNamePart)
    }

    var runtime: String { declaration["Runtime"]?.string ?? "provided.al2023" }
    var handler: String { declaration["Handler"]?.string ?? "bootstrap" }
    var timeoutInSeconds: Int { declaration["Timeout"]?.looseInt ?? 3 }
    var memoryInMegabytes: Int { declaration["MemorySize"]?.looseInt ?? 128 }
    var reservedConcurrency: Int? { declaration["ReservedConcurrentExecutions"]?.looseInt }
    var logGroup: String { declaration["LoggingConfig"]?["LogGroup"]?.string ?? "/aws/lambda/\(name)" }

    // MARK: Logs

    private var loggingConfig: JSON? { declaration["LoggingConfig"] }
    /// Whether the lines that Lambda writes around an invocation are JSON.
    var logsJSON: Bool { loggingConfig?["LogFormat"] == "JSON" }

    /// `LoggingConfig` of the function's documents. Levels are those of JSON logs alone.
    var loggingDocument: JSON {
        var document: JSONObject = ["LogFormat": logsJSON ? "JSON" : "Text"]
        if logsJSON {
            document["ApplicationLogLevel"] = loggingConfig?["ApplicationLogLevel"] ?? "INFO"
            document["SystemLogLevel"] = loggingConfig?["SystemLogLevel"] ?? "INFO"
        }
        document["LogGroup"] = .string(logGroup)
        return .object(document)
    }

    /// What tells the process in which form to log, where the function says so.
    /// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>
    var logVariables: [String: String] {
        guard let format = loggingConfig?["LogFormat"]?.string else { return [:] }
        var variables = ["AWS_LAMBDA_LOG_FORMAT": format]
        if logsJSON { variables["AWS_LAMBDA_LOG_LEVEL"] = loggingConfig?["ApplicationLogLevel"]?.string ?? "INFO" }
        return variables
    }

    var variables: [String: String] {
        var variables: [String: String] = [:]
        for (name, value) in declaration["Environment"]?["Variables"]?.object ?? [:] {
            variables[name] = value.string ?? value.text
        }
        return variables
    }

    // MARK: Asynchronous invocation

    private var eventInvokeConfig: JSON? { declaration["EventInvokeConfig"] }
    /// The number of retries of a failed event.
    var maximumRetryAttempts: Int { eventInvokeConfig?["MaximumRetryAttempts"]?.looseInt ?? 2 }
    var maximumEventAgeInSeconds: Int { eventInvokeConfig?["MaximumEventAgeInSeconds"]?.looseInt ?? 21600 }
    /// The ARN that receives a record of each event that has no retries left.
    var onFailure: String? { eventInvokeConfig?["DestinationConfig"]?["OnFailure"]?["Destination"]?.string }
    /// The ARN that receives each event that has no retries left.
    var deadLetterTarget: String? { declaration["DeadLetterConfig"]?["TargetArn"]?.string }
    var onSuccess: String? { eventInvokeConfig?["DestinationConfig"]?["OnSuccess"]?["Destination"]?.string }
}

extension AWSFault {
    static func validation(_ message: String) -> AWSFault { AWSFault("InvalidParameterValueException", message) }
}

/// A function's name and qualifier, from any form of reference.
struct FunctionReference: Sendable {
    let name: String
    /// A version or an alias; nil and `$LATEST` mean the current function.
    let qualifier: String?

    /// - Parameter text: `name`, `name:qualifier`, `account:function:name`, or an ARN of a function or of an alias.
    init(_ text: String) {
        var parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        if let marker = parts.firstIndex(of: "function") { parts.removeFirst(marker + 1) }
        name = parts.first ?? ""
        qualifier = parts.count > 1 && !parts[1].isEmpty ? parts[1] : nil
    }
}
