/// Plausible names, with the commas, quotes, line breaks and scripts that real exports hold.
enum SampleText {
    static let styles = [
        "American IPA", "Vienna Lager", "English Brown Ale", "Russian Imperial Stout", "Hefeweizen",
        "Saison / Farmhouse Ale",
        "Kölsch", "Märzen / Oktoberfest", "American Double / Imperial IPA", "Fruit / Vegetable Beer", "Witbier",
        "Porter",
        "Czech Pilsener", "Bière de Garde", "Belgian Strong Dark Ale", "Extra Special / Strong Bitter (ESB)",
    ]
    static let states = [
        "AL", "AR", "AZ", "CA", "CO", "CT", "DC", "FL", "GA", "IA", "IL", "IN", "KS", "KY", "MA", "MD", "ME", "MI",
        "MN", "MO", "NC",
        "NE", "NJ", "NM", "NV", "NY", "OH", "OK", "OR", "PA", "TN", "TX", "UT", "VA", "VT", "WA", "WI",
    ]
    static let mailHosts = ["example.com", "example.net", "example.org", "mail.example"]

    private static let adjectives = [
        "Old", "Golden", "Black", "Wild", "Quiet", "Crooked", "Northern", "Hazy", "Smoky", "Brave", "Lost", "Velvet",
        "Rusty", "Lucky",
        "Süße", "Été", "Živá", "琥珀",
    ]
    private static let nouns = [
        "Fox", "River", "Anvil", "Monk", "Harvest", "Lantern", "Raven", "Mill", "Copper", "Orchard", "Wheel", "Harbor",
        "Giant", "Thistle",
        "Straße", "Forêt", "Dvůr", "エール",
    ]
    private static let kinds = [
        "Ale", "Lager", "Stout", "Porter", "IPA", "Pils", "Bock", "Dubbel", "Wheat", "Bitter", "Reserve", "Tripel",
    ]
    private static let houses = [
        "Brewing Company", "Brewery", "Brauerei", "Brasserie", "Beer Works", "Pivovar", "Cervecería",
    ]

    static func beerName(_ random: inout SampleRandom) -> String {
        let name = random.pick(adjectives) + " " + random.pick(nouns) + " " + random.pick(kinds)
        switch random.below(200) {
        case 0..<8: return name + " (\(1990 + random.below(25)))"
        case 8..<12: return "\"" + random.pick(nouns) + "\" " + name
        case 12..<16: return name + ", " + random.pick(adjectives) + " Edition"
        case 16: return name + "\nBatch \(1 + random.below(40))"
        case 17: return name + " 🍺"
        case 18: return random.pick(nouns) + "'s " + name + "\r\nsecond line, \"quoted\""
        case 19: return ""
        default: return name
        }
    }

    static func breweryName(_ random: inout SampleRandom) -> String {
        let name = random.pick(adjectives) + " " + random.pick(nouns) + " " + random.pick(houses)
        return switch random.below(40) {
        case 0: name + ", Inc."
        case 1: name + " \"" + random.pick(nouns) + "\""
        case 2: random.pick(nouns) + " & " + name
        default: name
        }
    }

    static func profileName(_ number: Int, _ random: inout SampleRandom) -> String {
        random.pick(kinds).lowercased() + random.pick(["", "_", ".", "-"]) + String(number, radix: 36)
    }
}
