internal import JSON

/// Amazon Comprehend: personal data in texts.
public struct Comprehend: Sendable {
    /// The largest accepted text, in bytes of UTF-8.
    /// - SeeAlso: <https://docs.aws.amazon.com/comprehend/latest/dg/guidelines-and-limits.html>
    public static let textLimit = 100_000

    /// Personal data in a range of a text.
    public struct Entity: Sendable, Hashable {
        /// The kind, such as `EMAIL` or `NAME`.
        public let type: String
        /// The confidence, from 0 to 1.
        public let score: Double
        /// The range in Unicode scalars from the beginning of the text.
        public let range: Range<Int>
    }

    private let client: AWSClient

    public init(_ client: AWSClient) { self.client = client }

    /// Finds personal data in `text`.
    ///
    /// - Parameters:
    ///   - text: At most ``textLimit`` bytes.
    ///   - language: `en` or `es`.
    /// - SeeAlso: <https://docs.aws.amazon.com/comprehend/latest/APIReference/API_DetectPiiEntities.html>
    public func personalData(in text: String, language: String) throws(AWSError) -> [Entity] {
        let answer = try client.jsonCall(
            service: "comprehend", target: "Comprehend_20171127", action: "DetectPiiEntities",
            input: ["Text": .string(text), "LanguageCode": .string(language)], version: "1.1", isRepeatable: true)
        guard let entities = answer["Entities"]?.array else {
            throw .unexpectedResponse(operation: "comprehend DetectPiiEntities", reason: "Entities is missing")
        }
        return entities.compactMap { entity in
            guard let type = entity["Type"]?.string, let score = entity["Score"]?.double,
                let begin = entity["BeginOffset"]?.int, let end = entity["EndOffset"]?.int, begin <= end
            else { return nil }
            return Entity(type: type, score: score, range: begin..<end)
        }
    }
}
