internal import Postgres
internal import PostgresReplication

/// Why the capture cannot go on: what, where, what next.
enum CaptureError: Error, CustomStringConvertible {
    case walLevel(String)
    case serverVersion(Int)
    case encoding(String)
    case noTables(String)
    case notPermitted(PostgresError, fix: String)
    case foreignSlot(String, String)
    case slotLost(String)
    case publicationGone(PostgresError)
    case publication(String, String)
    case message(ReplicationFault, at: LogPosition)
    case unknownRelation(UInt32, at: LogPosition)
    case outsideTransaction(at: LogPosition)
    case spill(String, String)
    case state(String, String)
    case noAnswer(Duration, String)

    var description: String {
        switch self {
        case .walLevel(let level):
            "the source's wal_level is \(level); run ALTER SYSTEM SET wal_level = logical and restart the server "
                + "(on RDS and Aurora: rds.logical_replication = 1 in the parameter group, then reboot)"
        case .serverVersion(let version):
            "the source is PostgreSQL \(version / 10_000); expected 14 or later: use AWS DMS, or upgrade it"
        case .encoding(let encoding):
            "the source's encoding is \(encoding), which cannot become UTF-8; use a database with another encoding"
        case .noTables(let patterns):
            "no table can be captured of --tables \(patterns); check the names, and the errors above"
        case .notPermitted(let error, let fix): "\(error); \(fix)"
        case .foreignSlot(let slot, let reason):
            "the replication slot \(slot) \(reason); name another with --slot, or drop it: "
                + "SELECT pg_drop_replication_slot('\(slot)')"
        case .slotLost(let slot):
            "the replication slot \(slot) has lost its log, because it exceeded max_slot_wal_keep_size; run change-capture "
                + "--drop, then start it again: it reads all tables anew"
        case .publicationGone(let error):
            "\(error); it was dropped while changes were made, which therefore cannot be decoded: run change-capture --drop, then "
                + "start it again: it reads all tables anew"
        case .publication(let name, let reason): "the publication \(name) \(reason)"
        case .message(let fault, let position):
            "at \(position) the source sent what is no message of pgoutput: \(fault); report it"
        case .unknownRelation(let id, let position):
            "at \(position) a change belongs to the relation \(id), which the source has not described; report it"
        case .outsideTransaction(let position):
            "at \(position) the source sent a change outside of a transaction; report it"
        case .spill(let path, let reason):
            "\(path): \(reason); --spill names a folder with room for the largest transaction"
        case .state(let place, let reason):
            "\(place) is not the progress of change-capture: \(reason); restore it, or run change-capture --drop"
        case .noAnswer(let patience, let reason):
            "AWS has not answered for \(patience.components.seconds) seconds (--patience): \(reason); start change-capture again "
                + "when it does: it goes on at its slot, which holds the source's log until then"
        }
    }
}
