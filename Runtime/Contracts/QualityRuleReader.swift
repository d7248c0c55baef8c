internal import YAML

private let ruleKeys = [
    "id", "authoritativeDefinitions", "businessImpact", "customProperties", "description", "dimension", "method",
    "name", "schedule", "scheduler", "severity", "tags", "type", "unit", "metric", "rule", "arguments", "query",
    "engine",
    "implementation",
]
private let comparisonKeys = [
    "mustBe", "mustNotBe", "mustBeGreaterThan", "mustBeGreaterOrEqualTo", "mustBeLessThan", "mustBeLessOrEqualTo",
    "mustBeBetween", "mustNotBeBetween",
]

extension QualityRule {
    /// The rules of a table.
    ///
    /// - Parameter places: The columns and the fields inside them, which rules may name; nil if some are not known.
    static func rules(of table: ContractKey, among places: [FieldPlace]?) throws(ContractError) -> [QualityRule] {
        var rules: [QualityRule] = []
        for key in try table.optional("quality")?.elements() ?? [] {
            key.noting { () throws(ContractError) in
                let rule = try QualityRule(reading: key, column: nil, logicalType: "object")
                rules.append(rule)
                if let places { try rule.checkProperties(among: places, key) }
            }
        }
        return rules
    }

    private func checkProperties(among places: [FieldPlace], _ key: ContractKey) throws(ContractError) {
        for name in arguments.properties {
            let named = places.filter { $0.path == name }
            guard let place = named.first else {
                throw key.fault("the rule names the column '\(name)', which does not exist")
            }
            guard named.count == 1 else { throw key.fault("'\(name)' is the name of more than one field; rename one") }
            try check(of: place.field.type, at: name, isInList: place.isInList, key)
        }
    }

    /// The rules of a column or field.
    ///
    /// - Parameter type: The type; nil if it is not known. Then the metrics are not checked against it.
    static func rules(
        of property: ContractKey, about type: ColumnType?, logicalType: String, at place: NestedPlace
    ) throws(ContractError) -> [QualityRule] {
        var rules: [QualityRule] = []
        let keys = try property.optional("quality")?.elements() ?? []
        let listed = keys.isEmpty ? nil : try property.optional("enum")?.listedValues()
        for key in keys {
            key.noting { () throws(ContractError) in
                let rule = try QualityRule(
                    reading: key, column: place.path, logicalType: logicalType, listed: listed)
                rules.append(rule)
                if let type { try rule.check(of: type, at: place.path, isInList: place.isInList, key) }
            }
        }
        return rules
    }

    /// Checks that the rule can be measured for values of `type`.
    private func check(
        of type: ColumnType, at place: String, isInList: Bool, _ key: ContractKey
    ) throws(ContractError) {
        guard let metric else { return }
        guard canMeasure(type) else {
            throw key.fault("\(metric.rawValue) of '\(place)' cannot be measured: it is \(type)")
        }
        if metric == .duplicateValues, isInList {
            throw key.fault(
                "\(metric.rawValue) of '\(place)' cannot be measured: it compares rows, and a row may have "
                    + "many elements; use nullValues, missingValues or invalidValues for elements")
        }
    }

    private func canMeasure(_ type: ColumnType) -> Bool {
        switch metric {
        case .missingValues, .invalidValues: type.hasComparedValues
        case .duplicateValues: !type.isNested
        case .nullValues, .rowCount, nil: true
        }
    }

