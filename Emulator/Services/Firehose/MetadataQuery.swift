internal import EmulatorCore
internal import JQ
internal import JSON

/// Takes partition keys from records by a query of jq: `{customer: .customer.id, year: .time | strftime("%Y")}`.
/// - SeeAlso: <https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-partitioning-keys.html>
struct MetadataQuery: Sendable {
    private let program: JQProgram

    /// - Parameter parameters: those of a processor of the type `MetadataExtraction`.
    init(_ parameters: [String: String]) throws(AWSFault) {
        guard let query = parameters["MetadataExtractionQuery"] else {
            throw .firehoseArgument("The processor MetadataExtraction needs the parameter MetadataExtractionQuery.")
        }
        let engine = parameters["JsonParsingEngine"] ?? "JQ-1.6"
        guard engine == "JQ-1.6" else {
            throw .firehoseArgument("JsonParsingEngine is \(engine); expected JQ-1.6.")
        }
        do throws(JQProgram.Failure) {
            program = try JQProgram(query)
        } catch {
            throw .firehoseArgument("The MetadataExtractionQuery \(query) cannot be compiled: \(error)")
        }
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The keys of a record. A key that is null is none; numbers and Booleans are written as in JSON.
    func keys(of data: [UInt8]) throws(Failure) -> [String: String] {
        let found: [UInt8]?
        do throws(JQProgram.Failure) { found = try program.first(data) } catch {
            throw Failure(description: "The query failed for the record: \(error)")
        }
        guard let found, let object = (try? JSON(parsing: found))?.object else {
            throw Failure(description: "The query has no object for the record; its keys are the members of one.")
        }
        var keys: [String: String] = [:]
        for (name, value) in object {
            switch value {
            case .null: continue
            case .string(let text): keys[name] = text
            case .number(let number): keys[name] = number.text
            case .bool(let bool): keys[name] = bool ? "true" : "false"
            case .array, .object:
                throw Failure(description: "The key \(name) of the record is an array or an object; expected a text.")
            }
        }
        return keys
    }
}
