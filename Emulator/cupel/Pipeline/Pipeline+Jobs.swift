internal import AWSClient
internal import AWSModels
internal import EmulatorCore

extension Pipeline {
    /// Puts the jobs of Spark where the state machines name them, as `infra/deploy` does.
    /// - Parameter folder: with the scripts.
    func publishJobs(_ folder: String) throws(CommandFailure) {
        let objects = ObjectStore(client)
        for name in FolderEntries.names(in: folder).sorted() where name.hasSuffix(".py") {
            do {
                _ = try objects.put(
                    try FileBytes.contents(of: "\(folder)/\(name)"),
                    to: S3Object(bucket: lakeBucket, key: "jobs/\(name)"), contentType: "text/x-python")
            } catch {
                throw .failed("\(folder)/\(name) cannot be put into \(lakeBucket): \(error)")
            }
        }
    }
}
