internal import Columns
internal import Contracts
internal import Iceberg

/// How a column's values are computed from those of another, in UTC.
///
/// A change carries a derived column where it carries its source, so both have the value of the same change.
struct Derivation: Sendable, Hashable {
    let part: SilverLayout.TimePart
    /// The name of the column that it is computed from.
    let source: String
    private let unit: Unit

    private enum Unit: Hashable {
        case days, seconds, milliseconds, microseconds
    }

    init(_ column: SilverLayout.DerivedColumn, of type: IcebergType) {
        part = column.part
        source = column.source
        unit =
            switch column.unit {
            case .seconds: .seconds
            case .milliseconds: .milliseconds
            case .microseconds: .microseconds
            case nil: type == .date ? .days : .microseconds
            }
    }

    var type: IcebergType { part == .date ? .date : .int }

    func callAsFunction(_ source: ColumnArray) -> ColumnArray {
        var result = source
        switch source.values {
        case .int32(let values): result.values = .int32(values.map { value(of: Int64($0)) })
        case .int64(let values): result.values = .int32(values.map { value(of: $0) })
        default: break
        }
        return result
    }

    /// How many of what the source counts make a day.
    var perDay: Int64 {
        switch unit {
        case .days: 1
        case .seconds: 86_400
        case .milliseconds: 86_400_000
        case .microseconds: 86_400_000_000
        }
    }

    private func value(of number: Int64) -> Int32 {
        let day = Self.floored(number, perDay)
        // Beyond what 32 bits count: nearly six million years.
        let days = IcebergValue.int(Int32(clamping: day))
        func calendar(_ transform: PartitionTransform) -> Int32 {
            if case .int(let value) = transform.apply(days, of: .date) { value } else { 0 }
        }
        switch part {
        case .date: return Int32(clamping: day)
        case .hour: return Int32((number - day * perDay) / max(1, perDay / 24))
        case .year: return 1970 + calendar(.year)
        case .month: return Int32(Self.modulo(Int64(calendar(.month)), 12)) + 1
        case .day:
            let months = calendar(.month)
            return Int32(clamping: day - Self.firstDay(ofMonth: Int64(months))) + 1
        }
    }

    /// The day since 1970 on which a month since 1970 begins.
    private static func firstDay(ofMonth month: Int64) -> Int64 {
        // Howard Hinnant's days_from_civil: years begin in March.
        let shifted = month + 1970 * 12 - 2
        let (year, ofYear) = (floored(shifted, 12), modulo(shifted, 12))
        let era = floored(year, 400)
        let yearOfEra = year - era * 400
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + (153 * ofYear + 2) / 5 - 719_468
    }

    private static func floored(_ value: Int64, _ divisor: Int64) -> Int64 {
        let (quotient, rest) = value.quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? quotient - 1 : quotient
    }

    private static func modulo(_ value: Int64, _ divisor: Int64) -> Int64 { value - floored(value, divisor) * divisor }
}
