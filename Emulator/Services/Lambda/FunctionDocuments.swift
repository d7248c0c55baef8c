internal import Digest
internal import EmulatorCore
internal import JSON
internal import Time

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

extension LambdaService {
    /// The answer of `GetFunctionConfiguration` and related operations.
    /// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html>
    func document(of function: FunctionConfiguration) -> JSON {
        let declaration = function.declaration
        var document: JSONObject = [
            "FunctionName": .string(function.name), "FunctionArn": .string(registry.arn(of: function.name)),
            "Runtime": .string(function.runtime),
            "Role": declaration["Role"] ?? .string("arn:aws:iam::\(options.account.id):role/emulator"),
            "Handler": .string(function.handler), "CodeSize": .int(codeSize(of: function)),
            "Description": declaration["Description"] ?? "",
            "Timeout": .int(function.timeoutInSeconds), "MemorySize": .int(function.memoryInMegabytes),
            "LastModified": declaration["LastModified"] ?? "1970-01-01T00:00:00.000+0000",
            "CodeSha256": declaration["Code"]?["Hash"]
                ?? .string(Digest.sha256(declaration["Code"]?.text ?? "").base64), "Version": "$LATEST",
            "TracingConfig": ["Mode": "PassThrough"], "RevisionId": declaration["RevisionId"] ?? .string(""),
            "State": "Active", "LastUpdateStatus": "Successful", "PackageType": "Zip",
            "Architectures": declaration["Architectures"] ?? ["x86_64"],
            "EphemeralStorage": declaration["EphemeralStorage"] ?? ["Size": 512],
            "SnapStart": ["ApplyOn": "None", "OptimizationStatus": "Off"],
            "LoggingConfig": function.loggingDocument,
        ]
        document["Layers"] = layerDocuments(of: function)
        if !function.variables.isEmpty {
            let variables = function.variables.sorted { $0.key < $1.key }.map { ($0.key, JSON.string($0.value)) }
            document["Environment"] = ["Variables": .object(JSONObject(variables))]
        }
        return .object(document)
    }

    /// In bytes: of the archive, or of the executable where there is none.
    private func codeSize(of function: FunctionConfiguration) -> Int {
        if let size = function.declaration["Code"]?["Size"]?.int { return size }
        guard let code = try? code(of: function) else { return 0 }
        var status = stat()
        return stat(code.executable, &status) == 0 ? Int(status.st_size) : 0
    }

    /// The answer of `GetFunction`.
    func fullDocument(of function: FunctionConfiguration) -> JSON {
        var document: JSONObject = [
            "Configuration": self.document(of: function),
            "Code": [
                "RepositoryType": "local",
                "Location": function.declaration["Code"]?["S3Key"] ?? function.declaration["Code"] ?? "",
            ],
        ]
        if let concurrency = function.reservedConcurrency {
            document["Concurrency"] = ["ReservedConcurrentExecutions": .int(concurrency)]
        }
        return .object(document)
    }

    /// The declaration with the current time and a new revision ID.
    func stamped(_ declaration: JSONObject) -> JSONObject {
        var declaration = declaration
        let time = options.clock.now().rfc3339.dropLast()
        declaration["LastModified"] = .string(time + "+0000")
        declaration["RevisionId"] = .string(options.clock.uuid())
        return declaration
    }
}
