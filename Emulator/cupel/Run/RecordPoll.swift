internal import AWSClient
internal import AWSModels
internal import Control
internal import JSON

extension Pipeline {
    /// How many records one request reads at most.
    /// - SeeAlso: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
    static let recordsInARequest = 100

    /// The control records that exist among at most ``recordsInARequest`` IDs, in any order. Some may be left out, as the
    /// service limits what it reads at once: ask again.
    func records(_ ids: [ControlID]) throws(CommandFailure) -> [ControlRecord] {
        guard !ids.isEmpty else { return [] }
        let keys = ids.map { (id) -> JSON in ["control_id": ["S": .string(id.text)]] }
        let request: JSON = [
            "RequestItems": .object([control.name: ["Keys": .array(keys), "ConsistentRead": true]])
        ]
        let answer: JSON
        do throws(AWSError) {
            answer = try client.jsonCall(
                service: "dynamodb", target: "DynamoDB_20120810", action: "BatchGetItem", input: request,
                isRepeatable: true)
        } catch { throw failure(error) }
        var records: [ControlRecord] = []
        for entry in answer["Responses"]?[control.name]?.array ?? [] {
            let item: Item
            do throws(ModelError) { item = try Item(attributes: entry) } catch {
                throw .failed("dynamodb BatchGetItem: \(error)")
            }
            do throws(ControlError) { records.append(try ControlRecord(item: item)) } catch { throw failure(error) }
        }
        return records
    }
}

/// The files whose records are polled, a batch at a time, in turn.
struct PollQueue {
    private var positions: [Int] = []
    private var first = 0

    var isEmpty: Bool { first == positions.count }

    mutating func append(_ position: Int) { positions.append(position) }

    /// Takes the files that have waited longest for their turn.
    mutating func next(_ limit: Int) -> [Int] {
        let end = min(first + limit, positions.count)
        let batch = Array(positions[first..<end])
        first = end
        // What was taken is given back now and then, so that a long run needs no more memory.
        if first > 4096 || first == positions.count {
            positions.removeFirst(first)
            first = 0
        }
        return batch
    }
}
