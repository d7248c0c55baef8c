internal import Digest
internal import EmulatorCore
internal import JSON
internal import Time
internal import URLCoding

// Layers: archives whose files functions see under /opt.
// See <https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html>

extension LambdaService {
    /// - Parameter rest: the parts of the path after `layers`.
    func answerLayers(_ request: HTTPRequest, _ rest: [String]) async throws -> HTTPResponse {
        let name = rest.first.map(Self.layerName) ?? ""
        switch (request.method, rest.count) {
        case ("GET", 0):
            if let arn = Self.parameter("Arn", of: request) {
                return Self.json(200, try found(layers.version(arn), arn).answer)
            }
            let list = layers.names.map { name -> JSON in
                [
                    "LayerName": .string(name), "LayerArn": .string(layers.arn(of: name)),
                    "LatestMatchingVersion": layers.versions(of: name).last?.summary ?? [:],
                ]
            }
            return Self.json(200, ["Layers": .array(list)])
        case ("POST", 2):
            return Self.json(201, try await publishLayer(name, try await input(request)).answer)
        case ("GET", 2):
            let versions = layers.versions(of: name).reversed().map(\.summary)
            return Self.json(200, ["LayerVersions": .array(Array(versions))])
        case ("GET", 3):
            let arn = layers.arn(of: name) + ":" + rest[2]
            return Self.json(200, try found(layers.version(arn), arn).answer)
        case ("DELETE", 3):
            try await layers.remove(name, Int(rest[2]) ?? 0)
            return HTTPResponse(status: 204)
        default: throw AWSFault.notEmulated("Lambda's \(request.method) \(request.path)")
        }
    }

    /// A layer's name, from its name or its ARN.
    private static func layerName(_ text: String) -> String {
        let parts = text.split(separator: ":").map(String.init)
        return parts.count >= 7 && parts[5] == "layer" ? parts[6] : text
    }

    private static func parameter(_ name: String, of request: HTTPRequest) -> String? {
        for pair in request.query.split(separator: "&") where pair.hasPrefix(name + "=") {
            return String(formURLDecoding: String(pair.dropFirst(name.count + 1)))
        }
        return nil
    }

    private func found(_ version: LayerVersion?, _ arn: String) throws(AWSFault) -> LayerVersion {
        guard let version else {
            throw AWSFault("ResourceNotFoundException", "The resource you requested does not exist.", status: 404)
        }
        return version
    }

    /// - Parameter input: the members of `PublishLayerVersion`.
    func publishLayer(_ name: String, _ input: JSON) async throws(AWSFault) -> LayerVersion {
        guard (1...140).contains(name.utf8.count), name.utf8.allSatisfy(\.isNamePart) else {
            throw .validation("LayerName must be 1 to 140 letters, digits, hyphens or underscores, not \(name).")
        }
        let archive = try layerArchive(input["Content"] ?? [:], of: name)
        do { _ = try ZipArchive(archive) } catch {
            throw .validation("Could not unzip uploaded file of \(name): \(error.description).")
        }
        let hash = Digest.sha256(archive)
        let file = "layer-\(name)-\(Array(hash.prefix(8)).hexadecimal).zip"
        try FunctionPackage.makeFolder(packages, name)
        try FunctionPackage.save(archive, to: packages + "/" + file, isExecutable: false, name)
        var document: JSONObject = [
            "Content": ["CodeSha256": .string(hash.base64), "CodeSize": .int(archive.count)],
            "Description": input["Description"] ?? "",
            "CreatedDate": .string(options.clock.now().rfc3339.dropLast() + "+0000"), "Archive": .string(file),
        ]
        for name in ["CompatibleRuntimes", "CompatibleArchitectures", "LicenseInfo"] { document[name] = input[name] }
        return try await layers.publish(name, document)
    }

    private func layerArchive(_ content: JSON, of name: String) throws(AWSFault) -> [UInt8] {
        if let location = ObjectLocation(packaged: content) {
            guard let objects = peers.objects else { throw .notEmulated("Code in S3") }
            return try objects.contents(of: location)
        }
        guard let text = content["ZipFile"]?.string, let archive = [UInt8](base64: text) else {
            throw .validation("The Content of the layer \(name) names neither an object in S3 nor a ZipFile in base64.")
        }
        return archive
    }

