internal import Time

/// A definition in the Amazon States Language, parsed and found valid; immutable.
///
/// - SeeAlso: <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html>
public struct StateMachine: Sendable {
    /// How long executions live and what is recorded about them.
    public enum Workflow: String, Sendable, Equatable {
        case standard = "STANDARD"
        case express = "EXPRESS"
    }

    public let comment: String?
    /// After how many seconds a whole execution fails with `States.Timeout`.
    public let timeoutInSeconds: Int?
    let workflow: Workflow
    let block: StateBlock

    /// Parses and validates a definition.
    /// - Throws: ``InvalidDefinition`` with everything that is wrong, as Step Functions words it.
    public init(
        _ definition: String, workflow: Workflow = .standard
    ) throws(InvalidDefinition) {
        self = try DefinitionReader.read(definition, workflow: workflow)
    }

    /// A machine of one state, given alone; the state that follows is not checked.
    public init(singleState definition: String, named name: String) throws(InvalidDefinition) {
        self = try DefinitionReader.read(singleState: definition, named: name)
    }

    init(comment: String?, timeoutInSeconds: Int?, workflow: Workflow = .standard, block: StateBlock) {
        self.workflow = workflow
        self.comment = comment
        self.timeoutInSeconds = timeoutInSeconds
        self.block = block
    }

    /// The names of the states at the top level, in the order of the text.
    public var stateNames: [String] { block.names }

    /// Every resource that a Task state names, nested states included, in the order of the text.
    public var resources: [TaskResource] { block.resources }
}

/// States that run one after another: a machine, a branch of a Parallel state, the processor of a Map state.
final class StateBlock: Sendable {
    let startAt: String
    let states: [String: State]
    let names: [String]

    init(startAt: String, states: [State]) {
        self.startAt = startAt
        self.states = Dictionary(states.map { ($0.name, $0) }, uniquingKeysWith: { _, last in last })
        names = states.map(\.name)
    }

    var resources: [TaskResource] {
        names.compactMap { states[$0] }.flatMap { state -> [TaskResource] in
            switch state.kind {
            case .task(let task): [task.resource]
            case .map(let map): map.processor.resources
            case .parallel(let parallel): parallel.branches.flatMap(\.resources)
            default: []
            }
        }
    }
}

/// Everything that is wrong with a definition.
public struct InvalidDefinition: Error, Sendable, Equatable, CustomStringConvertible {
    public let diagnostics: [Diagnostic]

    /// `Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: … at /States/A'`
    public var description: String {
        "Invalid State Machine Definition: '" + diagnostics.map(\.description).joined(separator: ", ") + "'"
    }
}

/// One thing wrong with a definition, and where.
public struct Diagnostic: Sendable, Equatable, CustomStringConvertible {
    public let code: String
    public let message: String
    /// The way to the state or field: `/States/Wait/Timestamp`.
    public let location: String?

    public static func schema(_ message: String, at location: String?) -> Diagnostic {
        Diagnostic(code: "SCHEMA_VALIDATION_FAILED", message: message, location: location)
    }

    public var description: String { "\(code): \(message)" + " at \(location ?? "null")" }
}
