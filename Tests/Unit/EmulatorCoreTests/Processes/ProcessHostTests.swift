import Foundation
import Synchronization
import TestServices
import Testing

@testable import EmulatorCore

@Suite struct ProcessHostTests {
    static let host = ProcessHost()

    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    private func shell(_ script: String, environment: [String: String] = [:]) -> Command {
        Command(path: "/bin/sh", arguments: ["-c", script], environment: environment)
    }

    @Test("output and standard error arrive as lines, also the last one without a line end")
    func output() async throws {
        let lines = Lines()
        let script = #"echo "$GREETING"; echo error >&2; printf '\r\n'; printf last"#
        let process = try await Self.host.start(
            shell(script, environment: ["GREETING": "héllo world"]), line: lines.add)
        #expect(await process.ended() == .status(0))
        #expect(lines.all == ["héllo world", "error", "", "last"])
    }

    @Test("exit codes and signals are distinguished")
    func endings() async throws {
        let exited = try await Self.host.start(shell("exit 7")) { _ in }
        #expect(await exited.ended() == .status(7))
        let killed = try await Self.host.start(shell("kill -SEGV $$")) { _ in }
        let end = await killed.ended()
        #expect(end == .signal(11))
        #expect(end.text == "signal: segmentation fault")
        #expect(end.exitCode == 139)
    }

    @Test("the end of a process ends a write that waits, although another process keeps the input open")
    func writingEnds() async throws {
        let lines = Lines()
        var command = shell("exec 3<&0; sleep 600 & echo $!; read line; echo ready; exec sleep 600")
        command.readsInput = true
        let process = try await Self.host.start(command, line: lines.add)
        // More than a socket holds, and nobody reads it.
        let writing = Task.detached { process.write("go\n" + String(repeating: "x", count: 16 << 20)) }
        while !lines.all.contains("ready") { try await Task.sleep(for: .milliseconds(5)) }
        kill(process.id, SIGKILL)
        _ = await process.ended()
        #expect(await writing.value == false)
        #expect(process.write("more") == false)
        if let sleeper = lines.all.first.flatMap({ Int32($0) }) { kill(sleeper, SIGKILL) }
    }

    @Test("a missing program is an error that names it")
    func missingProgram() async {
        let error = await #expect(throws: ProcessError.self) {
            try await Self.host.start(Command(path: "/nonexistent/program")) { _ in }
        }
        #expect(error?.description == "cannot start /nonexistent/program: No such file or directory")
    }

    @Test("a program just written starts while others start")
    func newProgram() async throws {
        let directory = try TemporaryDirectory()
        try await withThrowingTaskGroup(of: ProcessEnd.self) { group in
            for number in 0..<40 {
                group.addTask {
                    try TestFunction.install("program\(number)", in: directory.path, script: "#!/bin/sh\nexit 5\n")
                    let command = Command(path: directory.path + "/program\(number)")
                    return try await Self.host.start(command) { _ in }.ended()
                }
            }
            for try await end in group { #expect(end == .status(5)) }
        }
    }

    @Test("a signal reaches the whole process group")
    func signal() async throws {
        let lines = Lines()
        let process = try await Self.host.start(shell("sleep 600 & echo $!; wait"), line: lines.add)
        while lines.all.isEmpty { try await Task.sleep(for: .milliseconds(2)) }
        process.signal(9)
        #expect(await process.ended() == .signal(9))
        let sleeper = try #require(Int32(lines.all[0]))
        while isRunning(sleeper) { try await Task.sleep(for: .milliseconds(2)) }
    }

    private func isRunning(_ id: Int32) -> Bool {
        let stat = ChildProcess.text(ofFile: "/proc/\(id)/stat")
        return !stat.isEmpty && !stat.contains(") Z ")
    }

    @Test("a child that closes its output is still waited for")
    func closedOutput() async throws {
        let process = try await Self.host.start(shell("exec >&- 2>&-; read x < /dev/null; exit 3")) { _ in }
        #expect(await process.ended() == .status(3))
    }

    @Test("draining delivers output that was written before")
    func drain() async throws {
        let lines = Lines()
        let process = try await Self.host.start(shell("echo ready; exec sleep 600"), line: lines.add)
        while lines.all.isEmpty { process.drain() }
        #expect(lines.all == ["ready"])
        // In this order: a process that just began grows.
        let resident = process.residentBytes
        #expect(resident > 0)
        #expect(process.peakResidentBytes >= resident)
        process.signal(9)
        _ = await process.ended()
        #expect(process.residentBytes == 0)
    }
}

@Suite struct LineSplitterTests {
    @Test("a long line is cut at the limit")
    func longLine() {
        var splitter = LineSplitter()
        let lines = splitter.add([UInt8](repeating: 0x61, count: LineSplitter.lineLimit + 1))
        #expect(lines.map(\.utf8.count) == [LineSplitter.lineLimit])
        #expect(splitter.finish() == "a")
        #expect(splitter.finish() == nil)
    }
}
