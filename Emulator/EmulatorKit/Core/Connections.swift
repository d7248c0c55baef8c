public import JSON

// What services ask of each other. Each is a protocol so that a service can be built and tested alone.
// Calls that take a transaction are durable with it: work enters the other service's queue if and only if the caller's
// change is committed.

/// Lambda, as event sources and state machines use it.
public protocol LambdaInvoking: Sendable {
    /// Invokes `function` (a name or an ARN, with or without qualifier) and waits for its answer.
    /// - Throws: ``AWSFault`` when there is no such function, or no worker could be had; a function's own error is an answer.
    func invoke(function: String, payload: [UInt8]) async throws(AWSFault) -> LambdaAnswer

    /// Queues an asynchronous invocation, tried up to three times as Lambda does.
    func enqueue(function: String, payload: [UInt8], in transaction: borrowing Transaction) throws
}

public struct LambdaAnswer: Sendable {
    public var payload: [UInt8]
    /// `Unhandled` when the function failed, and `payload` says how; nil when it succeeded.
    public var functionError: String?
    public var requestID: String

    public init(payload: [UInt8], functionError: String? = nil, requestID: String) {
        self.payload = payload
        self.functionError = functionError
        self.requestID = requestID
    }
}

/// Step Functions, as event sources use it.
public protocol ExecutionStarting: Sendable {
    /// Starts an execution that begins when `transaction` is committed.
    /// - Parameter name: unique per machine for 90 days; nil makes one up.
    /// - Returns: the execution's ARN.
    @discardableResult
    func startExecution(
        ofStateMachine arn: String, name: String?, input: JSON, in transaction: borrowing Transaction
    ) throws -> String
}

/// What takes messages of other services, for somebody to read later.
public protocol MessageSending: Sendable {
    /// Sends `message` to the destination with this ARN.
    /// - Throws: ``AWSFault``, before anything is changed, when there is none such or it does not take the message.
    func send(_ message: QueueMessage, to arn: String, in transaction: borrowing Transaction) throws
}

/// ECS, as state machines use it.
public protocol TaskRunning: Sendable {
    /// RunTask: starts the task and returns the service's answer (`tasks`, `failures`).
    func runTask(_ input: JSON) async throws(AWSFault) -> JSON
    /// Waits until the task has stopped; returns its description (`containers[].exitCode`, `stopCode`, …).
    func waitUntilStopped(task arn: String) async throws(AWSFault) -> JSON
    func stopTask(_ arn: String, reason: String) async throws(AWSFault)
}

/// One change of an item, as a DynamoDB stream carries it.
public struct ChangeRecord: Sendable {
    /// Grows with every change of the table.
    public var sequence: Int64
    /// The record as `GetRecords` and event source mappings show it: eventID, eventName, dynamodb…
    public var event: JSON

    public init(sequence: Int64, event: JSON) {
        self.sequence = sequence
        self.event = event
    }
}

/// DynamoDB Streams, as pipes read them.
public protocol ChangeStreaming: Sendable {
    /// At most `limit` records after `sequence` (0: from the start), oldest first.
    func changes(inStream arn: String, after sequence: Int64, limit: Int) throws(AWSFault) -> [ChangeRecord]
    /// The sequence of the newest record, 0 when there is none.
    func lastSequence(inStream arn: String) throws(AWSFault) -> Int64
    /// The id of the shard that all of the stream's records are in.
    func shardID(ofStream arn: String) throws(AWSFault) -> String
    /// Rung after every commit that added records.
    var changesBell: Bell { get }
}

/// S3, as what was packaged for deployment is read from it.
public protocol ObjectReading: Sendable {
    /// The whole object.
    /// - Throws: ``AWSFault`` with S3's own code when there is none.
    func contents(of object: ObjectLocation) throws(AWSFault) -> [UInt8]
}

public struct ObjectLocation: Sendable, Hashable {
    public var bucket: String
    public var key: String
    /// Nil for the latest.
    public var version: String?

    public init(bucket: String, key: String, version: String? = nil) {
        self.bucket = bucket
        self.key = key
        self.version = version
    }
}

/// A resource of a CloudFormation template, its intrinsic functions resolved.
public struct DeclaredResource: Sendable {
    public var logicalID: String
    public var type: String
    public var properties: JSON

    public init(logicalID: String, type: String, properties: JSON) {
        self.logicalID = logicalID
        self.type = type
        self.properties = properties
    }
}

/// What `Ref` and `Fn::GetAtt` give for a resource that exists.
public struct ProvisionedResource: Sendable {
    public var ref: String
    public var attributes: [String: String]

    public init(ref: String, attributes: [String: String] = [:]) {
        self.ref = ref
        self.attributes = attributes
    }
}

/// A service that plays some of CloudFormation's resource types.
public protocol ResourceProviding: Sendable {
    /// Such as `AWS::S3::Bucket`.
    var resourceTypes: [String] { get }
    /// Creates the resource, or brings the one that is there to what is declared; its data stay.
    func provision(_ resource: DeclaredResource) async throws(AWSFault) -> ProvisionedResource
    /// Takes away what ``provision(_:)`` made, by its type and what `Ref` says of it; what is gone already is no fault.
    func remove(_ type: String, _ ref: String) async throws(AWSFault)
}
