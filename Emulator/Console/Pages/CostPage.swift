internal import JSON

/// What files cost: measured time, multiplied by the prices of AWS.
enum CostPage {
    static func render(_ request: Page.Request, _ source: any ConsoleSource) throws(ConsoleFault) -> Page.Content {
        let answer = try source.cost(patience: Page.patience)
        guard answer["is_counting"]?.bool != true else {
            return Page.Content(title: "Cost", body: Parts.counting("cost", "Adding up what files cost…"))
        }
        let rows = answer[list: "rows"].map { row -> [HTML] in
            [
                "\(row[text: "table"] ?? "")", "\(row[text: "target"] ?? "")", "\(Shown.count(row[number: "files"]))",
                "\(Shown.count(row[number: "rows"]))", "\(Shown.bytes(row[number: "bytes"]))",
                "\(Shown.duration(row[number: "took_ms"]))", "\(money(row["dollars"]))",
                "\(money(row["dollars_per_million_rows"]))", "\(money(row["dollars_other"]))",
            ]
        }
        guard !rows.isEmpty else {
            return Page.Content(
                title: "Cost",
                body: Parts.live(
                    "cost", answer,
                    Parts.empty(
                        "No file has been converted yet, so nothing is measured.",
                        command: "cupel generate -o sample\ncupel run sample")))
        }
        let days = answer[list: "days"].map { day -> [HTML] in
            [
                "<span class=\"day\">\(day[text: "day"] ?? "")</span>", "\(Shown.count(day[number: "files"]))",
                "\(Shown.bytes(day[number: "bytes"]))", "\(money(day["dollars"]))", "\(money(day["lambda"]))",
                "\(money(day["ecs"]))", "\(money(day["emr"]))",
            ]
        }
        let prices = answer[list: "prices"].map { price -> [HTML] in
            ["\(price[text: "name"] ?? "")", "\(money(price["value"]))", "\(price[text: "unit"] ?? "")"]
        }
        let note: HTML =
            answer["truncated"]?.bool == true
            ? "<p class=\"quiet\">The records are still being counted; these are the first ones.</p>" : ""
        let body: HTML = """
            <p class="quiet">The time that each conversion took here, at the prices of us-east-1. A laptop is not Lambda: take the numbers as proportions.</p>
            \(Parts.table("Cost", [("Table", false), ("Target", false), ("Files", true), ("Rows", true), ("Raw size", true), ("Took", true), ("Cost", true), ("A million rows", true), ("On the other target", true)], rows))
            \(note)
            <h2>With another threshold</h2>
            <p class="quiet">Files with at most so many rows go to Lambda, others to a task of Fargate: the parameter LambdaMaxRecords.</p>
            \(thresholds(answer[list: "thresholds"]))
            <h2>Days</h2>
            <p class="quiet">What a day's files cost, and what they would if all went one way. Spark is one job a day: a minute to start, 4 vCPU with 16 GB, and as much CPU time as here.</p>
            \(Parts.table("Days", [("Day", false), ("Files", true), ("Raw size", true), ("Cost", true), ("All by Lambda", true), ("All by Fargate", true), ("By Spark", true)], days))
            <h2>Prices</h2>
            \(Parts.table("Prices", [("What", false), ("USD", true), ("Per", false)], prices))
            """
        return Page.Content(title: "Cost", body: Parts.live("cost", answer, body))
    }

    /// What each threshold would cost; the cheapest is said to be so.
    private static func thresholds(_ thresholds: [JSON]) -> HTML {
        let costs = thresholds.compactMap { $0["dollars"]?.double }
        // Where all cost the same, none is better.
        let least = costs.min() == costs.max() ? nil : costs.min()
        let rows = thresholds.map { threshold -> [HTML] in
            let isLeast = least != nil && threshold["dollars"]?.double == least
            let rows = threshold[number: "rows"]
            return [
                "\(rows.map { Shown.count($0) } ?? "no limit")", "\(Shown.count(threshold[number: "lambda_files"]))",
                "\(Shown.count(threshold[number: "ecs_files"]))", "\(money(threshold["dollars"]))",
                isLeast ? "<strong>the least</strong>" : "",
            ]
        }
        return Parts.table(
            "Thresholds",
            [
                ("Rows", true), ("Files to Lambda", true), ("Files to Fargate", true), ("Cost", true),
                ("Cheapest", false),
            ], rows)
    }

    private static func power(_ exponent: Int) -> Double { (0..<exponent).reduce(1.0) { power, _ in power * 10 } }

    static func money(_ value: JSON?) -> String {
        guard let dollars = value?.double else { return Shown.none }
        // Three digits that say something, whatever the size.
        var places = 2
        while places < 9, dollars > 0, dollars * power(places) < 100 { places += 1 }
        return "$" + Shown.decimal(dollars, places: places)
    }
}
