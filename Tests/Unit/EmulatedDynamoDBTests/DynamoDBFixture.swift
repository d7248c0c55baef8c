import EmulatorCore
import JSON
import Testing
import TestServices

@testable import EmulatedDynamoDB

/// A DynamoDB service for one test, with a clock that the test advances.
final class DynamoDBFixture: Sendable {
    let store: Store
    let service: DynamoDB
    let streams: DynamoDBStreams
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        store = try Store(directory: directory.path, schema: DynamoDB.schema)
        let clock = TestClock()
        service = DynamoDB(
            store: store, account: Account(), clock: clock.clockAndChance)
        streams = DynamoDBStreams(service)
        self.clock = clock
    }

    deinit { store.close() }

    private let clock: TestClock

    func advance(milliseconds: Int64) { clock.advance(milliseconds) }

    /// Sends a request written as JSON text.
    @discardableResult
    func send(_ action: String, _ input: String) async throws -> JSON {
        try await service.perform(action, JSON(parsing: input))
    }

    /// The fault that refuses a request.
    func fault(_ action: String, _ input: String, sourceLocation: SourceLocation = #_sourceLocation) async -> AWSFault?
    {
        do {
            let answer = try await send(action, input)
            Issue.record("\(action) was answered with \(answer)", sourceLocation: sourceLocation)
        } catch let fault as AWSFault {
            return fault
        } catch {
            Issue.record("\(error)", sourceLocation: sourceLocation)
        }
        return nil
    }

    /// Expects a ValidationException with this message.
    func expectInvalid(
        _ action: String, _ input: String, _ message: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        let fault = await fault(action, input, sourceLocation: sourceLocation)
        #expect(fault?.code == "ValidationException", sourceLocation: sourceLocation)
        #expect(fault?.message == message, sourceLocation: sourceLocation)
    }

    /// A table with a string hash key `p`.
    func makeHashTable(_ name: String = "things", more: String = "") async throws {
        try await send(
            "CreateTable",
            """
            {"TableName": "\(name)", "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
             "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"\(more)}
            """)
    }

    /// A table with a string hash key `p` and a range key `c` of the given type.
    func makeRangeTable(_ name: String = "things", _ type: String = "S", more: String = "") async throws {
        try await send(
            "CreateTable",
            """
            {"TableName": "\(name)", "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"},
             {"AttributeName": "c", "AttributeType": "\(type)"}],
             "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "c", "KeyType": "RANGE"}],
             "BillingMode": "PAY_PER_REQUEST"\(more)}
            """)
    }

    /// The item of `things` with the key `p`, or nil.
    func item(_ p: String) async throws -> JSON? {
        try await send("GetItem", #"{"TableName": "things", "Key": {"p": {"S": "\#(p)"}}}"#)["Item"]
    }
}
