internal import JSON

/// Amazon Comprehend: what a text is about.
public struct Comprehend: Sendable {
    /// The largest text that is taken, in bytes of UTF-8.
    /// - SeeAlso: <https://docs.aws.amazon.com/comprehend/latest/dg/guidelines-and-limits.html>
    public static let textLimit = 100_000

    /// Personal data at a place in a text.
    public struct Entity: Sendable, Hashable {
        /// Such as `EMAIL` or `NAME`.
        public let type: String
        /// From 0 to 1.
        public let score: Double
        /// In Unicode scalars from the beginning of the text.
        public let range: Range<Int>
    }

    private let client: AWSClient

    public init(_ client: AWSClient) { self.client = client }

    /// - Parameters:
    ///   - text: at most ``textLimit`` bytes.
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
