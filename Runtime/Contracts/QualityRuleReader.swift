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
    static func rules(of element: ContractKey, column: String?) throws(ContractError) -> [QualityRule] {
        guard let quality = element.optional("quality") else { return [] }
        var rules: [QualityRule] = []
        for rule in try quality.elements() { rules.append(try QualityRule(reading: rule, column: column)) }
        return rules
    }

    private init(reading rule: ContractKey, column: String?) throws(ContractError) {
        try rule.expectKeys(ruleKeys + comparisonKeys)
        self.column = column
        name = try rule.optional("name")?.string()
        kind = try rule.optional("type")?.choice(Kind.self) ?? .library
        unit = try rule.optional("unit")?.choice(Unit.self) ?? .rows
        severity = try rule.optional("severity")?.string()
        description = try rule.optional("description")?.string()
        arguments = try Arguments(reading: rule.optional("arguments"))
        guard kind == .library else {
            metric = nil
            comparison = nil
            return
        }
        let metric = try rule.required("metric")
        self.metric = try metric.choice(Metric.self)
        if column != nil, self.metric == .rowCount {
            throw metric.fault("rowCount is a rule of the table; move it beside 'properties'")
        }
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
    fileprivate init(reading arguments: ContractKey?) throws(ContractError) {
        guard let arguments else { return }
        validValues = try arguments.optional("validValues")?.texts() ?? []
        missingValues = try arguments.optional("missingValues")?.texts() ?? []
        pattern = try arguments.optional("pattern")?.string()
        properties = try arguments.optional("properties")?.texts() ?? []
    }
}
