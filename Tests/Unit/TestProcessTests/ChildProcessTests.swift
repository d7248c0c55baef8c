import Foundation
import TestProcess
import Testing

@Suite struct ChildProcessTests {
    @Test("a process has no descriptor of its parent's, so that ends are seen while it runs") func descriptors() throws
    {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        let child = try ChildProcess("/bin/sleep", ["1000"])
        defer { child.send(SIGKILL) }
        close(ends[1])
        var waiting = pollfd(fd: ends[0], events: Int16(POLLIN), revents: 0)
        #expect(poll(&waiting, 1, 20_000) == 1, "the child holds the other end")
        #expect(waiting.revents & Int16(POLLHUP) != 0)
        close(ends[0])
        #expect(child.isRunning)
    }

    @Test("the status is the exit status, or 128 and the signal") func status() async throws {
        let exit = try ChildProcess("/bin/sh", ["-c", "exit 3"])
        #expect(await exit.ended() == 3)
        #expect(exit.wait() == 3 && !exit.isRunning)
        let killed = try ChildProcess("/bin/sleep", ["1000"])
        #expect(killed.status == nil && killed.isRunning)
        #expect(killed.stop(by: SIGTERM) == 128 + SIGTERM, "signals are not blocked")
        #expect(await killed.ended() == 128 + SIGTERM)
    }

    @Test("it reads and writes files, and has the variables that are given") func files() throws {
        let folder = NSTemporaryDirectory() + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try "in".write(toFile: folder + "/in", atomically: true, encoding: .utf8)
        try "before ".write(toFile: folder + "/out", atomically: true, encoding: .utf8)
        let child = try ChildProcess(
            "/bin/sh", ["-c", "cat; printf %s \"$A\"; printf wrong >&2; env | wc -l >&2"], variables: ["A": " b"],
            input: folder + "/in", output: folder + "/out", errors: folder + "/errors")
        #expect(child.wait() == 0)
        #expect(try String(contentsOfFile: folder + "/out", encoding: .utf8) == "before in b")
        #expect(try String(contentsOfFile: folder + "/errors", encoding: .utf8).hasPrefix("wrong"))
    }

    @Test("a program that is not there is an error") func missing() {
        let failure = #expect(throws: ChildProcess.Failure.self) { try ChildProcess("/nowhere/program", []) }
        #expect(failure?.description == "/nowhere/program: No such file or directory")
    }
}
