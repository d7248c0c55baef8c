/// One of the four tables of the sample, row by row: the same rows for the same seed, in either format.
package enum SampleTable: String, CaseIterable, Sendable {
    case beer
    case brewery
    case profile
    case review

    package var columns: [String] {
        switch self {
        case .beer: ["beer_id", "brewery_id", "beer_name", "beer_style", "beer_abv"]
        case .brewery: ["brewery_id", "brewery_name"]
        case .profile: ["profile_id", "profile_name", "email", "state"]
        case .review:
            [
                "review_id", "brewery_id", "beer_id", "profile_id", "review_overall", "review_aroma",
                "review_appearance", "review_palate", "review_taste", "review_time",
            ]
        }
    }

    /// The row count in the public data set. With these counts, references between the tables are valid.
    package var usualRows: Int {
        switch self {
        case .beer: 66_055
        case .brewery: 5_840
        case .profile: 33_388
        case .review: 1_586_614
        }
    }

    /// Writes a gzip file of rows, whole or not at all.
    /// - Returns: the size before compression, in bytes.
    package func write(rows: Int, seed: UInt64, as format: SampleFormat, to path: String) throws(SampleFileError) -> Int
    {
        var file = try GzipFile(path: path)
        var random = SampleRandom(seed: seed, stream: rawValue)
        var writer = RowWriter(format: format, columns: columns)
        for number in 0..<rows {
            write(row: number + 1, &random, to: &writer)
            if writer.bytes.count > 1 << 18 {
                try file.write(writer.bytes)
                writer.removeWritten()
            }
        }
        try file.write(writer.bytes)
        try file.finish()
        return file.uncompressedBytes
    }

    /// Writes row `number`, counted from 1.
    private func write(row number: Int, _ random: inout SampleRandom, to row: inout RowWriter) {
        switch self {
        case .beer: writeBeer(number, &random, &row)
        case .brewery: writeBrewery(number, &random, &row)
        case .profile: writeProfile(number, &random, &row)
        case .review: writeReview(number, &random, &row)
        }
        row.endRow()
    }

    private func writeBeer(_ number: Int, _ random: inout SampleRandom, _ row: inout RowWriter) {
        row.integer(number)
        row.integer(Self.brewery(ofBeer: number))
        row.text(SampleText.beerName(&random))
        row.text(random.once(in: 400) ? nil : random.pick(SampleText.styles))
        row.decimal(tenths: random.once(in: 25) ? nil : 35 + random.below(40) + random.below(30))
    }

    private func writeBrewery(_ number: Int, _ random: inout SampleRandom, _ row: inout RowWriter) {
        row.integer(number)
        row.text(SampleText.breweryName(&random))
    }

    private func writeProfile(_ number: Int, _ random: inout SampleRandom, _ row: inout RowWriter) {
        let name = SampleText.profileName(number, &random)
        row.integer(number)
        row.text(name)
        row.text(random.once(in: 60) ? nil : name + "@" + random.pick(SampleText.mailHosts))
        row.text(random.once(in: 20) ? nil : random.pick(SampleText.states))
    }

    private func writeReview(_ number: Int, _ random: inout SampleRandom, _ row: inout RowWriter) {
        let beer = 1 + random.ranked(below: Self.beer.usualRows)
        row.integer(number)
        row.integer(Self.brewery(ofBeer: beer))
        row.integer(beer)
        row.integer(1 + random.skewed(below: Self.profile.usualRows))
        // The scores of a review are close to each other, in halves from 1 to 5.
        let liking = 4 + random.below(4) + random.below(4)
        for _ in 0..<5 {
            let halves = min(10, max(2, liking - 1 + random.below(3)))
            row.decimal(tenths: random.once(in: 250) ? nil : halves * 5)
        }
        // There are more of them from year to year.
        row.integer(840_672_001 + (0..<3).reduce(0) { latest, _ in max(latest, random.below(485_613_347)) })
    }

    /// The brewery of a beer, which is the same in every table.
    private static func brewery(ofBeer beer: Int) -> Int {
        var random = SampleRandom(seed: UInt64(beer), stream: "brewery of beer")
        return 1 + random.skewed(below: brewery.usualRows)
    }
}
