/// A disk in memory that is soon full, seen by one process and its children alone.
public struct SmallDisk: Sendable {
    static let filler = "filler"

    private let sizeInMiB: Int
    private let takenInMiB: Int

    /// - Parameter takenInMiB: is given back by ``RunningEmulator/makeRoom()``.
    public init(sizeInMiB: Int, takenInMiB: Int) {
        self.sizeInMiB = sizeInMiB
        self.takenInMiB = takenInMiB
    }

    /// The command that runs `command` in a mount namespace where the disk is at `path`; its process is the same one.
    func command(mountedAt path: String, _ command: [String]) -> [String] {
        // Root needs no user namespace, and inside a changed root there is none to be had.
        let script = """
            user=; unshare --mount true 2>/dev/null || user="--user --map-root-user"
            exec unshare $user --mount sh -c '
                mount -t tmpfs -o size="$1"m none "$2" && head -c "$3"M /dev/zero >"$2/\(Self.filler)" && shift 3 && exec "$@"
            ' sh "$@"
            """
        return ["/bin/sh", "-c", script, "sh", "\(sizeInMiB)", path, "\(takenInMiB)"] + command
    }
}
