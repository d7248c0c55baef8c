internal import EmulatorCore
internal import JSON

/// What names a metric: its namespace, its name and its dimensions.
struct MetricIdentity: Sendable, Hashable {
    let namespace: String
    let name: String
    /// Sorted by name.
    let dimensions: [Dimension]

    struct Dimension: Sendable, Hashable {
        let name: String
        let value: String
    }

    private static let mostDimensions = 30

    /// - Throws: ``AWSFault`` for names that CloudWatch refuses.
    init(namespace: String?, name: String?, dimensions: JSON?) throws(AWSFault) {
        guard let namespace, !namespace.isEmpty else { throw .missingMetric("Namespace") }
        guard let name, !name.isEmpty else { throw .missingMetric("MetricName") }
        for (text, parameter) in [(namespace, "Namespace"), (name, "MetricName")] where text.utf8.count > 255 {
            throw .invalidMetric("The value of \(parameter) must have at most 255 characters.")
        }
        guard namespace.first != ":" else { throw .invalidMetric("The value ':' for parameter Namespace is invalid.") }
        var found: [Dimension] = []
        for dimension in dimensions?.array ?? [] {
            guard let name = dimension["Name"]?.string, !name.isEmpty, let value = dimension["Value"]?.string,
                !value.isEmpty
            else {
                throw .invalidMetric(
                    "The parameter Dimensions needs a Name and a Value, both not empty, for each dimension.")
            }
            found.append(Dimension(name: name, value: value))
        }
        guard found.count <= Self.mostDimensions else {
            throw .invalidMetric("The collection Dimensions must not have more than \(Self.mostDimensions) members.")
        }
        self.init(namespace: namespace, name: name, dimensions: found)
    }

    init(namespace: String, name: String, dimensions: [Dimension]) {
        self.namespace = namespace
        self.name = name
        self.dimensions = dimensions.sorted { ($0.name, $0.value) < ($1.name, $1.value) }
    }

    /// The dimensions as one text, by which they are found.
    var key: String { dimensionsDocument.text }

    var dimensionsDocument: JSON {
        .array(dimensions.map { ["Name": .string($0.name), "Value": .string($0.value)] })
    }

    var document: JSON {
        ["Namespace": .string(namespace), "MetricName": .string(name), "Dimensions": dimensionsDocument]
    }

    /// Reads what ``key`` wrote.
    static func dimensions(_ key: String) -> [Dimension] {
        ((try? JSON(parsing: key))?.array ?? []).map {
            Dimension(name: $0["Name"]?.string ?? "", value: $0["Value"]?.string ?? "")
        }
    }
}
