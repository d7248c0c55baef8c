internal import EmulatorCore
internal import JSON

/// A revision of a task definition.
/// - SeeAlso: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html>
struct TaskDefinition: Sendable {
    let family: String
    let revision: Int
    /// The members of `RegisterTaskDefinition`.
    let declaration: JSONObject
    let containers: [ContainerDefinition]

    /// - Throws: ``AWSFault`` `ClientException` if the family or a required member of a container is missing.
    init(_ declaration: JSONObject, revision: Int) throws(AWSFault) {
        guard let family = declaration["family"]?.string, !family.isEmpty else {
            throw .ecsClient("A task definition needs a family.")
        }
        var containers: [ContainerDefinition] = []
        for container in declaration["containerDefinitions"]?.array ?? [] {
            containers.append(try ContainerDefinition(container, family: family))
        }
        guard !containers.isEmpty else {
            throw .ecsClient("The task definition \(family) has no container definitions.")
        }
        self.family = family
        self.revision = revision
        self.declaration = declaration
        self.containers = containers
    }
}

/// A container of a task, which runs as a process.
struct ContainerDefinition: Sendable {
    let name: String
    let image: String
    /// Whether the task ends with this container.
    let isEssential: Bool
    let entryPoint: [String]
    let command: [String]
    let environment: [String: String]
    let stopTimeoutInSeconds: Int
    let logGroup: String
    /// The prefix of the container's name in a log stream's name.
    let logPrefix: String?

    init(_ definition: JSON, family: String) throws(AWSFault) {
        guard let name = definition["name"]?.string, !name.isEmpty else {
            throw .ecsClient("A container of the task definition \(family) has no name.")
        }
        self.name = name
        image = definition["image"]?.string ?? ""
        isEssential = definition["essential"]?.bool ?? (definition["essential"]?.string != "false")
        entryPoint = Self.words(definition["entryPoint"])
        command = Self.words(definition["command"])
        environment = Self.variables(definition["environment"])
        stopTimeoutInSeconds = definition["stopTimeout"]?.looseInt ?? 30
        let options = definition["logConfiguration"]?["options"]
        logGroup = options?["awslogs-group"]?.string ?? "/ecs/\(family)"
        logPrefix = options?["awslogs-stream-prefix"]?.string
    }

    /// The name of the program: the first word that the container runs.
    var program: String { entryPoint.first ?? command.first ?? name }

    /// The arguments, with the command of `override` instead of the definition's.
    func arguments(_ override: JSON?) -> [String] {
        let words = override?["command"].map(Self.words) ?? command
        return entryPoint.isEmpty ? Array(words.dropFirst()) : Array(entryPoint.dropFirst()) + words
    }

    static func words(_ list: JSON?) -> [String] { list?.array?.compactMap(\.string) ?? [] }

    /// A list of names and values as a dictionary.
    static func variables(_ list: JSON?) -> [String: String] {
        var variables: [String: String] = [:]
        for variable in list?.array ?? [] {
            guard let name = variable["name"]?.string, let value = variable["value"] else { continue }
            variables[name] = value.string ?? value.text
        }
        return variables
    }
}

extension AWSFault {
    static func ecsClient(_ message: String) -> AWSFault { AWSFault("ClientException", message) }
    static func ecsParameter(_ message: String) -> AWSFault { AWSFault("InvalidParameterException", message) }
}

extension JSON {
    /// The document with small first letters in member names, because templates and state machines write ECS's
    /// `taskDefinition` as `TaskDefinition`.
    var decapitalized: JSON {
        switch self {
        case .array(let elements): .array(elements.map(\.decapitalized))
        case .object(let members):
            .object(
                JSONObject(
                    members.map { ($0.name.prefix(1).lowercased() + $0.name.dropFirst(), $0.value.decapitalized) }))
        default: self
        }
    }
}
