internal import JSON

/// What files cost: measured time, multiplied by the prices of AWS.
enum CostPage {
    static func render(_ request: Page.Request, _ source: any ConsoleSource) throws(ConsoleFault) -> Page.Content {
        let answer = try source.cost()
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
                body: Parts.empty(
                    "No file has been converted yet, so nothing is measured.",
                    command: "cupel generate -o sample\ncupel run sample"))
        }
        let prices = answer[list: "prices"].map { price -> [HTML] in
            ["\(price[text: "name"] ?? "")", "\(money(price["value"]))", "\(price[text: "unit"] ?? "")"]
        }
        let note: HTML =
            answer["truncated"]?.bool == true
            ? "<p class=\"quiet\">Only the newest files of the index's first pages are counted.</p>" : ""
        let body: HTML = """
            <p class="quiet">The time that each conversion took here, at the prices of us-east-1. A laptop is not Lambda: take the numbers as proportions.</p>
            \(Parts.table("Cost", [("Table", false), ("Target", false), ("Files", true), ("Rows", true), ("Raw size", true), ("Took", true), ("Cost", true), ("A million rows", true), ("On the other target", true)], rows))
            \(note)
            <h2>Prices</h2>
            \(Parts.table("Prices", [("What", false), ("USD", true), ("Per", false)], prices))
            """
        return Page.Content(title: "Cost", body: body)
    }

    private static func power(_ exponent: Int) -> Double { (0..<exponent).reduce(1.0) { power, _ in power * 10 } }

    private static func money(_ value: JSON?) -> String {
        guard let dollars = value?.double else { return Shown.none }
        // Three digits that say something, whatever the size.
        var places = 2
        while places < 9, dollars > 0, dollars * power(places) < 100 { places += 1 }
        return "$" + Shown.decimal(dollars, places: places)
    }
}
