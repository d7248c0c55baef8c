import AWSModels
import Testing
import Time

@testable import cupel

@Suite struct TerminalTests {
    @Test("columns align, and a narrow terminal cuts lines")
    func alignment() {
        var table = TextTable([.left("NAME"), .right("N"), .left("")])
        table.add(["Kölsch", "7", "x"])
        table.add(["a\nb", "1,234", ""])
        #expect(table.lines() == ["NAME        N", "Kölsch      7  x", "a b     1,234"])
        #expect(table.lines(width: 8) == ["NAME   …", "Kölsch …", "a b    …"])
    }

    @Test("numbers are grouped and rounded")
    func numbers() {
        #expect(Quantity.count(nil) == "-")
        #expect(
            [0, 999, 1000, 1_586_614, -12_345].map { Quantity.count($0) } == [
                "0", "999", "1,000", "1,586,614", "-12,345",
            ])
        #expect(Quantity.decimal(1.005, places: 1) == "1.0")
        #expect(Quantity.decimal(0.05, places: 2) == "0.05")
        #expect(Quantity.decimal(-0.01, places: 1) == "0.0")
        #expect(Quantity.decimal(.infinity, places: 1) == "-")
        #expect([0, 999, 1500, 87_900_000].map(Quantity.bytes) == ["0 B", "999 B", "1.5 kB", "87.9 MB"])
    }

    @Test(
        "a duration means that long ago",
        arguments: [
            ("90s", 90_000), ("15m", 900_000), ("2h", 7_200_000), ("3d", 259_200_000), ("0s", 0),
        ])
    func durations(text: String, milliseconds: Int64) throws {
        let now = Timestamp(milliseconds: 1_900_000_000_000)
        let since = try #require(Since(text, now: now))
        #expect(now.milliseconds(since: since.timestamp) == milliseconds)
    }

    @Test("a full timestamp is accepted, and other text is refused")
    func timestamps() {
        #expect(Since("2026-03-01T09:30:00Z", now: .now())?.timestamp.rfc3339 == "2026-03-01T09:30:00.000Z")
        for text in ["", "m", "-1s", "1w", "yesterday", "999999999999s"] { #expect(Since(text, now: .now()) == nil) }
    }
}

@Suite struct PrintableTextTests {
    @Test("a text of strangers neither moves the cursor nor turns what follows") func printable() {
        #expect("a\u{1B}[2Jb\u{9B}31m\u{202E}c\nd".printable == "a [2Jb 31m c d")
        #expect("a\tb\r\nc\u{7F}".printableLines == "a\tb \nc ")
        #expect("Kölsch 生ビール 🍺".printable == "Kölsch 生ビール 🍺")
    }

    @Test("wide characters take two columns, and a text is cut by columns") func width() {
        #expect("生ビール".columnWidth == 8)
        #expect("a🍺e\u{301}".columnWidth == 4)
        #expect("生ビール".cut(toColumns: 8) == "生ビール")
        #expect("生ビール".cut(toColumns: 6) == "生ビ…")
        #expect("".columnWidth == 0)
    }
}

@Suite struct NextStepsTests {
    @Test("what to type next fits a terminal, and says how to start the emulator if it has ended")
    func lines() {
        let ended = NextSteps(
            table: "gold.top_beers_by_rating", needsEmulator: true, options: "", program: ".build/release/cupel")
        #expect(
            ended.lines == [
                "To look further:", "  .build/release/cupel up", "and in another terminal:",
                "  .build/release/cupel query \"SELECT * FROM gold.top_beers_by_rating\"",
                "  .build/release/cupel table list", "  .build/release/cupel status",
                "and in a browser: http://127.0.0.1:4566/console/",
            ])
        #expect(ended.lines.allSatisfy { $0.count <= 80 })
        let running = NextSteps(
            table: nil, needsEmulator: false, options: " --data here", program: "/a/very/long/folder/for/programs/cupel"
        )
        #expect(
            running.lines == [
                "To look further:", "  cupel query --data here \"SHOW TABLES IN silver\"",
                "  cupel table list --data here", "  cupel status --data here",
                "and in a browser: http://127.0.0.1:4566/console/",
            ])
    }
}
