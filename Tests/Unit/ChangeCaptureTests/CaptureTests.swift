import Digest
import JSON
import LambdaRuntime
import PostgresReplication
import Testing

@testable import ChangeCapture

@Suite struct CaptureTests {
    @Test("patterns name schemas and tables, with any characters for a star") func patterns() throws {
        let patterns = try #require(TablePatterns("dm_core.*,public.or*s, a.b"))
        let captured = [("dm_core", "x"), ("dm_core", ""), ("public", "orders"), ("public", "ors"), ("a", "b")]
        #expect(captured.allSatisfy { patterns.include(schema: $0.0, table: $0.1) })
        let others = [("dm_cor", "x"), ("public", "or"), ("public", "order"), ("a", "bb"), ("", "")]
        #expect(others.allSatisfy { !patterns.include(schema: $0.0, table: $0.1) })
        #expect(TablePatterns("a.*x*y")?.include(schema: "a", table: "bxcyy") == true)
        #expect(TablePatterns("a.x*x")?.include(schema: "a", table: "x") == false)
        #expect(patterns.missing(in: ["public.orders"]) == ["a.b"])
        for text in ["", "orders", "dm_core.*,orders", ","] { #expect(TablePatterns(text) == nil, "\(text)") }
    }

    @Test("options come from the command line, or else from the environment") func options() throws {
        let environment = Environment(["STREAM": "s", "TABLES": "a.*", "SLOT": "one", "TMPDIR": "/var/tmp"])
        let options = try CaptureOptions(["--source", "x", "--bucket", "b", "--slot", "two", "--drop"], environment)
        #expect(options.stream == "s" && options.slot == "two" && options.publication == "cupel")
        #expect(options.spill == "/var/tmp" && options.snapshots && options.isDropping)
        #expect(throws: UsageError.missing("--source", "SOURCE")) { _ = try CaptureOptions([], environment) }
        #expect(options.patience == nil && options.reportInterval == .seconds(10) && !options.endsWithParent)
        let local = ["--source", "x", "--bucket", "b", "--endpoint-url", "http://127.0.0.1:1", "--with-parent"]
        #expect(try CaptureOptions(local, environment).patience == .seconds(600))
        #expect(try CaptureOptions(local, environment).endsWithParent)
        let timed = try CaptureOptions(local + ["--patience", "7", "--report", "2"], environment)
        #expect(timed.patience == .seconds(7) && timed.reportInterval == .seconds(2))
        for text in ["0", "-1", "x", "86401"] {
            #expect(throws: UsageError.invalid("--report", text, "1 to 86400 seconds")) {
                _ = try CaptureOptions(local + ["--report", text], environment)
            }
        }
    }

    @Test("a position is durable once all records before it are, and never within a transaction") func progress() {
        func point(_ position: UInt64) -> CapturePoint { CapturePoint(position: LogPosition(position), time: 5) }
        var progress = CaptureProgress(point(1))
        progress.reach(point(10), ordinal: 3)
        progress.reach(point(20), ordinal: 5)
        progress.reach(point(30), ordinal: 5)
        progress.advance(to: 2)
        #expect(progress.durable == point(1))
        progress.advance(to: 4)
        #expect(progress.durable == point(10))
        progress.advance(to: 5)
        #expect(progress.durable == point(30))
        progress.reach(point(40), ordinal: 5)
        progress.advance(to: 5)
        #expect(progress.durable == point(40))
    }

