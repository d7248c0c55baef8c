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
    /// The rules under `element`'s key `quality`.
    ///
    /// - Parameter column: its name; nil for the table's rules.
    static func rules(of element: ContractKey, column: String?) throws(ContractError) -> [QualityRule] {
        guard let quality = element.optional("quality") else { return [] }
        var rules: [QualityRule] = []
        let logicalType = try element.optional("logicalType")?.string() ?? "object"
        for rule in try quality.elements() {
            rules.append(try QualityRule(reading: rule, column: column, logicalType: logicalType))
        }
        return rules
    }

    /// Checks that what rules call columns are columns, of types whose values the rules can measure.
    static func checkColumns(
        of rules: [QualityRule], among columns: [Contract.Column], at table: ContractKey
    ) throws(ContractError) {
        for rule in rules {
            guard
                let unknown = rule.arguments.properties.first(where: { name in !columns.contains { $0.name == name } })
            else { continue }
            throw try table.required("quality").fault("the rule names a column '\(unknown)', which is not there")
        }
        for rule in rules {
            let names = rule.column.map { [$0] } ?? rule.arguments.properties
            guard let column = columns.first(where: { names.contains($0.name) && !rule.canMeasure($0.type) }),
                let metric = rule.metric
            else { continue }
            throw table.fault("\(metric.rawValue) of '\(column.name)' cannot be measured: it is \(column.type)")
        }
    }

    private func canMeasure(_ type: ColumnType) -> Bool {
        switch metric {
        case .missingValues, .invalidValues: type.hasComparedValues
        case .duplicateValues: !type.isNested
        case .nullValues, .rowCount, nil: true
        }
    }

    private init(reading rule: ContractKey, column: String?, logicalType: String) throws(ContractError) {
        try rule.expectKeys(ruleKeys + comparisonKeys)
        self.column = column
        name = try rule.optional("name")?.string()
        kind = try rule.optional("type")?.choice(Kind.self) ?? .library
        description = try rule.optional("description")?.string()
        guard kind == .library else {
            metric = nil
            comparison = nil
            unit = .rows
            severity = .info
            arguments = Arguments()
            return
        }
        unit = try rule.optional("unit")?.choice(Unit.self) ?? .rows
        severity = try rule.optional("severity")?.choice(Severity.self) ?? .warning
        let key = try rule.required("metric")
        let metric = try key.choice(Metric.self)
        self.metric = metric
        switch metric {
        case .rowCount where column != nil:
            throw key.fault("rowCount is a rule of the table; move it beside 'properties'")
        case .rowCount where unit == .percent:
            throw key.fault("rows are counted; leave 'unit: percent' out")
        case .nullValues, .missingValues, .invalidValues:
            if column == nil { throw key.fault("\(metric.rawValue) is a rule of a column; move it to one") }
        case .rowCount, .duplicateValues:
            break
        }
        arguments = try Arguments(reading: rule, metric: metric, column: column, logicalType: logicalType)
        guard let comparison = try Comparison(reading: rule) else {
            throw rule.fault("what must hold is missing; give one of \(comparisonKeys.joined(separator: ", "))")
        }
        self.comparison = comparison
    }
}

extension QualityRule.Comparison {
    fileprivate init?(reading rule: ContractKey) throws(ContractError) {
        let given = comparisonKeys.filter { rule.node[$0] != nil }
        guard let key = given.first else { return nil }
        guard given.count == 1 else {
            throw rule.fault("\(given.joined(separator: " and ")) are given; give one")
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
            guard low <= high else { throw value.fault("the smaller number comes first") }
            self = key == "mustBeBetween" ? .between(low, high) : .notBetween(low, high)
        }
    }
}

extension QualityRule.Arguments {
    fileprivate init(
        reading rule: ContractKey, metric: QualityRule.Metric, column: String?, logicalType: String
    ) throws(ContractError) {
        guard let arguments = rule.optional("arguments") else {
            switch metric {
            case .invalidValues: throw rule.fault("'arguments' that say what is valid are missing")
            case .duplicateValues where column == nil:
                throw rule.fault("'arguments' with 'properties', the columns that must differ together, are missing")
            default: return
            }
        }
        switch metric {
        case .nullValues, .rowCount:
            try arguments.expectKeys([])
        case .missingValues:
            try arguments.expectKeys(["missingValues"])
            // Nulls are missing in any case.
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
