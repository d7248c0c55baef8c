import Foundation
import TestEmulator
import TestPostgres
import Testing

/// What goes wrong around a capture: what the user sees, and that nothing is lost.
@Suite struct CaptureBadDayTests {
    private static let shortBuffers = ["--firehose-interval", "1", "--kinesis-limits", "off"]

    @Test("columns are added, renamed and retyped, and the key changes: bronze has what its contract names")
    func otherColumns() async throws {
        let postgres = try await TemporaryPostgres()
        let emulator = try await RunningEmulator(options: Self.shortBuffers)
        try await CapturedTables.publishContracts(emulator, ["item"])
        try await postgres.run(CapturedTables.create + CapturedTables.insert("item", 1, 60))
        let capture = try await CaptureProcess(postgres, emulator, tables: "dm_core.item")
        try await capture.wait(for: #""message":"read a table""#)
        try await postgres.run(
            """
            ALTER TABLE dm_core.item ADD COLUMN extra text DEFAULT 'e';
            UPDATE dm_core.item SET note = 'wider' WHERE id < 20;
            ALTER TABLE dm_core.item RENAME note TO memo;
            UPDATE dm_core.item SET memo = 'renamed' WHERE id BETWEEN 10 AND 30;
            BEGIN;
            ALTER TABLE dm_core.item RENAME memo TO note;
            ALTER TABLE dm_core.item ALTER part TYPE bigint, ALTER amount TYPE text, ALTER part SET NOT NULL;
            UPDATE dm_core.item SET note = 'again' WHERE id BETWEEN 10 AND 30;
            COMMIT;
            ALTER TABLE dm_core.item DROP CONSTRAINT item_pkey, ADD PRIMARY KEY (id, part);
            UPDATE dm_core.item SET part = part + 10 WHERE id % 3 = 0;
            DELETE FROM dm_core.item WHERE id % 7 = 0;
            ALTER TABLE dm_core.item DROP COLUMN extra;
            """ + CapturedTables.insert("item", 61, 80))
        let counts = try await CapturedTables.compare(postgres, emulator, ["item"])
        #expect(counts["dm_core.item"]?["rows"] as? Int == 72)
        // What the contract does not name is shown, not lost in silence.
        let status = try await Command.run(Programs.cupel, ["status", "--json", "--endpoint", emulator.endpoint])
        #expect(status.text.contains("extra") && status.text.contains("memo"), "\(status.text.prefix(2000))")
        #expect(!capture.log.contains(#""level":"ERROR""#), "\(capture.log)")
        #expect(capture.stop() == 0)
        #expect(emulator.stop() == 0)
    }

    @Test("cut connections, a table that is made anew and a slot that is dropped while it streams lose nothing")
    func cuts() async throws {
        let postgres = try await TemporaryPostgres()
        let emulator = try await RunningEmulator(options: Self.shortBuffers)
        try await CapturedTables.publishContracts(emulator, ["item", "whole"])
        try await postgres.run(
            CapturedTables.create + CapturedTables.insert("item", 1, 60) + CapturedTables.insert("whole", 1, 60))
        let network = try await TemporaryNetwork(to: postgres.port)
        let capture = try await CaptureProcess(
            postgres, emulator, tables: "dm_core.*", source: network.uri)
        try await postgres.run("UPDATE dm_core.item SET note = 'before' WHERE id < 30;")
        network.cut()
        try await postgres.run(
            CapturedTables.insert("item", 61, 90) + "UPDATE dm_core.item SET note = 'cut' WHERE id % 2 = 0;")
        try await capture.wait(for: "the source does not answer; connecting again")
        #expect(!capture.log.contains(#"\n"#), "a message has the lines of a statement: \(capture.log)")
        try await network.restore()
        _ = try await CapturedTables.compare(postgres, emulator, ["item", "whole"])

        try await postgres.run(
            "DROP TABLE dm_core.whole; CREATE TABLE dm_core.whole (LIKE dm_core.item INCLUDING ALL);"
                + CapturedTables.insert("whole", 1000, 1040)
                + "DELETE FROM dm_core.item WHERE id > 80;")
        _ = try await CapturedTables.compare(postgres, emulator, ["item", "whole"])

        network.cut()
        try await postgres.run(
            CapturedTables.dropSlot + "UPDATE dm_core.item SET note = 'unseen' WHERE id < 9;"
                + "DELETE FROM dm_core.whole WHERE id > 1020;")
        try await network.restore()
        try await capture.wait(for: "the slot cupel is gone")
        let counts = try await CapturedTables.compare(postgres, emulator, ["item", "whole"])
        #expect(counts["dm_core.whole"]?["rows"] as? Int == 21)
        #expect(capture.stop() == 0)
        #expect(emulator.stop() == 0)
    }

    @Test("what the stream refuses is put again in its order, and counted") func throttled() async throws {
        let postgres = try await TemporaryPostgres()
        let emulator = try await RunningEmulator(options: ["--firehose-interval", "1"])
        try await CapturedTables.publishContracts(emulator, ["item"])
        try await postgres.run(CapturedTables.create)
        let capture = try await CaptureProcess(
            postgres, emulator, tables: "dm_core.item", options: ["--report", "1"])
        // Two changes of one key are more than its shard takes in a second, and come in one request.
        try await postgres.run(
            CapturedTables.insert("item", 1, 600)
                + (1...9).map {
                    """
                    UPDATE dm_core.item SET big = repeat(md5('\($0)'), 19000) WHERE id = 1;
                    UPDATE dm_core.item SET note = '\($0)' WHERE id % 2 = 1;
                    """
                }.joined(separator: "\n"))
        let counts = try await CapturedTables.compare(postgres, emulator, ["item"])
        #expect(counts["dm_core.item"]?["rows"] as? Int == 600)
        #expect(capture.log.contains(#/"refused":[1-9]/#), "\(capture.log)")
        #expect(capture.stop() == 0)
        #expect(emulator.stop() == 0)
    }

    @Test("a full disk ends it with the fix, and it goes on when there is room") func fullDisk() async throws {
        let postgres = try await TemporaryPostgres(settings: ["logical_decoding_work_mem=64kB"])
        let emulator = try await RunningEmulator(options: Self.shortBuffers)
        try await CapturedTables.publishContracts(emulator, ["item"])
        try await postgres.run(CapturedTables.create)
        // No file grows beyond a quarter of a megabyte.
        let full = try await CaptureProcess(
            postgres, emulator, tables: "dm_core.item", fileLimitInKiB: 256)
        try await postgres.run(
            CapturedTables.insert("item", 1, 10) + CapturedTables.insert("item", 11, 3000)
                + "DELETE FROM dm_core.item WHERE id % 5 = 0;")
        #expect(full.waitForEnd() == 1)
        #expect(full.log.contains("--spill names a folder with room for the largest transaction"), "\(full.log)")
        let capture = try await CaptureProcess(postgres, emulator, tables: "dm_core.item")
        let counts = try await CapturedTables.compare(postgres, emulator, ["item"])
        #expect(counts["dm_core.item"]?["rows"] as? Int == 2400)
        #expect(capture.stop() == 0)
        #expect(emulator.stop() == 0)
    }

    @Test("a server whose clock was set back keeps the order of its changes") func clock() async throws {
        let postgres = try await TemporaryPostgres()
        let emulator = try await RunningEmulator(options: Self.shortBuffers)
        try await CapturedTables.publishContracts(emulator, ["item"])
        try await postgres.run(CapturedTables.create + CapturedTables.insert("item", 1, 40))
        let capture = try await CaptureProcess(postgres, emulator, tables: "dm_core.item")
        try await capture.wait(for: #""message":"read a table""#)
        try await postgres.run("UPDATE dm_core.item SET note = 'first', id = id + 100 WHERE id % 4 = 0;")
        postgres.stop()
        try await postgres.start(secondsBack: 7200)
        let back = try await postgres.run("SELECT extract(epoch FROM clock_timestamp())::bigint")
        #expect(abs((Double(back.filter(\.isNumber)) ?? 0) + 7200 - Date.now.timeIntervalSince1970) < 3600)
        try await postgres.run(
            "UPDATE dm_core.item SET note = 'second' WHERE id < 30; DELETE FROM dm_core.item WHERE id > 130;")
        _ = try await CapturedTables.compare(postgres, emulator, ["item"])
        #expect(capture.stop() == 0)
        // What a new process reads is after what the last one read, too.
        let next = try await CaptureProcess(postgres, emulator, tables: "dm_core.item")
        try await postgres.run("UPDATE dm_core.item SET note = 'third' WHERE id < 20;")
        _ = try await CapturedTables.compare(postgres, emulator, ["item"])
        #expect(next.stop() == 0)
        #expect(emulator.stop() == 0)
    }

    @Test("an hour in which only others write holds back less than 64 MiB of the log") func idle() async throws {
        let postgres = try await TemporaryPostgres()
        let emulator = try await RunningEmulator(options: Self.shortBuffers)
        try await CapturedTables.publishContracts(emulator, ["item"])
        try await postgres.run(
            CapturedTables.create + CapturedTables.insert("item", 1, 20) + "CREATE TABLE public.others (a int, b text);"
        )
        let capture = try await CaptureProcess(postgres, emulator, tables: "dm_core.item")
        try await capture.wait(for: #""message":"read a table""#)
        let begin = try await postgres.run("SELECT pg_current_wal_lsn()").filter { !$0.isNewline }
        // A round is a minute of a busy neighbour: the server notes what is running every 15 seconds, a checkpoint does it too.
        for _ in 0..<60 {
            try await postgres.run(
                "INSERT INTO public.others SELECT g, repeat('x', 1000) FROM generate_series(1, 3000) g; "
                    + "TRUNCATE public.others; CHECKPOINT; SELECT pg_sleep(0.1);")
        }
        let written = try await postgres.run("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '\(begin)') > 128 << 20")
        #expect(written.hasPrefix("t"), "the neighbour wrote too little")
        let held = """
            SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) <= 64 << 20 FROM pg_replication_slots
            WHERE slot_name = 'cupel'
            """
        while try await !postgres.run(held).hasPrefix("t") {
            try await postgres.run("CHECKPOINT")
            try await Task.sleep(for: .milliseconds(200))
        }
        try await postgres.run("UPDATE dm_core.item SET note = 'after' WHERE id < 9;")
        _ = try await CapturedTables.compare(postgres, emulator, ["item"])
        #expect(capture.stop() == 0)
        #expect(emulator.stop() == 0)
    }

    @Test("a source that refuses for a while is asked again; one that keeps refusing ends it") func refusals()
        async throws
    {
        let postgres = try await TemporaryPostgres()
        let emulator = try await RunningEmulator(options: Self.shortBuffers)
        try await CapturedTables.publishContracts(emulator, ["item"])
        try await postgres.run(
            CapturedTables.create
                + """
                CREATE ROLE capture LOGIN REPLICATION;
                GRANT USAGE, CREATE ON SCHEMA dm_core TO capture; GRANT CREATE ON DATABASE postgres TO capture;
                ALTER TABLE dm_core.item OWNER TO capture;
                """ + CapturedTables.insert("item", 1, 40))
        let capture = try await CaptureProcess(postgres, emulator, tables: "dm_core.item", as: "capture")
        try await capture.wait(for: #""message":"read a table""#)
        let refuse = """
            ALTER ROLE capture NOREPLICATION;
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'capture';
            """
        try await postgres.run(refuse)
        try await capture.wait(for: "the source refuses; trying again")
        try await postgres.run(
            "ALTER ROLE capture REPLICATION; UPDATE dm_core.item SET note = 'x' WHERE id < 20;"
                + CapturedTables.insert("item", 41, 60))
        _ = try await CapturedTables.compare(postgres, emulator, ["item"])
        try await postgres.run(refuse)
        #expect(capture.waitForEnd() == 1)
        #expect(
            capture.log.contains(#""level":"ERROR""#) && capture.log.contains("SQLSTATE 42501"),
            "\(capture.log.suffix(2000))")
        #expect(emulator.stop() == 0)
    }

    @Test("a table that the publication lacks, or no longer has, is named with its fix, and complete once it has it")
    func publication() async throws {
        let postgres = try await TemporaryPostgres()
        let emulator = try await RunningEmulator(options: Self.shortBuffers)
        try await CapturedTables.publishContracts(emulator, ["item", "whole"])
        try await postgres.run(
            CapturedTables.create
                + """
                CREATE ROLE capture LOGIN REPLICATION;
                GRANT USAGE, CREATE ON SCHEMA dm_core TO capture; GRANT CREATE ON DATABASE postgres TO capture;
                GRANT SELECT ON dm_core.whole TO capture; ALTER TABLE dm_core.item OWNER TO capture;
                """ + CapturedTables.insert("item", 1, 60) + CapturedTables.insert("whole", 1, 60))
        let capture = try await CaptureProcess(postgres, emulator, tables: "dm_core.*", as: "capture")
        try await capture.wait(for: "dm_core.whole is not captured")
        #expect(capture.log.contains(#"as its owner, run ALTER PUBLICATION \"cupel\" ADD TABLE"#), "\(capture.log)")
        try await postgres.run(
            "UPDATE dm_core.whole SET note = 'unseen' WHERE id < 30; ALTER PUBLICATION cupel ADD TABLE dm_core.whole;"
                + "DELETE FROM dm_core.whole WHERE id > 50;")
        let counts = try await CapturedTables.compare(postgres, emulator, ["item", "whole"])
        #expect(counts["dm_core.whole"]?["rows"] as? Int == 50)
        // The owner takes a table out and puts it back; what was changed in between is read from the table.
        try await postgres.run(
            "ALTER PUBLICATION cupel DROP TABLE dm_core.whole; UPDATE dm_core.whole SET note = 'without' WHERE id < 20;"
                + CapturedTables.insert("whole", 100, 120) + "DELETE FROM dm_core.whole WHERE id BETWEEN 30 AND 40;"
                + "ALTER PUBLICATION cupel ADD TABLE dm_core.whole; UPDATE dm_core.whole SET note = 'with' WHERE id = 1;"
        )
        let again = try await CapturedTables.compare(postgres, emulator, ["item", "whole"])
        #expect(again["dm_core.whole"]?["rows"] as? Int == 60)
        // The capture puts one back itself where it may.
        try await postgres.run(
            "ALTER PUBLICATION cupel DROP TABLE dm_core.item; DELETE FROM dm_core.item WHERE id > 30;"
                + CapturedTables.insert("item", 200, 210))
        let last = try await CapturedTables.compare(postgres, emulator, ["item", "whole"])
        #expect(last["dm_core.item"]?["rows"] as? Int == 41)
        #expect(capture.stop() == 0)
        #expect(emulator.stop() == 0)
    }

    @Test("a state that an ended process writes late is read again, and nothing is lost") func lateState() async throws
    {
        let postgres = try await TemporaryPostgres()
        let emulator = try await RunningEmulator(options: Self.shortBuffers)
        try await CapturedTables.publishContracts(emulator, ["item"])
        try await postgres.run(CapturedTables.create + CapturedTables.insert("item", 1, 40))
        let capture = try await CaptureProcess(postgres, emulator, tables: "dm_core.item")
        try await capture.wait(for: #""message":"read a table""#)
        let state = "state/change-capture/cupel.json"
        let early = try #require(await RawHTTP.get(emulator, key: state))
        try await postgres.run("UPDATE dm_core.item SET note = 'x' WHERE id < 20;")
        _ = try await CapturedTables.compare(postgres, emulator, ["item"])
        // As the process wrote it, but for a space, so that it is another object.
        #expect(await RawHTTP.put(emulator, key: state, body: early + Data(" ".utf8)))
        var number = 40
        while !capture.log.contains("another process has written the progress") {
            number += 1
            try await postgres.run(CapturedTables.insert("item", number, number))
            try await Task.sleep(for: .milliseconds(100))
        }
        try await postgres.run("DELETE FROM dm_core.item WHERE id % 5 = 0;")
        _ = try await CapturedTables.compare(postgres, emulator, ["item"])
        #expect(capture.stop() == 0)
        #expect(emulator.stop() == 0)
    }

    @Test("it ends by itself when AWS has not answered for long, or its parent has ended") func alone() async throws {
        let postgres = try await TemporaryPostgres()
        let emulator = try await RunningEmulator(options: Self.shortBuffers)
        try await CapturedTables.publishContracts(emulator, ["item"])
        try await postgres.run(CapturedTables.create + CapturedTables.insert("item", 1, 20))
        let capture = try await CaptureProcess(
            postgres, emulator, tables: "dm_core.item", options: ["--patience", "3"])
        try await capture.wait(for: #""message":"read a table""#)
        emulator.killAtOnce()
        try await postgres.run(CapturedTables.insert("item", 21, 40))
        #expect(capture.waitForEnd() == 1)
        #expect(capture.log.contains("AWS has not answered for 3 seconds (--patience)"), "\(capture.log)")
        try await emulator.restart()
        let child = try await CaptureProcess(
            postgres, emulator, tables: "dm_core.item", options: ["--with-parent"], hasParentThatEnds: true)
        _ = try await CapturedTables.compare(postgres, emulator, ["item"])
        child.endParent()
        try await child.wait(for: "ended with the process that started it", whileItRuns: false)
        #expect(emulator.stop() == 0)
    }
}
