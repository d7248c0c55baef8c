/// A small disk in memory, which only one process and its children see.
public struct SmallDisk: Sendable {
    static let filler = "filler"

    private let sizeInMiB: Int
    private let takenInMiB: Int

    /// - Parameter takenInMiB: the space that ``RunningEmulator/makeRoom()`` frees.
    public init(sizeInMiB: Int, takenInMiB: Int) {
        self.sizeInMiB = sizeInMiB
        self.takenInMiB = takenInMiB
    }

    /// The command that runs `command` in a mount namespace with the disk at `path`, in the same process.
    func command(mountedAt path: String, _ command: [String]) -> [String] {
        // Root needs no user namespace, and a changed root cannot create one.
        let script = """
            user=; unshare --mount true 2>/dev/null || user="--user --map-root-user"
            exec unshare $user --mount sh -c '
                mount -t tmpfs -o size="$1"m none "$2" && head -c "$3"M /dev/zero >"$2/\(Self.filler)" && shift 3 && exec "$@"
            ' sh "$@"
            """
        return ["/bin/sh", "-c", script, "sh", "\(sizeInMiB)", path, "\(takenInMiB)"] + command
    }
}
