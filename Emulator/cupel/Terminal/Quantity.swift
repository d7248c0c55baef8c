/// Numbers as people read them.
enum Quantity {
    /// `1234567` as `1,234,567`; nil as `-`.
    static func count(_ value: Int?) -> String {
        guard let value else { return "-" }
        var text = ""
        let digits = String(value.magnitude)
        for (position, digit) in digits.enumerated() {
            if position > 0, (digits.count - position).isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return value < 0 ? "-\(text)" : text
    }

    /// With `places` digits after the point, rounded half up.
    static func decimal(_ value: Double, places: Int) -> String {
        guard value.isFinite, value.magnitude < 1e12 else { return "-" }
        let scale = (0..<places).reduce(1) { scale, _ in scale * 10 }
        let scaled = Int((value.magnitude * Double(scale)).rounded())
        let fraction = String(scaled % scale)
        let zeros = String(repeating: "0", count: max(0, places - fraction.count))
        return (value < 0 && scaled > 0 ? "-" : "") + "\(scaled / scale)" + (places > 0 ? ".\(zeros)\(fraction)" : "")
    }

    /// Whole numbers without a point, others with two digits after it.
    static func shortest(_ value: Double) -> String {
        Int(exactly: value).map { count($0) } ?? decimal(value, places: 2)
    }

    static func bytes(_ count: Int) -> String {
        let units = ["B", "kB", "MB", "GB", "TB"]
        var (value, unit) = (Double(count), 0)
        while value >= 1000, unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
        return "\(decimal(value, places: unit == 0 ? 0 : 1)) \(units[unit])"
    }
}