    @Test("what the stream refuses is put again with every later record of the same keys") func again() throws {
        var batch = RecordBatch(stream: "s", firstOrdinal: 0)
        for (index, key) in [1, 2, 1, 3, 2, 1].enumerated() {
            [UInt8(index)].withUnsafeBytes { batch.append($0, prefix: Array("a.b".utf8), keyHash: UInt64(key)) }
        }
        func keys(_ batch: RecordBatch) throws -> [String?] {
            let request = try JSON(parsing: batch.request())
            #expect(request["StreamName"]?.string == "s")
            return (request["Records"]?.array ?? []).map { $0["PartitionKey"]?.string }
        }
        #expect(try keys(batch).count == 6)
        #expect(try keys(batch).first == "a.b.0000000000000001")
        let rest = batch.again([2, 3])
        #expect(try keys(rest).map { $0?.last } == ["1", "3", "1"])
        #expect(
            try JSON(parsing: rest.request())["Records"]?.array?.map { $0["Data"]?.string } == ["Ag==", "Aw==", "BQ=="])
    }

    @Test("the time at a position is that of the last transaction before it, also when the stream is further")
    func history() {
        var history = CommitHistory(capacity: 4)
        #expect(history.time(at: LogPosition(5)) == .last)
        for (commit, before) in [(10, 100), (20, 101), (30, 101)] as [(UInt64, Int64)] {
            history.append(LogPosition(commit), timeBefore: before)
        }
        #expect(history.time(at: LogPosition(5)) == .time(100))
        #expect(history.time(at: LogPosition(10)) == .time(100))
        #expect(history.time(at: LogPosition(11)) == .time(101))
        #expect(history.time(at: LogPosition(31)) == .last)
        for (commit, before) in [(40, 103), (50, 104), (60, 105)] as [(UInt64, Int64)] {
            history.append(LogPosition(commit), timeBefore: before)
        }
        #expect(history.time(at: LogPosition(30)) == .forgotten)
        #expect(history.time(at: LogPosition(31)) == .time(103))
        #expect(history.time(at: LogPosition(60)) == .time(105))
        #expect(history.time(at: LogPosition(61)) == .last)
    }

    @Test("many changes are one record, in the form of the Kinesis Producer Library") func aggregate() throws {
        var batch = RecordBatch(stream: "s", firstOrdinal: 0, aggregates: true)
        let large = [UInt8](repeating: 7, count: 300)
        for data in [[1], large, [2]] as [[UInt8]] {
            data.withUnsafeBytes { batch.append($0, prefix: Array("a.b".utf8), keyHash: 64 + 3) }
        }
        [UInt8(9)].withUnsafeBytes { batch.append($0, prefix: Array("a.b".utf8), keyHash: 5) }
        batch.seal()
        let records = try #require(try JSON(parsing: batch.request())["Records"]?.array)
        #expect(records.map { $0["PartitionKey"]?.string } == ["cupel.0000000000000003", "cupel.0000000000000005"])
        // Field 1 is the partition key; field 3 a change: the key's index (field 1), and the data (field 3).
        let key: [UInt8] = [0x0A, 22] + Array("cupel.0000000000000003".utf8)
        let message =
            key + [0x1A, 5, 8, 0, 0x1A, 1, 1] + [0x1A, 0xB1, 2, 8, 0, 0x1A, 0xAC, 2] + large + [
                0x1A, 5, 8, 0, 0x1A, 1, 2,
            ]
        let record = [0xF3, 0x89, 0x9A, 0xC2] + message + Digest.md5(message)
        #expect(records.first?["Data"]?.string == record.base64)
    }

    @Test("a state is read as it was written; another form is none") func state() throws {
        var state = CaptureState(
            point: CapturePoint(position: LogPosition(0x1_0000_0002), time: 1_767_323_045_678_901), system: "7")
        state.tables = ["dm_core.beer": 16_384, "dm_core.\"x": 4_294_967_295]
        #expect(CaptureState(state.json) == state)
        state.report = CaptureReport(lagInBytes: 1, slotInBytes: 2, changesPerSecond: 3, refused: 4)
        #expect(CaptureState(state.json) == state)
        // A report of another form costs no state.
        var json = try #require(state.json.object)
        json["report"] = ["lag_bytes": "much"]
        #expect(CaptureState(.object(json))?.point == state.point)
        for json in [[:], ["version": 2], ["version": 1, "position": "x"]] as [JSON] {
            #expect(CaptureState(json) == nil)
        }
    }

    @Test("text is escaped for JSON and for nothing else") func escapes() throws {
        var texts = ["", "a", "\"", "\\", "\u{0}\u{1f}\u{7f}", "ü€😀", "tab\tline\nreturn\r"]
        for length in 0..<20 {
            for place in 0..<length {
                for special in ["\"", "\\", "\n", "\u{1}", "!", "#", "[", "]", " ", "ÿ"] {
                    texts.append(
                        String(repeating: "z", count: place) + special
                            + String(repeating: "y", count: length - place - 1))
                }
            }
        }
        for text in texts {
            var buffer = ByteBuffer(capacity: 1)
            buffer.append(UInt8(ascii: "\""))
            Array(text.utf8).withUnsafeBytes { buffer.append(escaping: $0) }
            buffer.append(UInt8(ascii: "\""))
            #expect(try JSON(parsing: buffer.array).string == text)
        }
    }

    @Test("numbers are JSON's if they are finite; all else is text") func values() {
        func json(_ text: String, _ type: UInt32) -> String {
            var buffer = ByteBuffer()
            Array(text.utf8).withUnsafeBytes { buffer.append($0, as: RowShape.kind(ofType: type)) }
            return String(decoding: buffer.array, as: UTF8.self)
        }
        #expect(json("-12", 20) == "-12" && json("1e-05", 701) == "1e-05" && json("NaN", 1700) == "\"NaN\"")
        #expect(json("-Infinity", 701) == "\"-Infinity\"" && json("t", 16) == "true" && json("f", 16) == "false")
        #expect(json("{1,2}", 1007) == "\"{1,2}\"" && json("12", 25) == "\"12\"")
    }

    @Test("a field of COPY has its escapes undone and made JSON's") func copy() {
        var buffer = ByteBuffer()
        var scratch = ByteBuffer()
        let row = Array("1\t\\N\t\ta\\tb\\\\N\\n\"\t\\\\N\n".utf8)
        let fields = row.withUnsafeBytes { bytes -> [String] in
            var row = CopyRow(bytes)
            var found: [String] = []
            while let field = row.next() {
                buffer.removeAll()
                buffer.append(copyField: field, as: .text, &scratch)
                found.append(String(decoding: buffer.array, as: UTF8.self))
            }
            return found
        }
        #expect(fields == ["\"1\"", "null", "\"\"", #""a\tb\\N\n\"""#, #""\\N""#])
    }

    @Test("a time is written in UTC, to the microsecond") func times() {
        var buffer = ByteBuffer()
        buffer.append(microseconds: 1_767_323_045_678_901)
        #expect(String(decoding: buffer.array, as: UTF8.self) == "2026-01-02T03:04:05.678901Z")
    }
}
