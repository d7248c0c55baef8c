import JSON
import Testing

@testable import JSONata

/// Pictures of numbers, integers and dates; the values are those of the reference implementation.
struct PictureTests {
    private func evaluate(_ text: String) throws -> JSON? {
        var random = RandomSource(seed: 1)
        guard case .json(let value) = try JSONataExpression(text).evaluate(bindings: [:], random: &random, now: 0)
        else {
            return nil
        }
        return value
    }

    @Test(
        "a value is written and read by its picture",
        arguments: [
            (#"$formatNumber(12345.6, '#,###.00')"#, #""12,345.60""#),
            (#"$formatNumber(1234.5678, '00.000e0')"#, #""12.346e2""#),
            (#"$formatNumber(0.14, '01%')"#, #""14%""#),
            (#"$formatNumber(-6, '000')"#, #""-006""#),
            (#"$formatNumber(1234567, '#,##0')"#, #""1,234,567""#),
            (#"$formatNumber(0.5, '0.00')"#, #""0.50""#),
            (#"$formatNumber(12.345, '0.0#')"#, #""12.34""#),
            (#"$formatNumber(-12.5, '#0.0;(#0.0)')"#, #""(12.5)""#),
            (#"$formatNumber(0, '0')"#, #""0""#),
            (#"$formatNumber(1e21, '#,##0')"#, #""1,000,000,000,000,000,000,000""#),
            (#"$formatNumber(34.555, '#0.00;(#0.00)')"#, #""34.56""#),
            (#"$formatNumber(0.234, '0.0e0')"#, #""2.3e-1""#),
            (#"$formatInteger(2789, 'w')"#, #""two thousand, seven hundred and eighty-nine""#),
            (#"$formatInteger(1999, 'I')"#, #""MCMXCIX""#),
            (#"$formatInteger(123, '0000')"#, #""0123""#),
            (#"$formatInteger(1234567, '#,##0')"#, #""1,234,567""#),
            (#"$formatInteger(21, '1;o')"#, #""21st""#),
            (#"$formatInteger(12, 'w;o')"#, #""twelfth""#),
            (#"$formatInteger(28, 'A')"#, #""AB""#),
            (#"$formatInteger(1000000, 'Ww')"#, #""One Million""#),
            (#"$formatInteger(112, '1;o')"#, #""112th""#),
            (#"$formatInteger(-5, '00')"#, #""-05""#),
            (#"$parseInteger('twelve thousand, four hundred and seventy-six', 'w')"#, #"12476"#),
            (#"$parseInteger('12,345,678', '#,##0')"#, #"12345678"#),
            (#"$parseInteger('MCMXCIX', 'I')"#, #"1999"#),
            (#"$parseInteger('ab', 'a')"#, #"28"#),
            (#"$fromMillis(1510067557121)"#, #""2017-11-07T15:12:37.121Z""#),
            (#"$fromMillis(1510067557121, '[M01]/[D01]/[Y0001] [h#1]:[m01][P]')"#, #""11/07/2017 3:12pm""#),
            (#"$fromMillis(1510067557121, '[H01]:[m01]:[s01] [z]', '-0500')"#, #""10:12:37 GMT-05:00""#),
            (#"$fromMillis(1510067557121, '[Y]-[M]-[D]')"#, #""2017-11-7""#),
            (#"$fromMillis(1510067557121, '[Y0001]-[M01]-[D01]')"#, #""2017-11-07""#),
            (#"$fromMillis(1510067557121, '[F], [D1o] [MNn] [Y]')"#, #""tuesday, 7th November 2017""#),
            (#"$fromMillis(1510067557121, '[FNn,3-3] [D01] [MNn,3-3] [Y0001]')"#, #""Tue 07 Nov 2017""#),
            (#"$fromMillis(1510067557121, '[Y,2-2][M01][D01]T[H01][m01][s01].[f001]')"#, #""171107T151237.121""#),
            (#"$fromMillis(1510067557121, 'Week: [W] of [X], day [d]')"#, #""Week: 45 of 2017, day 311""#),
            (#"$fromMillis(1510067557121, '[w] [x]')"#, #""2 11""#),
            (
                #"$fromMillis(1514808000000, 'Week: [W] of [X], day [d], [xNn] [w]')"#,
                #""Week: 1 of 2018, day 1, January 1""#
            ),
            (#"$fromMillis(1521801216617, '[F0] [D#1,2] [MN] [YI]')"#, #""5 23 MARCH MMXVIII""#),
            (#"$fromMillis(1510067557121, '[[[Y]]] [E]')"#, #""[2017] ISO""#),
            (
                #"$fromMillis(1510067557121, '[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z0101t]', '+0530')"#,
                #""2017-11-07T20:42:37.121+0530""#
            ),
            (#"$fromMillis(1510067557121, '[H01]:[m01] [Z]', '+0100')"#, #""16:12 +01:00""#),
            (#"$fromMillis(1510067557121, '[H01]:[m01] [Z0]', '+0100')"#, #""16:12 +1""#),
            (#"$fromMillis(1510067557121, '[Dwo] [MNn] [Yw]')"#, #""seventh November two thousand and seventeen""#),
            (#"$toMillis('2017-11-07T15:12:37.121Z')"#, #"1510067557121"#),
            (#"$toMillis('2017')"#, #"1483228800000"#),
            (#"$toMillis('2017-10')"#, #"1506816000000"#),
            (#"$toMillis('2017-10-30')"#, #"1509321600000"#),
            (#"$toMillis('2017-10-30T16:25:32.935+0100')"#, #"1509377132935"#),
            (#"$toMillis('11/07/2017 3:12PM', '[M01]/[D01]/[Y0001] [h#1]:[m01][P]')"#, #"1510067520000"#),
            (#"$toMillis('2017-11-07', '[Y]-[M]-[D]')"#, #"1510012800000"#),
            (#"$toMillis('20171107T151237', '[Y0001][M01][D01]T[H01][m01][s01]')"#, #"1510067557000"#),
            (#"$toMillis('21 March 2018', '[D1] [MNn] [Y0001]')"#, #"1521590400000"#),
            (#"$toMillis('Wednesday, 14th November 2018', '[FNn], [D1o] [MNn] [Y0001]')"#, #"1542153600000"#),
            (#"$toMillis('2018-321', '[Y0001]-[d001]')"#, #"1542412800000"#),
            (#"$toMillis('2017-10-30T16:25 +01:00', '[Y0001]-[M01]-[D01]T[H01]:[m01] [Z]')"#, #"1509377100000"#),
            (#"$formatBase(255, 16)"#, #""ff""#),
            (
                #"$round(2.5) & ',' & $round(-3.5) & ',' & $round(12345, -2) & ',' & $round(1.005, 2)"#,
                #""2,-4,12300,1""#
            ),
            (#"$toMillis('x', '[Y0001]')"#, nil), (#"$round(4.525, 2) & ',' & $round(4.515, 2)"#, #""4.52,4.52""#),
            (
                #"$formatNumber(1234.5, '#.##0,00', {'decimal-separator': ',', 'grouping-separator': '.'})"#,
                #""1.234,50""#
            ),
            (#"$now('[Y0001]') & $now()"#, #""19701970-01-01T00:00:00.000Z""#),
        ] as [(String, String?)])
    func pictures(text: String, expected: String?) throws {
        #expect(try evaluate(text) == expected.map { try JSON(parsing: $0) })
    }

    @Test(
        "a faulty picture has its code",
        arguments: [
            ("$formatNumber(1, '0;0;0')", "D3080"), ("$formatNumber(1, '0.0.0')", "D3081"),
            ("$formatNumber(1, '0%%')", "D3082"), ("$formatNumber(1, '0‰‰')", "D3083"),
            ("$formatNumber(1, '0%‰')", "D3084"),
            ("$formatNumber(1, '.')", "D3085"), ("$formatNumber(1, '0 0')", "D3086"),
            ("$formatNumber(1, '0,.0')", "D3087"),
            ("$formatNumber(1, '0,')", "D3088"), ("$formatNumber(1, '0,,0')", "D3089"),
            ("$formatNumber(1, '0#.0')", "D3090"),
            ("$formatNumber(1, '0.#0')", "D3091"), ("$formatNumber(1, '0e0%')", "D3092"),
            ("$formatNumber(1, '0e#')", "D3093"),
            ("$formatInteger(1, '0١')", "D3131"), ("$formatInteger(1, '?')", "D3130"), ("$now('[Q]')", "D3132"),
            ("$now('[YN]')", "D3133"), ("$fromMillis(0, '[Z010101t]')", "D3134"), ("$now('[Y')", "D3135"),
            ("$toMillis('2018-05', '[X0001]-[W01]')", "D3136"), ("$toMillis('x')", "D3110"),
        ])
    func faults(text: String, code: String) {
        let fault = #expect(throws: JSONataFault.self) { try evaluate(text) }
        #expect(fault?.code == code)
    }
}
