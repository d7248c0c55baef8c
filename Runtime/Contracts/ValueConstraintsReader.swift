internal import Pattern
internal import YAML

private let rangeKeys = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]
private let textKeys = ["minLength", "maxLength", "pattern"]

extension ValueConstraints {
    /// The constraints in `logicalTypeOptions` and the custom property `validValues` of a column; nil if there are
    /// none.
    static func of(_ column: ContractKey, _ type: ColumnType) throws(ContractError) -> ValueConstraints? {
        let logicalType = try column.logicalType()
        var constraints = ValueConstraints()
        if let options = column.optional("logicalTypeOptions") {
            try options.expectKeys(optionKeys(of: logicalType))
            constraints = try ValueConstraints(reading: options, logicalType: logicalType)
        }
        if let values = try column.customProperty("validValues") {
            constraints.validValues = try values.values()
        }
        if let list = column.optional("enum") {
            guard constraints.validValues == nil else {
                throw list.fault("'enum' and the custom property 'validValues' are both set; remove one")
            }
            constraints.validValues = try list.listedValues()
        }
        guard !constraints.isEmpty else { return nil }
        guard type.hasComparedValues else {
            throw column.fault("values of the type \(type) cannot be compared; remove the constraints")
        }
        return constraints
    }

    /// The constraints in the arguments of `invalidValues`.
    static func of(
        arguments: ContractKey, logicalType: String
    ) throws(ContractError) -> ValueConstraints {
        var constraints = try ValueConstraints(reading: arguments, logicalType: logicalType)
        constraints.validValues = try arguments.optional("validValues")?.values()
        guard !constraints.isEmpty else {
            throw arguments.fault(
                "no argument defines the valid values; add validValues, pattern, minimum, maximum or a length")
        }
        return constraints
    }

    static let argumentKeys = ["validValues", "multipleOf"] + rangeKeys + textKeys

    /// The standard's keys. Formats and time zones belong to the type. Sizes of objects and arrays are not checked.
    private static func optionKeys(of logicalType: String) -> [String] {
        switch logicalType {
        case "string": ["format"] + textKeys
        case "integer", "number": ["format", "multipleOf"] + rangeKeys
        case "date", "timestamp", "time": ["format", "timezone", "defaultTimezone"] + rangeKeys
        case "object": ["maxProperties", "minProperties", "required"]
        case "array": ["maxItems", "minItems", "uniqueItems"]
        default: []
        }
    }

    private init(reading options: ContractKey, logicalType: String) throws(ContractError) {
        for key in textKeys where logicalType != "string" {
            guard let option = options.optional(key) else { continue }
            throw option.fault("'\(key)' applies to text, and the column has the type \(logicalType)")
        }
        for key in rangeKeys where !["integer", "number", "date", "timestamp", "time"].contains(logicalType) {
            guard let option = options.optional(key) else { continue }
            throw option.fault(
                "'\(key)' applies to numbers, dates and times, and the column has the type \(logicalType)")
        }
        minimum = options.noting { () throws(ContractError) in
            try Self.bound("minimum", "exclusiveMinimum", in: options, logicalType)
        }
        maximum = options.noting { () throws(ContractError) in
            try Self.bound("maximum", "exclusiveMaximum", in: options, logicalType)
        }
        func length(_ key: String) -> Int? {
            options.noting { () throws(ContractError) in try options.optional(key)?.int(in: 0...Int(Int32.max)) }
        }
        (minLength, maxLength) = (length("minLength"), length("maxLength"))
        if let minLength, let maxLength, minLength > maxLength {
            throw options.fault("minLength is greater than maxLength: no text would be valid")
        }
        if let factor = options.optional("multipleOf") {
            guard logicalType == "integer" else { throw factor.fault("'multipleOf' is checked for integers only") }
            multipleOf = try factor.int(in: 1...Int.max)
        }
        if let key = options.optional("pattern") {
            let text = try key.string()
            do { _ = try Pattern(text) } catch { throw key.fault("the regular expression '\(text)': \(error)") }
            pattern = text
        }
    }

    /// One bound of the range. ODCS 3.1 has an exclusive bound as a value, 3.0 as `true` beside the inclusive one.
    private static func bound(
        _ key: String, _ exclusiveKey: String, in options: ContractKey, _ logicalType: String
    ) throws(ContractError) -> Bound? {
        let inclusive = try options.optional(key)?.boundText(logicalType)
        guard let exclusive = options.optional(exclusiveKey) else { return inclusive.map { Bound($0) } }
        if let isExclusive = exclusive.node.bool {
            guard let inclusive else { throw exclusive.fault("'\(exclusiveKey): \(isExclusive)' needs '\(key)'") }
            return Bound(inclusive, isExclusive: isExclusive)
        }
        guard inclusive == nil else { throw exclusive.fault("'\(key)' and '\(exclusiveKey)' are both set; remove one") }
        return Bound(try exclusive.boundText(logicalType), isExclusive: true)
    }
}

extension ColumnType {
    /// Whether values are stored as numbers or text, so that constraints can be checked.
    var hasComparedValues: Bool {
        switch self {
        case .boolean, .json, .uuid, .structure, .list: false
        default: fixedLength == nil
        }
    }
}

extension ContractKey {
    /// A bound's text, checked for the form of the type's values.
    fileprivate func boundText(_ logicalType: String) throws(ContractError) -> String {
        let text = try string()
        let form =
            switch logicalType {
            case "integer": (#"^-?\d{1,19}$"#, "an integer")
            case "number": (#"^-?\d+(\.\d+)?([eE][+-]?\d+)?$"#, "a number")
            case "date": (#"^\d{4}-\d\d-\d\d$"#, "a date, YYYY-MM-DD")
            case "time": (#"^\d\d:\d\d:\d\d(\.\d+)?"#, "a time, HH:MM:SS")
            default: (#"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?$"#, "a timestamp, as in RFC 3339")
            }
        guard let pattern = try? Pattern(form.0) else { preconditionFailure("\(form.0) is not a pattern") }
        var matcher = PatternMatcher(pattern)
        guard matcher.matches(text) else { throw fault("expected \(form.1), found '\(text)'") }
        return text
    }

    /// The values of a list of ODCS 3.2: mappings with a `value` each.
    func listedValues() throws(ContractError) -> [String] {
        var values: [String] = []
        for element in try elements() {
            let value = try element.required("value")
            guard let text = value.node.string else { throw value.fault("expected a value, found \(value.node.kind)") }
            values.append(text)
        }
        guard !values.isEmpty else { throw fault("an empty list leaves no value valid") }
        return values
    }

    /// A list of at least one value.
    fileprivate func values() throws(ContractError) -> [String] {
        let texts = try texts()
        guard !texts.isEmpty else { throw fault("an empty list leaves no value valid") }
        return texts
    }
}
