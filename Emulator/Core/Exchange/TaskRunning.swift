package import JSON

/// ECS, as state machines use it.
package protocol TaskRunning: Peer {
    /// RunTask: starts the task and returns the service's answer (`tasks`, `failures`).
    func runTask(_ input: JSON) async throws(AWSFault) -> JSON
    /// Waits until the task has stopped; returns its description (`containers[].exitCode`, `stopCode`, …).
    func waitUntilStopped(task arn: String) async throws(AWSFault) -> JSON
    func stopTask(_ arn: String, reason: String) async throws(AWSFault)
}
