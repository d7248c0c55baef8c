internal import EmulatorCore
internal import JSON

/// Some values of a metric taken together.
struct Summary: Sendable {
    private(set) var count = 0.0
    private(set) var sum = 0.0
    private(set) var minimum = Double.infinity
    private(set) var maximum = -Double.infinity
    /// Each value and how often it occurs; empty for a set of which only the statistics are known.
    private(set) var values: [Double: Double] = [:]
    private var hasUnknownValues = false

    init() {}

    mutating func add(_ value: Double, count times: Double = 1) {
        count += times
        sum += value * times
        minimum = min(minimum, value)
        maximum = max(maximum, value)
        values[value, default: 0] += times
    }

    /// A set that was put as statistics.
    init(count: Double, sum: Double, minimum: Double, maximum: Double) {
        (self.count, self.sum, self.minimum, self.maximum) = (count, sum, minimum, maximum)
        hasUnknownValues = true
        // One value, or the same value several times, is known all the same.
        if minimum == maximum {
            hasUnknownValues = false
            values = [minimum: count]
        }
    }

    mutating func add(_ other: Summary) {
        count += other.count
        sum += other.sum
        minimum = min(minimum, other.minimum)
        maximum = max(maximum, other.maximum)
        hasUnknownValues = hasUnknownValues || other.hasUnknownValues
        for (value, times) in other.values { values[value, default: 0] += times }
    }

    /// The statistic by the name of the API: `Average`, `p99`, `tm(10%:90%)` is not known.
    /// - Returns: nil where the values do not tell it.
    func statistic(_ name: Statistic) -> Double? {
        guard count > 0 else { return nil }
        switch name {
        case .sampleCount: return count
        case .sum: return sum
        case .minimum: return minimum
        case .maximum: return maximum
        case .average: return sum / count
        case .percentile(let share): return percentile(share)
        }
    }

    /// The value that this share of the values does not exceed, between two values in proportion.
    private func percentile(_ share: Double) -> Double? {
        guard !hasUnknownValues else { return nil }
        let sorted = values.sorted { $0.key < $1.key }
        let wanted = share / 100 * (count - 1)
        var before = 0.0
        for (position, entry) in sorted.enumerated() {
            let last = before + entry.value - 1
            if wanted <= last { return entry.key }
            if wanted < last + 1, position + 1 < sorted.count {
                return entry.key + (sorted[position + 1].key - entry.key) * (wanted - last)
            }
            before += entry.value
        }
        return sorted.last?.key
    }

    var document: JSON {
        var members: JSONObject = [
            "n": .decimal(count), "s": .decimal(sum), "l": .decimal(minimum), "h": .decimal(maximum),
        ]
        if !hasUnknownValues, values.count > 1 {
            members["v"] = .array(values.sorted { $0.key < $1.key }.map { [.decimal($0.key), .decimal($0.value)] })
        }
        return .object(members)
    }

    init(document: JSON) {
        self.init(
            count: document["n"]?.double ?? 0, sum: document["s"]?.double ?? 0, minimum: document["l"]?.double ?? 0,
            maximum: document["h"]?.double ?? 0)
        guard let pairs = document["v"]?.array else { return }
        hasUnknownValues = false
        for pair in pairs { values[pair[0]?.double ?? 0, default: 0] += pair[1]?.double ?? 1 }
    }
}

/// How values of a period become one.
enum Statistic: Sendable, Hashable {
    case sampleCount, sum, minimum, maximum, average
    case percentile(Double)

    /// - Throws: ``AWSFault`` for a name that is not known.
    init(_ text: String) throws(AWSFault) {
        switch text {
        case "SampleCount": self = .sampleCount
        case "Sum": self = .sum
        case "Minimum": self = .minimum
        case "Maximum": self = .maximum
        case "Average": self = .average
        default:
            guard text.first == "p", let share = Double(text.dropFirst()), (0...100).contains(share) else {
                if ["tm", "wm", "tc", "ts", "pr", "PR", "IQM", "TM", "WM", "TC", "TS"].contains(where: text.hasPrefix) {
                    throw .notEmulated("CloudWatch's statistic \(text)")
                }
                throw .invalidMetric("The value \(text) for parameter Statistic is not supported.")
            }
            self = .percentile(share)
        }
    }
}

/// The values of periods, by when each begins.
struct PeriodSeries: Sendable {
    /// In milliseconds.
    let period: Int64
    private(set) var summaries: [Int64: Summary] = [:]
    private(set) var units: [Int64: String] = [:]

    init(_ points: [MetricPoint], periodInSeconds: Int64) {
        period = periodInSeconds * 1000
        for point in points {
            let start = Self.start(of: point.time, period)
            summaries[start, default: Summary()].add(point.values)
            units[start] = point.unit
        }
    }

    static func start(of time: Int64, _ period: Int64) -> Int64 {
        let rest = time % period
        return time - (rest < 0 ? rest + period : rest)
    }
}