    /// `AWS::Lambda::LayerVersion`: a new version only where something has changed.
    func provisionLayer(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource {
        let properties = resource.properties
        let name = properties["LayerName"]?.string ?? resource.logicalID
        let hash = Digest.sha256(try layerArchive(properties["Content"] ?? [:], of: name)).base64
        let latest = layers.versions(of: name).last
        let unchanged = ["Description", "CompatibleRuntimes", "CompatibleArchitectures", "LicenseInfo"].allSatisfy {
            latest?.document[$0] == properties[$0] ?? ($0 == "Description" ? "" : nil)
        }
        let version: LayerVersion
        if let latest, unchanged, latest.document["Content"]?["CodeSha256"]?.string == hash {
            version = latest
        } else {
            version = try await publishLayer(name, properties)
        }
        return ProvisionedResource(ref: version.arn, attributes: ["LayerVersionArn": version.arn])
    }

    func removeLayer(_ arn: String) async throws(AWSFault) {
        let parts = arn.split(separator: ":").map(String.init)
        guard parts.count == 8, let number = Int(parts[7]) else { return }
        try await layers.remove(parts[6], number)
    }

    // MARK: Functions that have layers

    /// - Throws: ``AWSFault`` where a function names a layer that is not there.
    func checkLayers(_ arns: JSON?) throws(AWSFault) {
        let arns = arns?.array ?? []
        guard arns.count <= 5 else { throw .validation("A function has at most 5 layers, not \(arns.count).") }
        for arn in arns where layers.version(arn.string ?? "") == nil {
            throw .validation("Layer version \(arn.string ?? arn.text) does not exist.")
        }
    }

    /// The folder with the files of the function's layers, where later layers replace files of earlier ones; nil where it
    /// has none.
    func layerFolder(of function: FunctionConfiguration) throws(AWSFault) -> String? {
        let arns = function.declaration["Layers"]?.array ?? []
        guard !arns.isEmpty else { return nil }
        try checkLayers(function.declaration["Layers"])
        let files = arns.compactMap { layers.version($0.string ?? "")?.archive }
        let package = try FunctionPackage(
            unpacking: files, as: "layers-\(Array(Digest.sha256(files.joined(separator: "\n")).prefix(8)).hexadecimal)",
            for: function.name, in: packages)
        return packages + "/" + package.name
    }

    /// `Layers` of `FunctionConfiguration`.
    func layerDocuments(of function: FunctionConfiguration) -> JSON? {
        guard let arns = function.declaration["Layers"]?.array, !arns.isEmpty else { return nil }
        return .array(arns.map { ["Arn": $0, "CodeSize": .int(layers.version($0.string ?? "")?.size ?? 0)] })
    }
}

/// How a process sees the files of layers.
enum LayerMount {
    /// Runs the program with `folder` at /opt where the system lets it, and otherwise without.
    ///
    /// The mount belongs to the process and its children alone. An own user namespace is tried where the emulator does not
    /// run as root.
    static func wrap(_ code: FunctionCode, folder: String) -> FunctionCode {
        var wrapped = code
        wrapped.executable = "/bin/sh"
        wrapped.arguments = ["-c", script, folder, code.executable] + code.arguments
        wrapped.fingerprint += "+" + folder
        return wrapped
    }

    private static let script = #"""
        inner='mount --bind "$0" /opt && exec "$@"'
        for options in --mount "--mount --user --map-root-user"; do
            if unshare $options sh -c 'mount --bind "$0" /opt' "$0" 2>/dev/null; then
                exec unshare $options sh -c "$inner" "$0" "$@"
            fi
        done
        exec "$@"
        """#

    /// The variables by which programs find what is in layers, in front of what they are without.
    ///
    /// - SeeAlso: <https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html>
    static func extend(_ variables: inout [String: String], folder: String, runtime: String) {
        func prepend(_ paths: [String], to name: String) {
            let rest = variables[name].map { $0.isEmpty ? [] : [$0] } ?? []
            variables[name] = (paths.map { folder + $0 } + rest).joined(separator: ":")
        }
        prepend(["/bin"], to: "PATH")
        prepend(["/lib"], to: "LD_LIBRARY_PATH")
        if PythonRuntime.supports(runtime) {
            prepend(["/python/lib/\(runtime)/site-packages", "/python"], to: "PYTHONPATH")
        }
    }
}
