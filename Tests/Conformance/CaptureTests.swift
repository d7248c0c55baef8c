import Testing
import YAML

/// What `infra/capture.yaml` must say so that AWS DMS sends all that the transform reads, and nothing else.
@Suite struct CaptureTests {
    private let resources: [InfraTemplates.Resource]

    init() throws { resources = try InfraTemplates.resources(of: "capture.yaml") }

    private func properties(_ name: String) throws -> YAMLNode {
        try #require(resources.first { $0.name == name }?.properties, "capture.yaml has no \(name)")
    }

    @Test("a record says when, where and by which transaction its change was committed, with nulls, on one line")
    func recordSettings() throws {
        let settings = try #require(try properties("ReplicationTarget")["KinesisSettings"])
        #expect(settings["MessageFormat"]?.string == "json-unformatted")
        for setting in [
            "IncludeTransactionDetails", "IncludeControlDetails", "IncludeTableAlterOperations", "IncludeNullAndEmpty",
            "PartitionIncludeSchemaTable",
        ] { #expect(settings[setting]?.string == "true", "\(setting)") }
    }

    @Test("before-images are sent in a field that the transform reads")
    func beforeImages() throws {
        let settings = try #require(try properties("Replication")["ReplicationSettings"]?["BeforeImageSettings"])
        #expect(settings["EnableBeforeImage"]?.string == "true")
        #expect(["before", "before-image"].contains(settings["FieldName"]?.string ?? ""))
    }

    @Test("a value that is too long, a row that cannot be sent, or a broken table stops DMS instead of being left out")
    func nothingLeftOut() throws {
        let settings = try #require(try properties("Replication")["ReplicationSettings"])
        for policy in ["DataErrorPolicy", "DataTruncationErrorPolicy", "TableErrorPolicy"] {
            #expect(settings["ErrorBehavior"]?[policy]?.string == "STOP_TASK", "\(policy)")
        }
        #expect(settings["TargetMetadata"]?["SupportLobs"]?.string == "true")
        #expect(settings["TargetMetadata"]?["LimitedSizeLobMode"]?.string == "true")
        let source = try #require(try properties("ReplicationSource")["PostgreSqlSettings"])
        #expect(source["FailTasksOnLobTruncation"]?.string == "true")
        // The longest value fits a record of 1 MB.
        let longest = try InfraTemplates.read("pipeline.yaml")["Parameters"]?["LargestValueInKB"]
        #expect(longest?["MaxValue"]?.string == "1000")
    }

    @Test("the slot of an idle database moves on, and changes of tables are captured")
    func sourceSettings() throws {
        let source = try #require(try properties("ReplicationSource")["PostgreSqlSettings"])
        #expect(source["HeartbeatEnable"]?.string == "true")
        #expect(source["CaptureDdls"]?.string == "true")
    }

    @Test("only the tables that have a contract are replicated")
    func tables() throws {
        let rules = try properties("Replication")["TableMappings"]?["rules"]?.sequence ?? []
        let selected = rules.filter { $0["rule-type"]?.string == "selection" }
        let contracts = InfraTemplates.names(in: "infra/contracts").map { $0.replacing(".odcs.yaml", with: "") }
        #expect(selected.compactMap { $0["object-locator"]?["table-name"]?.string } == contracts)
        #expect(Set(rules.compactMap { $0["rule-id"]?.string }).count == rules.count)
        #expect(Set(rules.compactMap { $0["rule-name"]?.string }).count == rules.count)
        let mappings = rules.filter { $0["rule-type"]?.string == "object-mapping" }
        #expect(
            mappings.map { $0["mapping-parameters"]?["partition-key-type"]?.string } == ["primary-key"])
    }

    @Test("the replication runs in the database's subnets and reaches its port, both by parameter")
    func network() throws {
        #expect(try properties("ReplicationSubnets")["SubnetIds"]?.string == "SourceSubnetIds")
        #expect(
            try properties("Replication")["ComputeConfig"]?["VpcSecurityGroupIds"]?.elements.map(\.string)
                == ["CaptureSecurityGroup"])
        for rule in ["CaptureToDatabase", "DatabaseFromCapture", "CaptureToAddress"] {
            #expect(try properties(rule)["FromPort"]?.string == "SourcePort", "\(rule)")
            #expect(try properties(rule)["ToPort"]?.string == "SourcePort", "\(rule)")
        }
        #expect(try properties("CaptureToAddress")["CidrIp"]?.string == "SourceAddressRange")
    }

    @Test("roles that the whole account shares are created only when asked for, and outlive the stack")
    func sharedRoles() throws {
        let named = resources.filter { $0.properties?["RoleName"] != nil }
        #expect(
            named.compactMap { $0.properties?["RoleName"]?.string } == ["dms-vpc-role", "dms-cloudwatch-logs-role"])
        for role in named {
            #expect(role.node["Condition"]?.string == "WithRoles", "\(role.path)")
            #expect(role.node["DeletionPolicy"]?.string == "RetainExceptOnCreate", "\(role.path)")
        }
        let parameter = try InfraTemplates.read("pipeline.yaml")["Parameters"]?["ReplicationRoles"]
        #expect(parameter?["Default"]?.string == "existing")
    }

    @Test("either DMS or the task captures, never both")
    func oneOfTwo() throws {
        func conditions(_ prefix: String) -> [String] {
            resources.filter { $0.type.hasPrefix(prefix) }.map { $0.node["Condition"]?.string ?? "" }
        }
        #expect(Set(conditions("AWS::DMS::")) == ["ByReplication"])
        #expect(Set(conditions("AWS::ECS::")) == ["ByTask"])
        let declared = try #require(try InfraTemplates.read("capture.yaml")["Conditions"])
        for (name, value) in [("ByReplication", "dms"), ("ByTask", "change-capture")] {
            #expect(declared[name]?.tree.compactMap(\.string).suffix(2) == ["Capture", value], "\(name)")
        }
    }

    @Test("the task has the tables of the contracts, its secret from Secrets Manager, and one task at a time")
    func task() throws {
        let container = try #require(try properties("ChangeCaptureTask")["ContainerDefinitions"]?.sequence?.first)
        let variables = container["Environment"]?.sequence ?? []
        let contracts = InfraTemplates.names(in: "infra/contracts").map { $0.replacing(".odcs.yaml", with: "") }
        #expect(
            variables.first { $0["Name"]?.string == "TABLES" }?["Value"]?.string
                == contracts.map { "${SourceSchema}.\($0)" }.joined(separator: ","))
        let secrets = container["Secrets"]?.sequence ?? []
        #expect(secrets.compactMap { $0["Name"]?.string } == ["PGHOST", "PGPORT", "PGUSER", "PGPASSWORD"])
        #expect(secrets.allSatisfy { $0["ValueFrom"]?.string?.hasPrefix("${SourceSecretArn}:") == true })
        #expect(variables.allSatisfy { $0["Name"]?.string?.hasPrefix("PG") == false })
        let deployment = try #require(try properties("ChangeCaptureService")["DeploymentConfiguration"])
        #expect(deployment["MaximumPercent"]?.string == "100" && deployment["MinimumHealthyPercent"]?.string == "0")
    }

    @Test("names of DMS are short enough, whatever the project and the stage")
    func names() throws {
        let identifier = try #require(try properties("Replication")["ResourceIdentifier"]?.string)
        let longest = identifier.replacing("${Project}", with: String(repeating: "p", count: 16))
            .replacing("${Stage}", with: String(repeating: "s", count: 10))
        #expect(longest.count <= 31)
    }
}
