internal import EmulatorCore
internal import JSON
internal import Time

// Records from clients. See <https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html>

extension FirehoseService {
    /// 1,000 KiB, before base64.
    static let recordLimit = 1000 << 10
    static let batchLimit = 4 << 20
    static let batchRecordsLimit = 500

    func putRecord(_ input: JSON) async throws -> JSON {
        let name = try name(input)
        let record = try Self.data(input["Record"], at: "record")
        let (numbers, isEncrypted) = try await put([record[...]], into: name)
        return [
            "RecordId": .string(IncomingRecord.id(ofPut: numbers.lowerBound)), "Encrypted": .bool(isEncrypted),
        ]
    }

    /// Reads the body in place if it has the form that SDKs write, and any other one as a document.
    func putRecordBatch(_ request: HTTPRequest) async throws -> HTTPResponse {
        let body = try await request.body.collect(upTo: requestLimit)
        guard let plain = PlainPutRecordBatch(body) else {
            var request = request
            request.body = RequestBody(body)
            return await answerJSON(request)
        }
        let (numbers, isEncrypted) = try await put(plain.records, into: plain.stream)
        return HTTPResponse(
            status: 200, headers: HTTPHeaders([("Content-Type", "application/x-amz-json-\(protocolVersion)")]),
            body: .bytes(PlainPutRecordBatch.answer(numbers, isEncrypted: isEncrypted)))
    }

    func putRecordBatch(_ input: JSON) async throws -> JSON {
        let name = try name(input)
        let entries = input["Records"]?.array ?? []
        guard !entries.isEmpty else {
            throw AWSFault.firehoseValidation("records", "Member must have length greater than or equal to 1")
        }
        guard entries.count <= Self.batchRecordsLimit else {
            throw AWSFault.firehoseValidation(
                "records", "Member must have length less than or equal to \(Self.batchRecordsLimit)")
        }
        let records = try entries.enumerated().map { try Self.data($1, at: "records.\($0 + 1).member")[...] }
        guard records.reduce(0, { $0 + $1.count }) <= Self.batchLimit else {
            throw AWSFault.firehoseArgument("Records size exceeds 4 MB limit")
        }
        let (numbers, isEncrypted) = try await put(records, into: name)
        return [
            "FailedPutCount": 0, "Encrypted": .bool(isEncrypted),
            "RequestResponses": .array(numbers.map { ["RecordId": .string(IncomingRecord.id(ofPut: $0))] }),
        ]
    }

    private static func data(_ record: JSON?, at path: String) throws(AWSFault) -> [UInt8] {
        guard let text = record?["Data"]?.string else {
            throw .firehoseValidation("\(path).data", "Member must not be null")
        }
        guard let data = [UInt8](base64: text) else {
            throw AWSFault("SerializationException", "\(path).data: expected base64")
        }
        guard data.count <= recordLimit else {
            throw .firehoseValidation("\(path).data", "Member must have length less than or equal to \(recordLimit)")
        }
        return data
    }

    /// Adds records in their order, in one transaction.
    /// - Returns: their numbers.
    private func put(
        _ records: [ArraySlice<UInt8>], into name: String
    ) async throws -> (numbers: ClosedRange<Int64>, isEncrypted: Bool) {
        let context = try context(of: name)
        guard context.configuration.sourceStream == nil else {
            throw AWSFault.firehoseArgument(
                "This operation is not permitted on KinesisStreamAsSource delivery stream type.")
        }
        // Off the writer's thread: other writers wait for that.
        let block = StoredPuts.Block(records)
        let numbers = try await store.write { [clock, account] transaction in
            guard try StoredDeliveryStream.find(name, in: transaction.snapshot)?.id == context.id else {
                throw AWSFault.noDeliveryStream(name, account)
            }
            transaction.afterCommit { [bell = context.intakeBell] in bell.ring() }
            return try StoredPuts.insert(block, into: context.id, at: clock.now().milliseconds, in: transaction)
        }
        return (numbers, context.configuration.isEncrypted)
    }
}
