package import EmulatorCore
package import JSON

extension ECSService: Service, JSONService {
    package static let signingNames = ["ecs"]
    package var actionService: String { "ecs" }

    package convenience init(_ context: ServiceContext) {
        var options = Options(functions: context.processes.executables)
        options.account = context.account
        options.clock = context.clock
        options.environment = context.processes.environment
        options.roleKeys = context.roleKeys
        self.init(
            store: context.store, host: context.processes.host, logs: context.peers, endpoint: context.endpoint,
            options: options)
    }

    package var targetPrefix: String { "AmazonEC2ContainerServiceV20141113" }
    package var protocolVersion: String { "1.1" }

    package func perform(_ action: String, _ input: JSON) async throws(AWSFault) -> JSON {
        switch action {
        case "CreateCluster":
            let name = input["clusterName"]?.string ?? "default"
            do { try await tasks.addCluster(name) } catch { throw .internalFailure(error) }
            return ["cluster": document(ofCluster: name)]
        case "DescribeClusters": return try describeClusters(input)
        case "ListClusters": return ["clusterArns": .array(try clusters().map { .string(clusterARN($0)) })]
        case "RegisterTaskDefinition":
            return ["taskDefinition": document(of: try await register(input.object ?? [:]))]
        case "DescribeTaskDefinition":
            return ["taskDefinition": document(of: try definition(input["taskDefinition"])), "tags": []]
        case "ListTaskDefinitions": return try listTaskDefinitions(input)
        case "RunTask": return try await runTask(input)
        case "StopTask":
            let arn = try taskARN(input["task"], input)
            try await stopTask(arn, reason: input["reason"]?.string ?? "Task stopped by user")
            return ["task": try await current(arn).document]
        case "DescribeTasks": return try await describeTasks(input)
        case "ListTasks": return try listTasks(input)
        default: throw .notEmulated("ECS's \(action)")
        }
    }

    // MARK: Clusters

    private func clusters() throws(AWSFault) -> [String] {
        do { return try tasks.clusters() } catch { throw .internalFailure(error) }
    }

    private func describeClusters(_ input: JSON) throws(AWSFault) -> JSON {
        let wanted = input["clusters"]?.array?.map { clusterName($0) } ?? ["default"]
        let known = Set(try clusters())
        return [
            "clusters": .array(wanted.filter(known.contains).map(document)),
            "failures": .array(
                wanted.filter { !known.contains($0) }.map { ["arn": .string(clusterARN($0)), "reason": "MISSING"] }),
        ]
    }

    private func document(ofCluster name: String) -> JSON {
        [
            "clusterArn": .string(clusterARN(name)), "clusterName": .string(name), "status": "ACTIVE",
            "registeredContainerInstancesCount": 0, "activeServicesCount": 0,
            "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
        ]
    }

    // MARK: Task definitions

    func register(_ declaration: JSONObject) async throws(AWSFault) -> TaskDefinition {
        do { return try await tasks.register(declaration) } catch {
            throw error as? AWSFault ?? .internalFailure(error)
        }
    }

    private func document(of definition: TaskDefinition) -> JSON {
        var document = definition.declaration
        document["taskDefinitionArn"] = .string(arn(of: definition))
        document["revision"] = .int(definition.revision)
        document["status"] = "ACTIVE"
        document["compatibilities"] = document["requiresCompatibilities"] ?? ["FARGATE"]
        return .object(document)
    }

    private func listTaskDefinitions(_ input: JSON) throws(AWSFault) -> JSON {
        let prefix = input["familyPrefix"]?.string ?? ""
        let found: [(family: String, revision: Int)]
        do { found = try tasks.definitions() } catch { throw .internalFailure(error) }
        return [
            "taskDefinitionArns": .array(
                found.filter { $0.family.hasPrefix(prefix) }
                    .map { .string(options.account.arn("ecs", "task-definition/\($0.family):\($0.revision)")) })
        ]
    }

    // MARK: Tasks

    /// - Parameter reference: a task's ARN, or its ID in the cluster that `input` names.
    private func taskARN(_ reference: JSON?, _ input: JSON) throws(AWSFault) -> String {
        guard let text = reference?.string else { throw .ecsParameter("Task reference is missing.") }
        return ARN.isClaimed(by: text)
            ? text : options.account.arn("ecs", "task/\(clusterName(input["cluster"]))/\(text)")
    }

    private func current(_ arn: String) async throws(AWSFault) -> TaskRecord {
        if let running = runningTask(arn) { return await running.record }
        return try stored(arn)
    }

    private func describeTasks(_ input: JSON) async throws(AWSFault) -> JSON {
        var found: [JSON] = []
        var missing: [JSON] = []
        for reference in input["tasks"]?.array ?? [] {
            let arn = try taskARN(reference, input)
            do throws(AWSFault) { found.append(try await current(arn).document) } catch {
                missing.append(["arn": .string(arn), "reason": "MISSING"])
            }
        }
        return ["tasks": .array(found), "failures": .array(missing)]
    }

    private func listTasks(_ input: JSON) throws(AWSFault) -> JSON {
        let cluster = clusterARN(clusterName(input["cluster"]))
        let wantsStopped = input["desiredStatus"]?.string == "STOPPED"
        let all: [TaskRecord]
        do { all = try tasks.tasks() } catch { throw .internalFailure(error) }
        let family = input["family"]?.string
        let listed = all.filter { task in
            task.clusterARN == cluster && (task.status == "STOPPED") == wantsStopped
                && (family == nil || family == task.family)
        }
        return ["taskArns": .array(listed.map { .string($0.arn) })]
    }
}
