import Testing

@testable import Postgres

@Suite struct PostgresConnectionTests {
    struct Refusal: Sendable {
        let severity: String
        let code: String
        let message: String
        let isPassing: Bool

        init(_ severity: String, _ code: String, _ message: String, isPassing: Bool) {
            self.severity = severity
            self.code = code
            self.message = message
            self.isPassing = isPassing
        }
    }

    @Test(
        "the server's code decides what a refusal means, in any language",
        arguments: [
            Refusal("FATAL", "57P03", "the database system is starting up", isPassing: true),
            Refusal("FATAL", "57P03", "the database system is not yet accepting connections", isPassing: true),
            Refusal("FATAL", "57P03", "das Datenbanksystem startet", isPassing: true),
            Refusal("FATAL", "57P01", "terminating connection due to administrator command", isPassing: true),
            Refusal("FATAL", "53300", "sorry, too many clients already", isPassing: true),
            Refusal("FATALE", "28P01", "autenticazione fallita per l'utente \"cupel\"", isPassing: false),
            Refusal("FATAL", "28000", "no pg_hba.conf entry for host \"127.0.0.1\"", isPassing: false),
            Refusal("FATAL", "3D000", "database \"TABLE1: a\" does not exist", isPassing: false),
        ])
    func refusals(_ refusal: Refusal) throws {
        let server = try RefusingServer([
            ("S", refusal.severity), ("V", "FATAL"), ("C", refusal.code), ("M", refusal.message),
            ("D", "There is a reason."), ("F", "postmaster.c"), ("L", "2345"), ("R", "ProcessStartupPacket"),
        ])
        let error = try #require(throws: PostgresError.self) {
            _ = try PostgresConnection(
                "host=127.0.0.1 port=\(server.port) user=cupel dbname=beer sslmode=disable", application: "test")
        }
        #expect(error.state == refusal.code)
        #expect(error.isConnectionLoss == refusal.isPassing)
        #expect(error.message.hasSuffix("failed: \(refusal.severity): \(refusal.message) DETAIL: There is a reason."))
    }

    @Test("of several hosts, one that can be reached later decides") func severalHosts() throws {
        let starting = try RefusingServer([("S", "FATAL"), ("V", "FATAL"), ("C", "57P03"), ("M", "starting up")])
        let closed = try RefusingServer([("S", "FATAL"), ("V", "FATAL"), ("C", "28P01"), ("M", "wrong password")])
        let error = try #require(throws: PostgresError.self) {
            _ = try PostgresConnection(
                "host=127.0.0.1,127.0.0.1 port=\(starting.port),\(closed.port) user=cupel dbname=beer sslmode=disable",
                application: "test")
        }
        #expect(error.isConnectionLoss, "\(error)")
        #expect(error.message.contains("starting up") && error.message.contains("wrong password"))
        #expect(!error.message.contains("LOCATION"))
    }

    @Test("a server that is not there is a loss without a code")
    func nobodyListens() throws {
        let error = try #require(throws: PostgresError.self) {
            _ = try PostgresConnection("host=127.0.0.1 port=1 user=cupel dbname=beer", application: "test")
        }
        #expect(error.state == nil)
        #expect(error.isConnectionLoss)
        #expect(error.message.contains("Connection refused"))
    }

    @Test("an unknown setting of the source is named")
    func unknownSetting() throws {
        let error = try #require(throws: PostgresError.self) {
            _ = try PostgresConnection("hots=127.0.0.1", application: "test")
        }
        #expect(error.message.contains("hots"))
    }

    @Test("every quote in a name and a literal is doubled, also before a combining mark") func quoting() {
        #expect(PostgresConnection.identifier(#"a"b""#) == #""a""b""""#)
        #expect(PostgresConnection.literal("it's") == "'it''s'")
        // A quote and an accent are one character of Swift's.
        #expect(Array(PostgresConnection.literal("a'\u{301}b").unicodeScalars) == Array("'a''\u{301}b'".unicodeScalars))
        #expect(
            Array(PostgresConnection.identifier("a\"\u{301}b").unicodeScalars)
                == Array("\"a\"\"\u{301}b\"".unicodeScalars))
    }
}
