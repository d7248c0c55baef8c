internal import EmulatorCore
internal import JSON

/// How a job run becomes a command of this machine.
struct SparkSubmission: Sendable {
    /// `spark-submit`; nil if Spark is not installed.
    let program: String?
    /// A folder of jars that EMR has of its own: Iceberg's runtime and the AWS SDK.
    let jars: String?
    /// Each run has a folder of its own in it.
    let folder: String
    let environment: ProcessEnvironment
    /// Makes the keys with which jobs act as their roles; nil where all have the emulator's own.
    var roleKeys: RoleKeys?

    /// What a run cannot go on with.
    struct Obstacle: Error {
        let reason: String
    }

    func folder(of job: JobRun) -> String { "\(folder)/\(job.id)" }

    /// - Parameter objects: S3, where the script is.
    func command(for job: JobRun, objects: (any ObjectStore)?) throws(Obstacle) -> Command {
        guard let program else {
            throw Obstacle(
                reason:
                    "Spark is not installed. Install Java 17 and pyspark 3.5 (pip install pyspark==3.5.9), then start the emulator "
                    + "with SPARK_SUBMIT=/path/to/spark-submit in its environment, and SPARK_JARS=/path/to/a/folder with Iceberg's "
                    + "runtime and the AWS SDK; Tests/Soak/spark_kit.py FOLDER installs all of them.")
        }
        guard let driver = job.request["jobDriver"]?["sparkSubmit"], let entry = driver["entryPoint"]?.string else {
            throw Obstacle(reason: "The emulator runs job drivers of the kind sparkSubmit only.")
        }
        let folder = folder(of: job)
        let script = try fetch(entry, into: folder, objects)
        var arguments = ["--master", "local[*]"]
        // EMR has its own settings first: those of the job come after them, and win.
        for (name, value) in settings(folder) { arguments += ["--conf", "\(name)=\(value)"] }
        arguments += try Self.words(driver["sparkSubmitParameters"]?.string ?? "").map(localized)
        let role = roleKeys?.variables(ofRole: job.request["executionRoleArn"]?.string, session: job.id) ?? [:]
        arguments += catalogs(arguments, AccessKey.emulator.variables.merging(role) { _, own in own })
        for property in Self.classified(job.request["configurationOverrides"]?["applicationConfiguration"]) {
            arguments += ["--conf", "\(property.name)=\(localized(property.value))"]
        }
        arguments = Self.withoutFilesOfEMR(arguments)
        arguments.append(script)
        arguments += driver["entryPointArguments"]?.array?.compactMap(\.string) ?? []
        var command = Command(
            path: "/bin/sh", arguments: ["-c", #"exec "$0" "$@" 2>"$SPARK_STDERR""#, program] + arguments)
        command.environment = environment.variables.merging(role) { _, own in own }
        command.environment["SPARK_STDERR"] = "\(folder)/stderr"
        command.environment["SPARK_LOCAL_IP"] = "127.0.0.1"
        command.environment["SPARK_LOCAL_DIRS"] = folder
        command.environment["TZ"] = "UTC"
        // The Python beside spark-submit is the one that has pyspark and what jobs need.
        let python = program.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/python3"
        if FileKind.exists(python) {
            command.environment["PYSPARK_PYTHON"] = python
            command.environment["PYSPARK_DRIVER_PYTHON"] = python
        }
        command.directory = folder
        return command
    }

    /// A file of this machine with an object's contents.
    private func fetch(_ place: String, into folder: String, _ objects: (any ObjectStore)?) throws(Obstacle) -> String {
        guard let object = ObjectLocation(s3: place) else {
            throw Obstacle(reason: "The entry point \(place) is no object of S3; write s3://bucket/key.")
        }
        guard let objects else { throw Obstacle(reason: "There is no S3 to fetch \(place) from.") }
        let path = "\(folder)/\(object.key.split(separator: "/").last.map(String.init) ?? "job.py")"
        do throws(AWSFault) {
            try objects.copyObject(object, toFile: path)
        } catch {
            throw Obstacle(reason: "The entry point \(place) cannot be read: \(error.message)")
        }
        return path
    }

    private func settings(_ folder: String) -> [(String, String)] {
        var settings = [
            ("spark.driver.host", "127.0.0.1"), ("spark.driver.bindAddress", "127.0.0.1"),
            ("spark.ui.enabled", "false"),
            ("spark.sql.warehouse.dir", "\(folder)/warehouse"), ("spark.sql.catalogImplementation", "in-memory"),
            ("spark.driver.extraJavaOptions", "-Duser.timezone=UTC -Djava.io.tmpdir=\(folder)"),
            ("spark.sql.shuffle.partitions", "4"),
        ]
        if let jars { settings.append(("spark.driver.extraClassPath", "\(jars)/*")) }
        return settings
    }

    /// Iceberg's catalogs of the job read and write the emulator's S3.
    private func catalogs(_ arguments: [String], _ key: [String: String]) -> [String] {
        let prefix = "spark.sql.catalog."
        let names = arguments.compactMap { word -> String? in
            guard word.hasPrefix(prefix), let equals = word.firstIndex(of: "=") else { return nil }
            let name = word[..<equals].dropFirst(prefix.count)
            return name.contains(".") ? nil : String(name)
        }
        let token = key["AWS_SESSION_TOKEN"].map { ["s3.session-token=\($0)"] } ?? []
        return Set(names).sorted().flatMap { name in
            let settings = [
                "s3.endpoint=\(environment.endpoint.url)", "s3.path-style-access=true",
                "s3.access-key-id=\(key["AWS_ACCESS_KEY_ID"] ?? "")",
                "s3.secret-access-key=\(key["AWS_SECRET_ACCESS_KEY"] ?? "")",
                "client.region=\(environment.account.region)",
            ]
            return (settings + token).flatMap { ["--conf", "\(prefix)\(name).\($0)"] }
        }
    }

    /// AWS's address of Glue is the emulator's here.
    private func localized(_ word: String) -> String {
        word.replacing("https://glue.\(environment.account.region).amazonaws.com", with: environment.endpoint.url)
    }

    /// Jars that EMR's image has are in `SPARK_JARS` here.
    private static func withoutFilesOfEMR(_ arguments: [String]) -> [String] {
        var left: [String] = []
        var index = 0
        while index < arguments.count {
            let word = arguments[index]
            let next = index + 1 < arguments.count ? arguments[index + 1] : ""
            if word == "--conf", next.hasPrefix("spark.jars=/usr/") || next.hasPrefix("spark.jars=/opt/") {
                index += 2
            } else if word == "--jars", next.hasPrefix("/usr/") || next.hasPrefix("/opt/") {
                index += 2
            } else if word == "--conf", isOfCluster(next) {
                index += 2
            } else {
                left.append(word)
                index += 1
            }
        }
        return left
    }

    /// Sizes of workers mean nothing where one process does all; the driver's memory does.
    private static func isOfCluster(_ setting: String) -> Bool {
        [
            "spark.executor.", "spark.dynamicAllocation.", "spark.emr-serverless.", "spark.driver.cores=",
            "spark.archives=",
        ]
        .contains { setting.hasPrefix($0) }
    }

    private static func classified(_ configuration: JSON?) -> [(name: String, value: String)] {
        (configuration?.array ?? []).filter { $0["classification"]?.string == "spark-defaults" }.flatMap { part in
            (part["properties"]?.object ?? [:]).compactMap { name, value in value.string.map { (name, $0) } }
        }
    }

    /// The words of a command line: quotation marks hold words together.
    static func words(_ line: String) throws(Obstacle) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        var isEscaped = false
        for character in line {
            if isEscaped {
                word = (word ?? "") + String(character)
                isEscaped = false
            } else if character == "\\", quote != "'" {
                isEscaped = true
            } else if let open = quote {
                if character == open { quote = nil } else { word?.append(character) }
            } else if character == "'" || character == "\"" {
                quote = character
                word = word ?? ""
            } else if character == " " || character == "\n" || character == "\t" {
                if let ended = word { words.append(ended) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        guard quote == nil else {
            throw Obstacle(reason: "sparkSubmitParameters: a quotation mark is open at the end of \(line)")
        }
        if let ended = word { words.append(ended) }
        return words
    }
}
