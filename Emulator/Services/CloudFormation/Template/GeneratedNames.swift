internal import EmulatorCore
internal import JSON

/// Names of resources whose template gives none: the stack, the logical ID and twelve characters that belong to the two.
///
/// On AWS these characters are random. Here the same stack gets the same name again.
/// - SeeAlso: <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html>
enum GeneratedNames {
    private struct Rule {
        let property: String
        let longest: Int
        var isLowerCase = false
        /// What names of some resources of the type end in.
        var ending: (property: String, text: String)?
    }

    private static let rules: [String: Rule] = [
        "AWS::S3::Bucket": Rule(property: "BucketName", longest: 63, isLowerCase: true),
        "AWS::DynamoDB::Table": Rule(property: "TableName", longest: 255),
        "AWS::Lambda::Function": Rule(property: "FunctionName", longest: 64),
        "AWS::Lambda::LayerVersion": Rule(property: "LayerName", longest: 140),
        "AWS::IAM::Role": Rule(property: "RoleName", longest: 64),
        "AWS::SQS::Queue": Rule(property: "QueueName", longest: 80, ending: ("FifoQueue", ".fifo")),
        "AWS::SNS::Topic": Rule(property: "TopicName", longest: 256, ending: ("FifoTopic", ".fifo")),
        "AWS::StepFunctions::StateMachine": Rule(property: "StateMachineName", longest: 80),
        "AWS::StepFunctions::Activity": Rule(property: "Name", longest: 80),
        "AWS::Kinesis::Stream": Rule(property: "Name", longest: 128),
        "AWS::KinesisFirehose::DeliveryStream": Rule(property: "DeliveryStreamName", longest: 64),
        "AWS::Logs::LogGroup": Rule(property: "LogGroupName", longest: 512),
        "AWS::Events::Rule": Rule(property: "Name", longest: 64),
        "AWS::Scheduler::Schedule": Rule(property: "Name", longest: 64),
        "AWS::Pipes::Pipe": Rule(property: "Name", longest: 64),
        "AWS::SSM::Parameter": Rule(property: "Name", longest: 1011),
        "AWS::SecretsManager::Secret": Rule(property: "Name", longest: 512),
        "AWS::ECS::TaskDefinition": Rule(property: "Family", longest: 255),
        "AWS::ECS::Cluster": Rule(property: "ClusterName", longest: 255),
        "AWS::CloudWatch::Alarm": Rule(property: "AlarmName", longest: 255),
        "AWS::CloudWatch::Dashboard": Rule(property: "DashboardName", longest: 255),
    ]

    /// The property with the name, where resources of the type have names.
    static func property(of type: String) -> String? { rules[type]?.property }

    /// The properties with a name, where the type has names and the template gives none.
    static func adding(to properties: JSONObject, of type: String, _ logicalID: String, in stack: String) -> JSONObject
    {
        guard let rule = rules[type], properties[rule.property] == nil else { return properties }
        var ending = ""
        if let (property, text) = rule.ending, properties[property] == true || properties[property] == "true" {
            ending = text
        }
        let suffix = "-" + Self.suffix(stack, logicalID) + ending
        var stem = "\(stack.replacing("/", with: "-"))-\(logicalID)"
        stem = String(stem.prefix(max(1, rule.longest - suffix.count)))
        var named = properties
        named[rule.property] = .string(rule.isLowerCase ? (stem + suffix).lowercased() : stem + suffix)
        return named
    }

    /// Twelve letters and digits.
    private static func suffix(_ stack: String, _ logicalID: String) -> String {
        let characters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        // FNV-1a, which is the same on every machine.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in "\(stack)\n\(logicalID)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return String(
            (0..<12).map { _ in
                defer { hash /= 36 }
                return characters[Int(hash % 36)]
            })
    }
}