    /// - Parameter listed: the values of the column's `enum`, which are the valid ones where the rule names none.
    private init(
        reading rule: ContractKey, column: String?, logicalType: String, listed: [String]? = nil
    ) throws(ContractError) {
        try rule.expectKeys(ruleKeys + comparisonKeys)
        self.column = column
        name = rule.text("name")
        kind = rule.noting { () throws(ContractError) in try rule.optional("type")?.choice(Kind.self) } ?? .library
        description = rule.text("description")
        guard kind == .library else {
            metric = nil
            comparison = nil
            unit = .rows
            severity = .info
            arguments = Arguments()
            return
        }
        unit = rule.noting { () throws(ContractError) in try rule.optional("unit")?.choice(Unit.self) } ?? .rows
        severity =
            rule.noting { () throws(ContractError) in try rule.optional("severity")?.choice(Severity.self) } ?? .warning
        if rule.optional("metric") == nil, let other = rule.optional("rule") {
            // ODCS 3.0 had rules of other names, and of any.
            other.faults.warn(other.fault("this rule is not measured; expected a 'metric'"))
            metric = nil
            comparison = nil
            arguments = Arguments()
            return
        }
        let key = try rule.required("metric")
        let metric = try key.choice(Metric.self)
        self.metric = metric
        switch metric {
        case .rowCount where column != nil:
            throw key.fault("rowCount is a rule of the table; move it beside 'properties'")
        case .rowCount where unit == .percent:
            throw key.fault("rowCount counts rows; remove 'unit: percent'")
        case .nullValues, .missingValues, .invalidValues:
            if column == nil { throw key.fault("\(metric.rawValue) is a rule of a column; move it to one") }
        case .rowCount, .duplicateValues:
            break
        }
        let arguments = rule.noting { () throws(ContractError) in
            try Arguments(reading: rule, metric: metric, column: column, logicalType: logicalType, listed: listed)
        }
        self.arguments = arguments ?? Arguments()
        guard let comparison = try Comparison(reading: rule) else {
            throw rule.fault("the comparison is missing; expected one of \(comparisonKeys.joined(separator: ", "))")
        }
        self.comparison = comparison
    }
}

extension QualityRule.Comparison {
    fileprivate init?(reading rule: ContractKey) throws(ContractError) {
        let given = comparisonKeys.filter { rule.node[$0] != nil }
        guard let key = given.first else { return nil }
        guard given.count == 1 else {
            throw rule.fault("\(given.joined(separator: " and ")) are set; keep one")
        }
        let value = try rule.required(key)
        switch key {
        case "mustBe": self = .equal(try value.number())
        case "mustNotBe": self = .notEqual(try value.number())
        case "mustBeGreaterThan": self = .greater(try value.number())
        case "mustBeGreaterOrEqualTo": self = .greaterOrEqual(try value.number())
        case "mustBeLessThan": self = .less(try value.number())
        case "mustBeLessOrEqualTo": self = .lessOrEqual(try value.number())
        default:
            let bounds = try value.elements()
            guard bounds.count == 2 else { throw value.fault("expected two numbers, found \(bounds.count)") }
            let (low, high) = (try bounds[0].number(), try bounds[1].number())
            guard low <= high else { throw value.fault("expected the smaller number first") }
            self = key == "mustBeBetween" ? .between(low, high) : .notBetween(low, high)
        }
    }
}

extension QualityRule.Arguments {
    fileprivate init(
        reading rule: ContractKey, metric: QualityRule.Metric, column: String?, logicalType: String, listed: [String]?
    ) throws(ContractError) {
        guard let arguments = rule.optional("arguments") else {
            switch metric {
            case .invalidValues:
                guard let listed else {
                    throw rule.fault("the key 'arguments' is missing; define the valid values")
                }
                constraints.validValues = listed
                return
            case .duplicateValues where column == nil:
                throw rule.fault("'arguments' with 'properties' is missing; list the columns that must differ together")
            default: return
            }
        }
        switch metric {
        case .nullValues, .rowCount:
            try arguments.expectKeys([])
        case .missingValues:
            try arguments.expectKeys(["missingValues"])
            // Nulls always count as missing.
            missingValues = try arguments.required("missingValues").elements().compactMap(\.node.string)
        case .invalidValues:
            try arguments.expectKeys(ValueConstraints.argumentKeys)
            constraints = try ValueConstraints.of(arguments: arguments, logicalType: logicalType)
        case .duplicateValues:
            try arguments.expectKeys(column == nil ? ["properties"] : [])
            properties = column == nil ? try arguments.required("properties").texts() : []
        }
    }
}
