import ASL
import Foundation
import JSON
import Testing
import YAML

/// The templates, the state machines, and the code must name the same things.
@Suite struct WiringTests {
    static let machines = InfraTemplates.names(in: "StateMachines")
    private let resources: [InfraTemplates.Resource]

    init() throws { resources = try InfraTemplates.resources() }

    private func text(_ machine: String) throws -> String {
        try String(contentsOfFile: "\(InfraTemplates.root)/StateMachines/\(machine)", encoding: .utf8)
    }

    private func resource(running machine: String) throws -> InfraTemplates.Resource {
        try #require(
            resources.first { $0.properties?["DefinitionS3Location"]?.string == "../StateMachines/\(machine)" },
            "no resource of a template has the definition \(machine)")
    }

    @Test("there are templates and state machines to check")
    func inventory() {
        #expect(InfraTemplates.files.contains("pipeline.yaml"))
        #expect(!Self.machines.isEmpty)
    }

    @Test("a state machine is valid, and each of its states can be reached", arguments: machines)
    func reachableStates(machine: String) throws {
        let definition = try JSON(parsing: try text(machine))
        let type = try resource(running: machine).properties?["StateMachineType"]?.string
        _ = try StateMachine(try text(machine), workflow: type == "EXPRESS" ? .express : .standard)
        let states = try #require(definition["States"]?.object)
        var reached: Set<String> = []
        var ahead = [try #require(definition["StartAt"]?.string)]
        while let name = ahead.popLast() {
            guard reached.insert(name).inserted else { continue }
            let state = try #require(states[name], "\(machine): '\(name)' is named but is not a state")
            ahead += [state["Next"]?.string, state["Default"]?.string].compactMap { $0 }
            for list in ["Choices", "Catch"] { ahead += (state[list]?.array ?? []).compactMap { $0["Next"]?.string } }
        }
        #expect(reached == Set(states.names))
    }

    @Test("the template binds exactly the names that a state machine uses", arguments: machines)
    func substitutions(machine: String) throws {
        let used = Set(try text(machine).matches(of: #/\$\{(\w+)\}/#).map { String($0.output.1) })
        let bound = try resource(running: machine).properties?["DefinitionSubstitutions"]?.mapping?.keys ?? []
        #expect(Set(bound) == used)
    }

    /// Variables that no template sets, with the reason.
    private static let setElsewhere = [
        "AWS_LAMBDA_RUNTIME_API": "Lambda sets it",
        "CONTRACTS_DIR": "the contracts are in the package, where the function looks for them",
        "MODELS_DIR": "the models are in the package, where the function looks for them",
        "DUCKDB": "the engine is in the package, beside the function",
        "CONTROL_ID": "the state machine passes it to the task",
        "MODEL": "the state machine passes it to the task",
        "LEASE_OWNER": "the state machine passes it to the task",
        "RELOAD": "the state machine passes it to the task",
        "TABLE": "the state machine passes it to the task",
        "TMPDIR": "the container's /tmp is a volume of its own",
        "CONVERSION_THREADS": "the program's default fits every size of function and task",
        "FILE_BYTES": "the program's default is that of silver-merge",
        "SNAPSHOTS_KEPT": "a table's property history.expire.min-snapshots-to-keep says otherwise where it must",
        "MASKING_KEY": "templates hold no secrets, only the name in Parameter Store",
        "MASKING_KEY_FILE": "Lambda and Fargate have no files of secrets",
    ]

    @Test("a function's variables are exactly those that its program reads")
    func functionVariables() throws {
        let functions = resources.filter { $0.type == "AWS::Lambda::Function" }
        let containers = resources.filter { $0.type == "AWS::ECS::TaskDefinition" }
            .flatMap { $0.properties?["ContainerDefinitions"]?.sequence ?? [] }
        let programs =
            functions.compactMap { $0.properties?["Code"]?.string?.split(separator: "/").last?.dropLast(".zip".count) }
            + containers.compactMap { $0["EntryPoint"]?.sequence?.first?.string?.split(separator: "/").last }
        #expect(Set(programs.map { Self.folder(of: String($0)) }) == Set(InfraTemplates.names(in: "Functions")))
        for function in functions {
            let code = try #require(function.properties?["Code"]?.string, "\(function.path) has no Code")
            let program = try #require(code.split(separator: "/").last.map { String($0.dropLast(".zip".count)) })
            let set = function.properties?["Environment"]?["Variables"]?.mapping?.keys ?? []
            try check(Set(set), of: function, program: program)
        }
    }

    @Test("a container's variables are those that its program reads, and equal the function's")
    func containerVariables() throws {
        for task in resources where task.type == "AWS::ECS::TaskDefinition" {
            for container in task.properties?["ContainerDefinitions"]?.sequence ?? [] {
                let path = try #require(container["EntryPoint"]?.sequence?.first?.string)
                let program = try #require(path.split(separator: "/").last.map { String($0) })
                // A variable may be inside `Fn::If`.
                let variables = (container["Environment"]?.sequence ?? []).flatMap(\.tree)
                let set = Set(variables.compactMap { $0["Name"]?.string })
                try check(set, of: task, program: program)
                let function = resources.first { $0.properties?["Code"]?.string?.hasSuffix("/\(program).zip") == true }
                let functions = function?.properties?["Environment"]?["Variables"]?.mapping?.keys ?? []
                #expect(function == nil || set == Set(functions), "\(task.path) and the function \(program) differ")
            }
        }
    }

    /// `change-capture` is in `ChangeCapture`.
    private static func folder(of program: String) -> String {
        program.split(separator: "-").map(\.capitalized).joined()
    }

    private func check(_ set: Set<String>, of resource: InfraTemplates.Resource, program: String) throws {
        let folder = Self.folder(of: program)
        var source = try sources(in: "Functions/\(folder)")
        // It reads its variables itself.
        if source.contains("ContractSource(environment)") { source += try sources(in: "Runtime/PublishedContracts") }
        let quoted = Set(source.matches(of: #/"([A-Z][A-Z0-9_]+)"/#).map { String($0.output.1) })
        let read = Set(
            source.matches(of: #/environment\s*(?:\[|\.\w+\()\s*"([A-Z][A-Z0-9_]+)"/#).map { String($0.output.1) })
        #expect(
            set.isSubset(of: quoted),
            "\(resource.path) sets variables that \(folder) does not read: \(set.subtracting(quoted).sorted())")
        #expect(
            !read.isEmpty && read.subtracting(Self.setElsewhere.keys).isSubset(of: set),
            "\(resource.path) lacks variables that \(folder) reads: \(read.subtracting(set).sorted())")
    }

    @Test("the table's indexes are exactly those that the code queries")
    func indexes() throws {
        let table = try #require(resources.first { $0.type == "AWS::DynamoDB::Table" })
        let declared = (table.properties?["GlobalSecondaryIndexes"]?.sequence ?? []).compactMap {
            $0["IndexName"]?.string
        }
        let source = try sources(in: "Runtime/Control")
        #expect(Set(declared) == Set(source.matches(of: #/"(dm-gsi-[a-z-]+)"/#).map { String($0.output.1) }))
        let expiry = try #require(table.properties?["TimeToLiveSpecification"]?["AttributeName"]?.string)
        #expect(source.contains("case expiresAt = \"\(expiry)\""))
    }

    @Test("a nested stack gets every parameter without a default, and no unknown one")
    func nestedParameters() throws {
        var nested: Set<String> = []
        for stack in resources where stack.type == "AWS::CloudFormation::Stack" {
            let file = try #require(stack.properties?["TemplateURL"]?.string)
            nested.insert(file)
            let parameters = try InfraTemplates.read(file)["Parameters"]?.mapping?.entries ?? []
            let given = Set(stack.properties?["Parameters"]?.mapping?.keys ?? [])
            #expect(given.isSubset(of: parameters.map(\.key)), "\(stack.path)")
            #expect(given.isSuperset(of: parameters.filter { $0.value["Default"] == nil }.map(\.key)), "\(stack.path)")
        }
        // The last is a stack for each table that Glue maintains.
        let alone: Set = ["pipeline.yaml", "artifacts.yaml", "optimizers.yaml"]
        #expect(Set(InfraTemplates.files).subtracting(nested).isSubset(of: alone))
    }

    private func sources(in folder: String) throws -> String {
        try InfraTemplates.names(in: folder).filter { $0.hasSuffix(".swift") }.map {
            try String(contentsOfFile: "\(InfraTemplates.root)/\(folder)/\($0)", encoding: .utf8)
        }.joined()
    }
}
